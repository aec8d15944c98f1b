"""What each call takes.

The descriptions, and what stands in `extra_json_schema`, are for the OpenAPI document: the services check those.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from chatserver.guard.password_rules import PASSWORD_CHARS
from chatserver.guard.scopes import SCOPES
from chatserver.model import EXTERNAL_CHARS, SUB_CHARS
from chatserver.names import FULL_NAME_CHARS, MARKS
from chatserver.services.accounts import USERNAME
from chatserver.services.invites import AGE_SECS, CODE_CHARS, MOST_AGE_SECS, MOST_USES, USES
from chatserver.services.keys import MOST_NETWORKS, OVERLAP_SECS
from chatserver.services.keys import NAME_CHARS as KEY_NAME_CHARS
from chatserver.services.search import QUERY_CHARS

TITLE_CHARS = 200
NOTIFICATION_CHARS = 4000

# Client generators make 32 bits of an integer without a format.
ID_FORMAT = {"format": "int64"}
Id = Annotated[int, Meta(ge=1, lt=1 << 53, extra_json_schema=ID_FORMAT)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
Count = Annotated[int, Meta(ge=1, lt=1 << 53)]
Receiver = Annotated[Id | None, Meta(description="The person it is for.")]
OldReceiver = Annotated[
    Id | None, Meta(description="The old name of `receiver_id`.", extra_json_schema={"deprecated": True})
]
Sub = Annotated[str, Meta(min_length=1, max_length=SUB_CHARS)]
ReceiverSub = Annotated[
    Sub | None,
    Meta(description="The same person by the id that the application around the chat has of them."),
]
FullName = Annotated[
    str | None,
    Meta(
        description=f"The name shown: 1 to {FULL_NAME_CHARS} visible characters on one line, at most {MARKS} marks on a "
        "letter, nothing that turns the direction of the text around it.",
        extra_json_schema={"minLength": 1},
    ),
]


Password = Annotated[
    str,
    Meta(
        description="Length is what makes it good. None of the 10,000 that are tried first, and not the username.",
        extra_json_schema={
            "minLength": PASSWORD_CHARS[0],
            "maxLength": PASSWORD_CHARS[1],
            "format": "password",
        },
    ),
]


class Register(Struct):
    username: Annotated[
        str,
        Meta(
            description="2 to 32 letters a-z, digits, dots, dashes and underscores; unique whatever its case.",
            extra_json_schema={"pattern": f"^{USERNAME.pattern}$"},
        ),
    ]
    password: Password
    full_name: FullName = None


class Login(Struct):
    username: Annotated[str, Meta(description="In any spelling of its case; spaces around it do not count.")]
    password: Annotated[str, Meta(extra_json_schema={"format": "password"})]
    device: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="What to call this device in the list of sessions; left out: its User-Agent."),
    ] = None
    cookie: Annotated[
        bool,
        Meta(
            description="Put the token into a cookie, which scripts cannot read, instead of the answer. For pages of "
            "the server's own origin; send `X-Requested-With` (any value) with this, and every POST, PUT, PATCH and "
            "DELETE."
        ),
    ] = False


class HostSignIn(Struct):
    token: Annotated[
        str,
        Meta(description="A JWT by the host application, with `sub`, `exp`, `aud`, perhaps `name` and more."),
    ]


class Guest(Struct):
    full_name: FullName = None


class NewPassword(Struct):
    password: Annotated[str, Meta(description="The present one.", extra_json_schema={"format": "password"})]
    new_password: Password


class Profile(Struct):
    """What is left out, or null, stays as it is."""

    full_name: FullName = None
    avatar: Annotated[
        str | None,
        Meta(
            description="An http or https address of at most 500 characters; empty removes the picture.",
            extra_json_schema={"pattern": "^(https?://[^\\s\"'<>\\\\]{1,490})?$"},
        ),
    ] = None


class Leave(Struct):
    password: Annotated[
        str,
        Meta(
            description="The present one. Left out by those whose account has none.",
            extra_json_schema={"format": "password"},
        ),
    ] = ""


class Export(Struct):
    after_id: Annotated[Id | None, Meta(description="The `next_after_id` of the part before.")] = None


class Search(Struct):
    """At most one of these."""

    search: Annotated[
        str | None,
        Meta(
            description="The beginnings of words of a username or full name, in any order, compared as in the search of "
            "messages; from a guest, a whole username."
        ),
    ] = None
    username: Annotated[
        Annotated[str, Meta(min_length=1, max_length=64)] | None,
        Meta(description="Who has exactly this username, whatever the case."),
    ] = None
    sub: Annotated[Sub | None, Meta(description="Who has this id in the application around the chat.")] = None


class Send(Struct):
    """A receiver or a conversation, and a text or a file."""

    receiver_id: Receiver = None
    receiver: OldReceiver = None
    receiver_sub: ReceiverSub = None
    conversation_id: Annotated[
        Id | None, Meta(description="In place of `receiver_id`: a conversation of two or of many.")
    ] = None
    message: Annotated[
        str,
        Meta(
            description="The text, stored and returned exactly. Once trimmed 1 to 4,000 characters, unless the "
            "server says otherwise (`limits.message_chars`); it may be empty beside an attachment."
        ),
    ] = ""
    attachment: Annotated[
        str | None,
        Meta(
            description="A small file as a base64 `data:` URL. Larger ones go as a file in multipart/form-data.",
            extra_json_schema={"pattern": "^(data:[^;,]*(;[^;,]*)*;base64,.*)?$"},
        ),
    ] = None
    client_id: Annotated[
        ClientId | None,
        Meta(description="Your own key for this message: a repeat with the same key gives the first result."),
    ] = None
    draft_rev: Annotated[
        Count | None,
        Meta(description="The `rev` of the draft that it was: put away, if it is the newest still."),
    ] = None


class MessagePage(Struct):
    sender: Annotated[Id | None, Meta(description="Only what they sent; you, or the other person.")] = None
    receiver: Annotated[Id | None, Meta(description="Only what was sent to them.")] = None
    is_read: Annotated[bool | None, Meta(description="Only what its receiver has read, or has not.")] = None
    is_active: Annotated[bool | None, Meta(description="Only what is not deleted, or only what is.")] = None
    ordering: Annotated[
        Literal["timestamp", "-timestamp"],
        Meta(description="`timestamp`: the oldest first; else the newest."),
    ] = "-timestamp"
    page: Annotated[Count, Meta(description="From 1 on.")] = 1
    page_size: Annotated[Count, Meta(description="How many on a page; above 200 counts as 200.")] = 50


class Edit(Struct):
    message: Annotated[
        str,
        Meta(description="The new text, under the rules of a new one; it may be empty beside an attachment."),
    ]


class MarkRead(Struct):
    """Exactly one of these."""

    message_ids: Annotated[
        Annotated[list[Id], Meta(max_length=1000)] | None,
        Meta(
            description="Read up to the highest known of them; unknown ids are ignored. May be empty beside another key."
        ),
    ] = None
    conversation_id: Annotated[Id | None, Meta(description="Everything in this conversation.")] = None
    sender_id: Annotated[Id | None, Meta(description="Everything in the conversation with them.")] = None


class Typing(Struct):
    """A person or a conversation."""

    receiver_id: Receiver = None
    conversation_id: Annotated[Id | None, Meta(description="The conversation it is in.")] = None
    receiver: OldReceiver = None
    receiver_sub: ReceiverSub = None
    is_typing: Annotated[bool, Meta(description="False when they stop before sending.")] = True


class History(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    offset: Annotated[
        int,
        Meta(
            ge=0, lt=1 << 53, description="Skip the newest ones. For old clients: `before_id` does not shift."
        ),
    ] = 0
    before_id: Annotated[Id | None, Meta(description="Only messages older than this one.")] = None
    after_id: Annotated[Id | None, Meta(description="Only messages newer than this one, the nearest.")] = None
    around_id: Annotated[Id | None, Meta(description="This message and its neighbours on both sides.")] = None


class Messages(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    before_id: Annotated[Id | None, Meta(description="Only messages older than this one.")] = None
    after_id: Annotated[Id | None, Meta(description="Only messages newer than this one, the nearest.")] = None
    around_id: Annotated[Id | None, Meta(description="This message and its neighbours on both sides.")] = None


Least = Literal["admin", "moderator", "member", "nobody"]
Role = Literal["admin", "moderator", "member"]
Data = Annotated[
    dict[str, Any] | None,
    Meta(description="Yours to choose: at most 4 KB as JSON, nested at most 5 deep; never looked into."),
]


class PolicyChange(Struct):
    """The lowest role that may do each. What is left out, or null, stays as it is."""

    send: Least | None = None
    react: Least | None = None
    attach: Least | None = None
    mention_all: Least | None = None
    pin: Least | None = None
    invite: Least | None = None
    edit_info: Least | None = None
    see_members: Least | None = None
    leave: Least | None = None
    history: Annotated[
        Literal["all", "joined"] | None,
        Meta(description="What those see who join from now on: all, or from when they joined."),
    ] = None
    join: Literal["open", "request", "invite"] | None = None
    listed: bool | None = None
    receipts: bool | None = None


class Begin(Struct):
    preset: Annotated[
        Literal["direct", "group", "announcement", "public"],
        Meta(description="What its policy begins as. `direct` opens the conversation with one other person."),
    ]
    client_id: Annotated[
        ClientId | None,
        Meta(
            description="Your own key for this conversation: a repeat with the same key gives the first one. Required, "
            "except for `direct`."
        ),
    ] = None
    name: Annotated[
        str | None,
        Meta(
            description="1 to 100 visible characters, under the rules of a person's name.",
            extra_json_schema={"minLength": 1},
        ),
    ] = None
    member_ids: Annotated[
        list[Id], Meta(max_length=100, description="Who else is in it from the start.")
    ] = []
    policy: Annotated[PolicyChange | None, Meta(description="What differs from the preset.")] = None
    data: Data = None


class ChosenPicture(Struct):
    picture: Annotated[
        str,
        Meta(
            description="A PNG of at most 256 × 256 pixels and 45,000 bytes, as a `data:image/png;base64,` URL.",
            extra_json_schema={"pattern": "^data:image/png;base64,"},
        ),
    ]


class PictureLink(Struct):
    link: Annotated[str, Meta(description="As it stands in the address.")]


class ConversationChange(Struct):
    """What is left out, or null, stays as it is."""

    name: Annotated[str | None, Meta(description="Empty takes it away.")] = None
    about: Annotated[
        str | None, Meta(description="What it is for: at most 500 characters; empty takes it away.")
    ] = None
    avatar: Annotated[
        str | None,
        Meta(description="An http or https address of at most 500 characters; empty takes it away."),
    ] = None
    policy: PolicyChange | None = None
    data: Data = None
    state: Annotated[Literal["open", "frozen"] | None, Meta(description="`frozen`: only admins speak.")] = (
        None
    )
    slow_secs: Annotated[
        Annotated[int, Meta(ge=0, le=21600)] | None,
        Meta(description="One message in so many seconds from each member; 0: any. Moderators are exempt."),
    ] = None
    rev: Annotated[
        Annotated[int, Meta(ge=0, lt=1 << 53)] | None,
        Meta(description="Change it only if it is still at this `rev`."),
    ] = None


class Members(Struct):
    search: Annotated[str, Meta(max_length=200, description="The beginnings of words of their names.")] = ""
    role: Literal["owner", "admin", "moderator", "member"] | None = None
    limit: Annotated[Count, Meta(description="How many; above 100 counts as 100.")] = 50
    after: Annotated[
        Id | None, Meta(description="Go on from here: what the part before gave as `next`. Opaque.")
    ] = None


class MemberChange(Struct):
    role: Annotated[Role | None, Meta(description="Below your own.")] = None
    silenced_until: Annotated[
        str | None,
        Meta(
            description="A time: until then they say nothing. Empty, or one that is over: they may again.",
            extra_json_schema={"maxLength": 40},
        ),
    ] = None


class Owner(Struct):
    user_id: Annotated[Id, Meta(description="A member.")]


class Ban(Struct):
    until: Annotated[
        str | None,
        Meta(description="A time; left out: for good.", extra_json_schema={"format": "date-time"}),
    ] = None
    reason: Annotated[
        Annotated[str, Meta(max_length=500)] | None, Meta(description="For those who decide.")
    ] = None
    delete_messages_secs: Annotated[
        Annotated[int, Meta(ge=0, le=604_800)],
        Meta(description="What they wrote here in so many seconds before now is deleted: at most 7 days."),
    ] = 0


class NewInvite(Struct):
    """All of it may be left out."""

    max_age_secs: Annotated[
        Annotated[int, Meta(ge=60, le=MOST_AGE_SECS)],
        Meta(description="How long it is good: at most 30 days."),
    ] = AGE_SECS
    uses: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_USES)], Meta(description="How many people it lets in.")
    ] = USES
    client_id: Annotated[
        ClientId | None,
        Meta(description="Your own key for this invite: a repeat with the same key gives the first one."),
    ] = None


class InviteCode(Struct):
    code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARS, description="As the link has it.")]


class PublicSearch(Struct):
    search: Annotated[
        str, Meta(max_length=200, description="The beginnings of words of a name, as people are found.")
    ] = ""
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    after: Annotated[
        Id | None, Meta(description="Go on from here: what the part before gave as `next`. Opaque.")
    ] = None


class PeoplePage(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    after: Annotated[
        Id | None, Meta(description="Go on from here: what the part before gave as `next`. Opaque.")
    ] = None


class Listing(Struct):
    limit: Annotated[
        Count | None,
        Meta(description="How many; left out, or above it, as many as `limits.conversations_listed`."),
    ] = None
    after: Annotated[
        Annotated[str, Meta(min_length=1, max_length=32)] | None,
        Meta(description="Go on from here: what the part before gave for it. Opaque."),
    ] = None


class TextSearch(Struct):
    q: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=QUERY_CHARS,
            description="Whole words, at most 10, all of which a message must have. Case and accents do not count, "
            "marks that are a part of their letter do.",
        ),
    ]
    user_id: Annotated[Id | None, Meta(description="Only the conversation with them.")] = None
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    before_id: Annotated[
        Id | None, Meta(description="Only what was found after this one: the next page.")
    ] = None


class Poll(Struct):
    cursor: Annotated[
        str | None,
        Meta(description="The place to go on from, as the last answer, the snapshot or a 410 gave it."),
    ] = None
    wait: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(
            description="How many seconds to hold the poll when there is nothing; at most 50. Left out: 5.5.",
        ),
    ] = None
    limit: Annotated[Count, Meta(description="How many stored events at most; above 200 counts as 200.")] = (
        100
    )
    client: Annotated[
        ClientId | None,
        Meta(description="A name for this tab or device: a newer poll of the same name ends the older one."),
    ] = None
    token: Annotated[str | None, Meta(description="The token, for clients that cannot send a header.")] = None


class Stream(Struct):
    cursor: Annotated[
        str | None,
        Meta(description="The place to go on from, as an `id`, the snapshot or an answer of a poll gave it."),
    ] = None
    client: Annotated[
        ClientId | None,
        Meta(
            description="A name for this tab or device: a newer stream or poll of the same name ends the older one."
        ),
    ] = None
    token: Annotated[str | None, Meta(description="The token, for clients that cannot send a header.")] = None


class Notify(Struct):
    """Somebody, and what to tell them."""

    title: Annotated[str, Meta(min_length=1, max_length=TITLE_CHARS)]
    message: Annotated[str, Meta(min_length=1, max_length=NOTIFICATION_CHARS)]
    notification_type: Annotated[
        str,
        Meta(min_length=1, max_length=64, description="For the page to tell kinds apart; yours to choose."),
    ] = "info"
    receiver_id: Receiver = None
    receiver_sub: Annotated[Sub | None, Meta(description="The same person by your own id.")] = None
    client_id: Annotated[
        ClientId | None,
        Meta(
            description="Your own key for this notification: a repeat with the same key gives the first one."
        ),
    ] = None


class ConversationPage(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    after: Annotated[
        Annotated[str, Meta(min_length=1, max_length=33)] | None,
        Meta(description="Go on from here: the `next` of the part before. Opaque."),
    ] = None
    archived: Annotated[bool, Meta(description="Those that you have archived, in place of all others.")] = (
        False
    )
    kind: Annotated[
        Literal["direct", "group"] | None, Meta(description="Only those of two people, or only groups.")
    ] = None
    external_id: Annotated[
        Annotated[str, Meta(min_length=1, max_length=EXTERNAL_CHARS)] | None,
        Meta(
            description="Only the one that the application around the chat calls this, wherever it is in the list."
        ),
    ] = None


class OwnSettings(Struct):
    """What is left out, or null, stays as it is."""

    notify: Annotated[
        Literal["all", "mentions", "none"] | None, Meta(description="What you want to be told of.")
    ] = None
    muted_until: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="Silent until then; a time that is over ends it."),
    ] = None
    all_mentions: Annotated[
        bool | None, Meta(description="Whether a mention of everybody is one of you.")
    ] = None
    pinned: Annotated[bool | None, Meta(description="Before all others in your list; at most 20 may be.")] = (
        None
    )
    archived: Annotated[bool | None, Meta(description="Out of your list, whatever comes.")] = None
    hidden: Annotated[bool | None, Meta(description="Out of your list until the next message.")] = None
    cleared: Annotated[
        bool | None,
        Meta(description="True: all that was said until now is gone, for you alone and for good."),
    ] = None
    unread_from_id: Annotated[
        Id | None, Meta(description="From this message on you call it unread, until you read again.")
    ] = None


class KeepDraft(Struct):
    text: Annotated[
        str,
        Meta(description="As far as you came; at most as long as a message. Empty: there is none any more."),
    ] = ""
    reply_to_id: Annotated[Id | None, Meta(description="The message that it answers.")] = None
    rev: Annotated[
        int, Meta(ge=0, lt=1 << 53, description="That of the draft which it takes the place of; 0 for none.")
    ] = 0


class Read(Struct):
    message_id: Annotated[Id, Meta(description="You have read everything up to it.")]
    private: Annotated[bool, Meta(description="Nobody is told; it counts for yourself alone.")] = False


class ReceiptsOf(Struct):
    message_id: Annotated[Id, Meta(description="A message of yours.")]


Scope = Literal[*SCOPES]  # type: ignore[valid-type]


class NewKey(Struct):
    name: Annotated[
        str, Meta(min_length=1, max_length=KEY_NAME_CHARS, description="What it is for, on one line.")
    ]
    scopes: Annotated[
        list[Scope],
        Meta(
            min_length=1, max_length=100, description="What it may do: none that the key which asks has not."
        ),
    ]
    expires_in_secs: Annotated[
        Annotated[int, Meta(ge=60, le=10 * 366 * 86400)] | None,
        Meta(description="For how long it is good; left out: until it is revoked."),
    ] = None
    networks: Annotated[
        list[str],
        Meta(
            max_length=MOST_NETWORKS,
            description="Addresses and networks (10.0.0.0/8) from which it is good; none: from anywhere.",
        ),
    ] = []


class Rotate(Struct):
    overlap_secs: Annotated[
        int,
        Meta(ge=0, le=OVERLAP_SECS, description="How long the former one is still good."),
    ] = 86400


class SubQuery(Struct):
    sub: Annotated[
        Sub | None,
        Meta(
            description="In place of the id in the path, which is then `-`: for ids that a proxy would change."
        ),
    ] = None


class DeletePerson(SubQuery):
    messages: Annotated[
        Literal["keep", "erase"],
        Meta(
            description="`erase`: what they wrote is deleted as well, which takes the scope `erase` beside the other."
        ),
    ] = "keep"


class Keep(Struct):
    """Of the conversation with this id, yours or the chat's: exactly one of the two."""

    external_id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    conversation_id: Id | None = None
    days: Annotated[
        Annotated[int, Meta(ge=0, le=36_500)] | None,
        Meta(description="0: for ever. Null: as the setting `retention_days` says."),
    ] = None
    hold: Annotated[bool, Meta(description="Nothing of it goes, whatever its days.")] = False


