"""Who may do what: one row for each call and each way of naming what it is about.

A call that is added to the API fails test_F5 until it has a row here. The owner is Ann, whose message, file and session
they are; the member is Bob, with whom she talks; the stranger is Eve, who is signed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ROLES = ("owner", "member", "stranger", "anonymous")
NOBODY = (200, 200, 200, 200)  # nothing of anybody's is in it
OWN = (200, 200, 200, 401)  # everyone about themselves
HOST_ONLY = (401, 401, 401, 401)  # a person's session is no key of the host


@dataclass(frozen=True)
class Row:
    """`{other}` is Bob for Ann and Eve, and Ann for Bob; `{friend}` is the same, but for Eve it is Dan, so that she stays
    a stranger to the two; `{message}` and so on are Ann's, and so is `{group}`, in which Bob and Cid are as well, its `{invite}` with the `{code}`, and `{public}`."""

    statuses: tuple[int, int, int, int]
    about: str = ""
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    # Whether it exists must not be told to a stranger: what does not exist is answered the same.
    hidden: tuple[str, ...] = ()

    @property
    def is_of_group(self) -> bool:
        """A group is made for those rows only: a person may begin few."""
        named = (*(self.body or {}).values(), *self.path.values())
        return not {"{group}", "{group_message}", "{public}", "{code}"}.isdisjoint(map(str, named))


def of_host(body: dict[str, Any] | None = None, **more: Any) -> Row:
    return Row(HOST_ONLY, "for the host's own servers only", body, **more)


PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
NEW_PERSON = {"username": "{new}", "password": "correct horse battery staple"}

