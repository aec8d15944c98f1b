"""What each problem code means, and what a client does about it."""

from __future__ import annotations

EXPLANATIONS: dict[str, tuple[str, str]] = {
    "validation_error": (
        "Something in the request is not as described. `errors` names each field and what is wrong with it.",
        "Correct the request. Repeating it as it is never helps.",
    ),
    "cursor_invalid": (
        "The `cursor` is none that this server gave.",
        "Load the snapshot and poll with the cursor it holds.",
    ),
    "token_missing": (
        "The call needs a token and there was none, or not in a form that is understood.",
        "Sign in, and send `Authorization: Bearer` followed by the token. `?token=` is for polls, streams of "
        "events and disconnect only.",
    ),
    "token_invalid": (
        "The token is unknown, revoked or expired; when signing in: the username or the password is wrong, or the "
        "host's token is not accepted.",
        "Forget the token and sign in again.",
    ),
    "forbidden": (
        "You may not do this; with a session in a cookie also: another site made the browser ask, or the header "
        "`X-Requested-With` is missing.",
        "Do not repeat it as it is. Calls from other sites send a token in `Authorization`.",
    ),
    "refused_by_host": (
        "The application around this chat was asked, and does not want this; or it could not be asked and has said that "
        "this means no. `detail` is its reason, `host_code` its own word for it.",
        "Show the reason. Repeating it as it is seldom helps.",
    ),
    "not_member": (
        "You know of this conversation but are not a member any more.",
        "Take it off your list.",
    ),
    "silenced": (
        "A moderator of this conversation has silenced you. `until` says for how long.",
        "Keep what was to be said, and offer it again then.",
    ),
    "contact_refused": (
        "You may not be the first to write to them, or add them to a group, as this server is set up; or there is nobody "
        "with this id, which is told the same.",
        "Wait until they write to you, or ask whoever runs the application around this chat.",
    ),
    "not_found": (
        "There is no such thing, or it is not yours to see: strangers are told the same in both cases.",
        "Check the address and the ids in it.",
    ),
    "method_not_allowed": (
        "The address exists, the method does not.",
        "Use one that the `Allow` header names.",
    ),
    "limit_reached": (
        "A quota of yours is used up, or a conversation is full. `limit` is its name among the `limits` of the server "
        "call.",
        "`conversations`: begin further ones later. `keys`: revoke one. `webhooks`: delete one. "
        "`jobs`: wait for some. `pulls`, `open_uploads` "
        "and `exports`: wait for the end of those under way. `upload_day_bytes`: go on after midnight UTC. `groups`: "
        "begin further ones tomorrow. `group_members`, `announcement_members`, `person_conversations`: somebody has to "
        "leave first. `pinned_conversations`: unpin one. `joins`, `requests`: come back later. `invites`: take one back "
        "first. Repeating it at once does not help.",
    ),
    "conflict": (
        "As things stand this cannot be done: a part was given with other bytes, parts are missing, a job is too far on.",
        "The detail says what stands in the way. Repeating it unchanged does not help.",
    ),
    "importing": (
        "The application around the chat is bringing in what was written in this conversation before.",
        "Keep the message and send it again, with its `client_id`, in a minute.",
    ),
    "owner_must_transfer": (
        "The owner of a conversation cannot leave it.",
        "Make another member the owner first (`conversations/{id}/owner/`), or close it.",
    ),
    "revision_conflict": (
        "It was changed since the `rev` that you gave. `stored` is a draft as another device has kept it; else null.",
        "Load it again and decide anew; of a conversation leave `rev` out to change it whatever it says by now.",
    ),
    "cursor_expired": (
        "Your place in the stream of events is no longer kept: you were away too long, or the data was restored.",
        "Load the snapshot again and show the `notifications` in it, then poll with the `cursor` that stands in this "
        "problem.",
    ),
    "payload_too_large": (
        "The body, or the file in it, is larger than this server takes.",
        "Look at `limits` of the server call and send less.",
    ),
    "unsupported_media_type": (
        "The body is of a type that this call does not take.",
        "Send JSON, as `Content-Type: application/json`.",
    ),
    "range_not_satisfiable": (
        "Nothing of the part of the file that `Range` asks for is there.",
        "`Content-Range` says how long the file is.",
    ),
    "idempotency_conflict": (
        "This `client_id` was used before, for another content.",
        "Each message has a key of its own; a repeat must be the same in every part.",
    ),
    "rate_limited": (
        "Too many requests of this kind in too short a time.",
        "Wait as many seconds as `Retry-After` says, then go on more slowly.",
    ),
    "slow_mode": (
        "Members of this conversation may send one message in `slow_secs` only.",
        "Wait as many seconds as `Retry-After` says, then send it; a repeat with the same `client_id` passes.",
    ),
    "header_too_large": (
        "The address with its query, and the header fields with all cookies, are longer than this server reads: 32 KiB.",
        "Ask for less at once; in a browser, delete the cookies of this site.",
    ),
    "unavailable": (
        "Something that the server needs, usually its database, does not answer just now.",
        "Wait as many seconds as `Retry-After` says, then repeat; a send with its `client_id`, so that it is "
        "stored once.",
    ),
    "internal_error": (
        "A mistake of ours. It was logged.",
        "Tell whoever runs the server the `request_id`. A send may be repeated with its `client_id`.",
    ),
}