class EndSessions(SubQuery):
    before: Annotated[
        str | None,
        Meta(
            description="Only sessions that began before this time.",
            extra_json_schema={"format": "date-time"},
        ),
    ] = None


class NewJob(Struct):
    kind: Literal["import", "export"]
    client_id: Annotated[
        ClientId | None, Meta(description="Your own key: the same one again is the same job.")
    ] = None


class HostProfile(Struct):
    """What is left out stays as it is, null clears it."""

    name: FullName = None
    avatar: Annotated[str | None, Meta(description="An http or https address of at most 500 characters.")] = (
        None
    )
    email: Annotated[str | None, Meta(description="Shown to nobody but the host.")] = None
    locale: Annotated[str | None, Meta(description="A language tag, such as pt-BR.")] = None
    tz: Annotated[str | None, Meta(description="A time zone, such as Europe/Berlin.")] = None
    role: Annotated[
        str | None, Meta(description="1 to 64 letters a-z, digits, dots, dashes and underscores.")
    ] = None
    may_contact: Annotated[
        Literal["everyone"] | list[str] | None,
        Meta(
            description="Where the setting `contact` is `host`: whom they may write to first. At most 200 subs and "
            "`role:NAME`s, or `everyone`; nobody without it."
        ),
    ] = None
    data: Annotated[
        dict[str, Any] | None,
        Meta(description="Yours, at most 4 KiB, replaced as a whole, never looked into."),
    ] = None