ROWS: dict[str, list[Row]] = {
    "poll": [Row(OWN, "without a cursor", query={"wait": "0"})],
    "poll_test": [Row(NOBODY)],
    "event_stream_test": [Row(NOBODY)],
    "disconnect": [Row(OWN)],
    "send_message": [
        Row((201, 201, 201, 401), "to somebody", {"receiver_id": "{friend}", "message": "hello"}),
        Row((404, 404, 404, 401), "to nobody", {"receiver_id": "{nobody}", "message": "hello"}),
        Row((201, 201, 404, 401), "into Ann's group", {"conversation_id": "{group}", "message": "hello"}, hidden=("conversation_id",)),
    ],
    "list_messages": [
        Row(OWN, "of all one's own"),
        Row(OWN, "with the other, which for a stranger is empty", query={"sender": "{other}"}),
    ],
    "get_message": [
        Row((200, 200, 404, 401), "Ann's message", path={"message_id": "{message}"}, hidden=("message_id",)),
        Row((200, 200, 404, 401), "Ann's in her group", path={"message_id": "{group_message}"}, hidden=("message_id",)),
    ],
    "get_chat": [Row((200, 200, 404, 401), "Ann's message", path={"message_id": "{message}"}, hidden=("message_id",))],
    "edit_chat": [
        Row((200, 403, 404, 401), "Ann's message", {"message": "other"}, path={"message_id": "{message}"}, hidden=("message_id",)),
    ],
    "delete_chat": [
        Row((200, 403, 404, 401), "Ann's message", path={"message_id": "{message}"}, hidden=("message_id",)),
        Row((200, 403, 404, 401), "Ann's in her group", path={"message_id": "{group_message}"}, hidden=("message_id",)),
    ],
    "edit_message": [
        Row((200, 403, 404, 401), "Ann's message", {"message": "other"}, path={"message_id": "{message}"}, hidden=("message_id",)),
    ],
    "delete_message": [
        Row((200, 403, 404, 401), "Ann's message", path={"message_id": "{message}"}, hidden=("message_id",)),
    ],
    "attachment": [Row((200, 200, 404, 401), "Ann's file", path={"message_id": "{file}"}, hidden=("message_id",))],
    "history": [Row((200, 200, 200, 401), "with the other, which for a stranger is empty", path={"user_id": "{other}"})],
    "mark_read": [
        Row((200, 200, 404, 401), "a conversation", {"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
        Row((200, 200, 200, 401), "messages; unknown ones are passed over", {"message_ids": ["{message}"]}, hidden=("message_ids",)),
        Row((200, 200, 200, 401), "all of a sender, which may be nothing", {"sender_id": "{other}"}),
    ],
    "typing": [
        Row((200, 200, 200, 401), "to the other", {"receiver_id": "{other}", "is_typing": True}),
        Row((200, 200, 404, 401), "in a conversation", {"conversation_id": "{conversation}", "is_typing": True}, hidden=("conversation_id",)),
    ],
    "list_conversations": [Row(OWN)],
    "list_all_conversations": [Row(OWN)],
    "change_own_settings": [
        Row((200, 200, 404, 401), "in a conversation", {"archived": True}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
        Row((200, 200, 404, 401), "from a message of it", {"unread_from_id": "{message}"}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
        Row((400, 400, 404, 401), "from one that is not there", {"unread_from_id": "{nobody}"}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
    ],
    "keep_draft": [
        Row((200, 200, 404, 401), "in a conversation", {"text": "hello"}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
        Row((400, 400, 404, 401), "to a message that is not there", {"reply_to_id": "{nobody}"}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
    ],
    "read_up_to": [
        Row((200, 200, 404, 401), "a message of a conversation", {"message_id": "{message}"}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
        Row((200, 200, 404, 401), "the same in private", {"message_id": "{message}", "private": True}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
        Row((400, 400, 404, 401), "one of another conversation", {"message_id": "{nobody}"}, path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
    ],
    "seen_by": [
        Row((200, 403, 404, 401), "Ann's message", path={"conversation_id": "{conversation}"}, query={"message_id": "{message}"}, hidden=("conversation_id",)),
        Row((400, 400, 404, 401), "one of another conversation", path={"conversation_id": "{conversation}"}, query={"message_id": "{nobody}"}, hidden=("conversation_id",)),
    ],
    "unread_count": [Row(OWN)],
    "online_users": [Row(OWN)],
    "snapshot": [Row(OWN)],
    "get_conversation": [
        Row((200, 200, 404, 401), "of the two", path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
        Row((200, 200, 404, 401), "Ann's group", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "begin_conversation": [
        Row((201, 201, 201, 401), "with somebody", {"preset": "group", "client_id": "{new}", "member_ids": ["{friend}"]}),
        Row((200, 200, 200, 401), "of two who have talked", {"preset": "direct", "member_ids": ["{friend}"]}),
    ],
    "change_conversation": [
        Row((200, 403, 404, 401), "Ann's group", {"name": "Mine"}, path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "choose_picture": [
        Row((200, 403, 404, 401), "of Ann's group", {"picture": PNG}, path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "picture": [
        Row((404, 404, 404, 404), "of Ann's group, by a wrong link", path={"conversation_id": "{group}"}, query={"link": "wrong"}, hidden=("conversation_id",)),
    ],
    "close_conversation": [
        Row((200, 403, 404, 401), "Ann's group", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "give_conversation": [
        Row((200, 403, 404, 401), "Ann's group, to Bob", {"user_id": "{bob}"}, path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "conversation_messages": [
        Row((200, 200, 404, 401), "Ann's group", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
        Row((200, 200, 404, 401), "of the two", path={"conversation_id": "{conversation}"}, hidden=("conversation_id",)),
    ],
    "list_members": [
        Row((200, 200, 404, 401), "of Ann's group", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "add_member": [
        Row((200, 201, 404, 401), "to Ann's group, Dan", path={"conversation_id": "{group}", "user_id": "{dan}"}, hidden=("conversation_id",)),
    ],
    "change_member": [
        Row((200, 403, 404, 401), "of Ann's group, Cid", {"role": "moderator"}, path={"conversation_id": "{group}", "user_id": "{cid}"}, hidden=("conversation_id",)),
    ],
    "remove_member": [
        Row((200, 403, 404, 401), "of Ann's group, Cid", path={"conversation_id": "{group}", "user_id": "{cid}"}, hidden=("conversation_id",)),
    ],
    "leave_conversation": [
        Row((409, 200, 404, 401), "Ann's group", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "ban_member": [
        Row((200, 403, 404, 401), "from Ann's group, Cid", {}, path={"conversation_id": "{group}", "user_id": "{cid}"}, hidden=("conversation_id",)),
    ],
    "unban_member": [
        Row((200, 403, 404, 401), "from Ann's group, Cid", path={"conversation_id": "{group}", "user_id": "{cid}"}, hidden=("conversation_id",)),
    ],
    "list_bans": [
        Row((200, 403, 404, 401), "of Ann's group", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "public_conversations": [Row(OWN, "all that are listed"), Row(OWN, "by name", query={"search": "hello"})],
    "join_conversation": [
        Row((200, 200, 404, 401), "Ann's group, which is not listed", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
        Row((200, 201, 201, 401), "one that is public", path={"conversation_id": "{public}"}),
    ],
    "list_requests": [
        Row((200, 403, 404, 401), "of Ann's group", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "accept_request": [
        Row((200, 403, 404, 401), "of Cid, who is in it by now", path={"conversation_id": "{group}", "user_id": "{cid}"}, hidden=("conversation_id",)),
        Row((404, 403, 404, 401), "of Dan, who has not asked", path={"conversation_id": "{group}", "user_id": "{dan}"}, hidden=("conversation_id",)),
    ],
    "refuse_request": [
        Row((200, 403, 404, 401), "of Dan, if he asks", path={"conversation_id": "{group}", "user_id": "{dan}"}, hidden=("conversation_id",)),
    ],
    "take_back_request": [
        Row((403, 403, 404, 401), "of Ann's group, for which nobody asks", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "make_invite": [
        Row((201, 201, 404, 401), "to Ann's group", {}, path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "list_invites": [
        Row((200, 200, 404, 401), "of Ann's group: one's own", path={"conversation_id": "{group}"}, hidden=("conversation_id",)),
    ],
    "take_back_invite": [
        Row((200, 403, 404, 401), "Ann's", path={"conversation_id": "{group}", "invite_id": "{invite}"}, hidden=("conversation_id", "invite_id")),
    ],
    "preview_invite": [
        Row((200, 200, 200, 401), "with a code that Ann made", {"code": "{code}"}),
        Row((404, 404, 404, 401), "with one that nobody made", {"code": "AAAAAAAAAAAAAAAAAAAAAA"}),
    ],
    "accept_invite": [
        Row((200, 200, 201, 401), "with a code that Ann made", {"code": "{code}"}),
        Row((404, 404, 404, 401), "with one that nobody made", {"code": "AAAAAAAAAAAAAAAAAAAAAA"}),
    ],
    "register": [Row((201, 201, 201, 201), body=NEW_PERSON)],
    "login": [Row((401, 401, 401, 401), "a wrong password", {"username": "{ann}", "password": "wrong"})],
    "host_sign_in": [
        Row((200, 200, 200, 200), "with a token of the application around it", {"token": "{host_token}"}),
        Row((401, 401, 401, 401), "with one of somebody else", {"token": "{foreign_token}"}),
    ],
    "notify": [Row((401, 401, 401, 401), "for the host's own token only", {"receiver_id": "{other}", "title": "x", "message": "x"})],
    "get_host_user": [of_host(path={"sub": "42"})],
    "put_host_user": [of_host({"name": "Eve"}, path={"sub": "42"})],
    "delete_host_user": [of_host(path={"sub": "42"})],
    "put_host_users": [of_host({"users": [{"sub": "42"}]})],
    "deactivate_host_user": [of_host(path={"sub": "42"})],
    "activate_host_user": [of_host(path={"sub": "42"})],
    "begin_host_session": [of_host({"device": "x"}, path={"sub": "42"})],
    "end_host_sessions": [of_host(path={"sub": "42"})],
    "host_unread": [of_host(path={"sub": "42"})],
    "host_unread_of_all": [of_host({"subs": ["42"]})],
    "get_host_conversation": [of_host(path={"external_id": "5b"})],
    "put_host_conversation": [of_host({"members": []}, path={"external_id": "5b"})],
    "close_host_conversation": [of_host(path={"external_id": "5b"})],
    "put_host_member": [of_host({}, path={"external_id": "5b", "sub": "42"})],
    "remove_host_member": [of_host(path={"external_id": "5b", "sub": "42"})],
    "host_post_message": [of_host({"conversation": "5b", "as": "system", "message": "hello", "client_id": "{new}"})],
    "host_change_message": [of_host({"message": "other"}, path={"message_id": "{message}"})],
    "host_delete_message": [of_host(path={"message_id": "{message}"})],
    "host_conversation_messages": [of_host(path={"external_id": "5b"})],
    "ban_host_user": [of_host({}, path={"sub": "42"})],
    "unban_host_user": [of_host(path={"sub": "42"})],
    "host_audit": [of_host()],
    "keep_messages": [of_host({"conversation_id": "{conversation}", "days": 1})],
    "create_job": [of_host({"kind": "import"})],
    "get_job": [of_host(path={"job_id": "{nobody}"})],
    "cancel_job": [of_host(path={"job_id": "{nobody}"})],
    "get_job_part": [of_host(path={"job_id": "{nobody}", "part": "1"})],
    "put_job_part": [of_host(path={"job_id": "{nobody}", "part": "1"})],
    "commit_job": [of_host(path={"job_id": "{nobody}"})],
    "list_webhooks": [of_host()],
    "create_webhook": [of_host({"url": "https://example.org/told", "events": ["message.created"]})],
    "get_webhook": [of_host(path={"webhook_id": "{nobody}"})],
    "change_webhook": [of_host({"order": True}, path={"webhook_id": "{nobody}"})],
    "delete_webhook": [of_host(path={"webhook_id": "{nobody}"})],
    "test_webhook": [of_host(path={"webhook_id": "{nobody}"})],
    "rotate_webhook_secret": [of_host({}, path={"webhook_id": "{nobody}"})],
    "list_deliveries": [of_host(path={"webhook_id": "{nobody}"})],
    "replay_deliveries": [of_host({"since": "2026-01-01T00:00:00Z"}, path={"webhook_id": "{nobody}"})],
    "pull_events": [of_host(path={"webhook_id": "{nobody}"})],
    "acknowledge_events": [of_host({"ids": ["x"]}, path={"webhook_id": "{nobody}"})],
    "list_hooks": [of_host()],
    "put_send_hook": [of_host({"url": "https://example.org/hook"})],
    "delete_send_hook": [of_host()],
    "put_open_hook": [of_host({"url": "https://example.org/hook"})],
    "delete_open_hook": [of_host()],
    "forget_policies": [of_host(query={"sub": "42"})],
    "list_keys": [of_host()],
    "create_key": [of_host({"name": "one", "scopes": ["keys"]})],
    "revoke_key": [of_host(path={"key_id": "{nobody}"})],
    "rotate_key": [of_host({"overlap_secs": 0}, path={"key_id": "{nobody}"})],
    "guest_sign_in": [Row((201, 201, 201, 201), "where guests are let in", {"full_name": "A Guest"})],
    "change_password": [Row((400, 400, 400, 401), "over a wrong one", {"password": "wrong", "new_password": "another horse battery"})],
    "delete_account": [Row((400, 400, 400, 401), "with a wrong password", {"password": "wrong"})],
    "export": [Row(OWN)],
    "search_messages": [
        Row(OWN, "in all of one's own", query={"q": "hello"}),
        Row(OWN, "with Bob, with whom a stranger has said nothing", query={"q": "hello", "user_id": "{other}"}),
    ],
    "poll_ticket": [Row(OWN)],
    "logout": [Row(OWN)],
    "list_sessions": [Row(OWN)],
    "end_session": [Row((200, 404, 404, 401), "Ann's phone", path={"session_id": "{session}"}, hidden=("session_id",))],
    "me": [Row(OWN)],
    "update_me": [Row(OWN, body={"full_name": "Another Name"})],
    "search_users": [Row(OWN, query={"search": "ann"})],
    "server": [Row(NOBODY)],
    "healthz": [Row(NOBODY)],
    "readyz": [Row(NOBODY)],
    "openapi": [Row(NOBODY)],
    "docs": [Row(NOBODY)],
}  # fmt: skip