class HostPerson(HostProfile, kw_only=True):
    sub: Sub


class HostPeople(Struct):
    users: Annotated[list[HostPerson], Meta(min_length=1, max_length=100)]


class NewSession(Struct):
    device: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)],
        Meta(description="What to call it in the list of sessions."),
    ] = "The application"


class Subs(Struct):
    subs: Annotated[list[Sub], Meta(min_length=1, max_length=100)]


External = Annotated[str, Meta(min_length=1, max_length=EXTERNAL_CHARS)]


class ExternalQuery(Struct):
    external_id: Annotated[
        External | None,
        Meta(
            description="In place of the id in the path, which is then `-`: for ids that a proxy would change."
        ),
    ] = None


class HostMembersPage(ExternalQuery):
    after: Annotated[
        Id | None, Meta(description="Go on from here: the `next` of the part before. Opaque.")
    ] = None


class PutConversation(Struct):
    """What is left out stays as it is, null clears it."""

    title: Annotated[
        str | None, Meta(description="1 to 100 visible characters, under the rules of a person's name.")
    ] = None
    data: Data = None
    preset: Annotated[
        Literal["group", "announcement", "public"] | None,
        Meta(description="What its policy begins as; `group`, unless you say otherwise when you make it."),
    ] = None
    policy: Annotated[PolicyChange | None, Meta(description="What differs from the preset.")] = None
    members: Annotated[
        Annotated[list[Sub], Meta(max_length=1000)] | None,
        Meta(description="Your own ids of people, all of whom you have put before."),
    ] = None
    mode: Annotated[
        Literal["add", "exact"] | None,
        Meta(
            description="`add`, the default: nobody is removed. `exact`: `members` are all who are to be in it."
        ),
    ] = None


class MemberQuery(ExternalQuery):
    sub: Annotated[Sub | None, Meta(description="The same for the id of the person.")] = None


class PutMember(Struct):
    role: Annotated[Role | None, Meta(description="Left out: as it is, `member` for who is new.")] = None


class Speaker(Struct):
    sub: Annotated[Sub | None, Meta(description="One of your people, who is in the conversation.")] = None
    bot: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="A name of yours, under the rules of a person's: made at its first word."),
    ] = None


class HostSend(Struct):
    client_id: Annotated[
        ClientId, Meta(description="Your own key of this message: what is repeated with it is stored once.")
    ]
    message: Annotated[str, Meta(description="As long as anybody's.")]
    as_: Annotated[
        Literal["system"] | Speaker,
        Meta(description="`system`: a line that nobody wrote; unread for nobody, and not to one person."),
    ] = msgspec.field(name="as")
    conversation: Annotated[External | None, Meta(description="Your own id of it.")] = None
    receiver_sub: Annotated[Sub | None, Meta(description="To one person instead.")] = None
    silent: Annotated[
        bool, Meta(description="Unread as any other, but no device rings or shows a notification.")
    ] = False


AuditReason = Annotated[
    Annotated[str, Meta(max_length=500)] | None, Meta(description="Why; for the audit alone.")
]


class Reason(Struct):
    reason: AuditReason = None


class HostEdit(Struct):
    message: Annotated[str, Meta(description="What it says then.")]
    reason: AuditReason = None


class HostHistory(ExternalQuery):
    after_seq: Annotated[
        Annotated[int, Meta(ge=0, lt=1 << 23)], Meta(description="Only messages above this `seq`.")
    ] = 0
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50


Externals = Annotated[
    Annotated[list[External], Meta(min_length=1, max_length=100)] | None,
    Meta(description="Only these, by your own ids; left out: everywhere."),
]


class HostBan(Struct):
    until: Annotated[
        str | None,
        Meta(description="A time; for good without one.", extra_json_schema={"format": "date-time"}),
    ] = None
    conversations: Externals = None
    reason: AuditReason = None


class HostUnban(Struct):
    conversations: Externals = None


class AuditPage(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    before: Annotated[
        Annotated[str, Meta(pattern="^[0-9a-f]{24}$")] | None,
        Meta(description="Go on from here: the `next` of the part before. Opaque."),
    ] = None
    target: Annotated[
        Annotated[str, Meta(min_length=1, max_length=500)] | None,
        Meta(description="Only what was done to this, as an entry names it."),
    ] = None
