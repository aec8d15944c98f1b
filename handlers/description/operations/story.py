"""The people and things of the examples: Ann and Bob, the first two on a fresh server."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from chatserver import wire
from chatserver.model import PRESETS, SEQ_BITS, Conversation, Member, Message, User, message_id
from chatserver.services.permissions import can
from handlers.description import event_shapes

PASSWORD = "correct horse battery staple"
NEXT_PASSWORD = "more staples than batteries"
TIME = "2026-05-04T09:30:00.000Z"
TIMESTAMP = 1777887000.123
TOKEN = "4eC39HqLyjWDarjtT1zdp7dcQ2mVbE9uKx0sNfRgYhA"
TICKET = "chp_1cX0b7w2sYk9mQeR4tUvN6pLzA8dHfGjK3iOoBqWnVs"
ANN: dict[str, Any] = {"id": 1, "username": "ann", "full_name": "Ann Arden", "avatar": None}
BOB: dict[str, Any] = {"id": 2, "username": "bob", "full_name": "Bob Berg", "avatar": None}
BOB_THERE = {**BOB, "is_online": True}
SESSION = {"id": 1, "name": "curl/8.5.0", "created_at": TIME, "last_used_at": TIME, "current": True}
DONE = {"success": True, "status": "success"}
LINK = (
    "http://127.0.0.1:8888/api/v1/communication/chats/attachment/8388611/"
    "?link=1777890600000.q3cQ0yqkX8mJ1rVw7bLz5dTnPfGhKuEiSaOoYxZ2v4M"
)
CLIENT_ID = "5f0c1a52-1"
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAA"
    "AABJRU5ErkJggg=="
)


def message(seq: int, sender: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    receiver = BOB if sender is ANN else ANN
    id, at = message_id(1, seq), datetime.fromisoformat(TIME)
    said = Message(
        id, 1, seq, sender["id"], session_id=0, client_id=0, text=text, attachment=None, created_at=at
    )
    return wire.message(said, User(**sender), User(**receiver), Member(1, receiver["id"]), None) | more


_PERSON = {"": "id", "_id": "id", "_name": "full_name", "_username": "username", "_avatar": "avatar"}
QUESTION = message(1, ANN, "Is the library open today?", client_id=CLIENT_ID)
EDITED = {**QUESTION, "message": "Is the library open tomorrow?", "edited_at": TIME, "rev": 1}
REPLY = message(2, BOB, "Yes, until six.")
CONVERSATION = {
    "conversation_id": 1,
    "other_user": BOB_THERE,
    "user": BOB_THERE,
    "last_message": REPLY["message"],
    "last_message_at": TIME,
    "last_message_by_me": False,
    "last_message_id": REPLY["id"],
    "unread_count": 1,
    "is_online": True,
    "updated_at": TIME,
}
UNREAD = {
    "total_unread": 1,
    "conversations": [
        {"conversation_id": 1, "unread_count": 1, "other_user_id": 2, "other_user_name": BOB["full_name"]}
    ],
    "by_sender": {"2": 1},
}
ANN_IN_GROUPS, BOB_IN_GROUPS = ({**one, "is_online": True, "sub": None} for one in (ANN, BOB))


def group(id: int, name: str, owner: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A conversation of Ann and Bob, as Ann sees it."""
    policy = PRESETS[more.get("preset", "group")]
    shown = {
        "id": id,
        "kind": "group",
        "preset": "group",
        "name": name,
        "avatar": None,
        "about": None,
        "member_count": 2,
        "preview": [BOB_IN_GROUPS],
        "policy": asdict(policy),
        "state": "open",
        "slow_secs": 0,
        "owner_id": owner["id"],
        "pinned_ids": [],
        "last_message": None,
        "external_id": None,
        "data": {},
        "rev": 1,
        "my": _my(Conversation(id, "group", policy=policy, owner_id=owner["id"])),
    }
    return {**shown, **more}


def _my(conversation: Conversation) -> dict[str, Any]:
    return {
        "role": "owner" if conversation.owner_id == ANN["id"] else "member",
        "can": can(conversation, Member(conversation.id, ANN["id"]), datetime.fromisoformat(TIME)),
        "unread_count": 0,
        "mention_count": 0,
        "notify": "all",
        "muted_until": None,
        "all_mentions": True,
        "pinned": False,
        "archived": False,
        "hidden": False,
        "unread_from_id": None,
        "read_id": None,
        "joined_at": TIME,
        "added_by": None,
        "draft": None,
        "request_count": 0,
        "rev": 0,
    }


def told(
    conversation_id: int, seq: int, type: str, text: str, actor_id: int, *user_ids: int
) -> dict[str, Any]:
    """A message that nobody wrote."""
    nobody = {"id": 0, "username": "", "full_name": "", "avatar": None}
    return {
        **message(seq, nobody, text, client_id=f"{conversation_id}:994a1620c8b4"),
        **{f"receiver{key}": None for key in _PERSON},
        "id": message_id(conversation_id, seq),
        "conversation": conversation_id,
        "conversation_id": conversation_id,
        "kind": "system",
        "system": {"type": type, "actor_id": actor_id, "user_ids": list(user_ids), "value": None},
    }


def joined(id: int, name: str, **more: Any) -> dict[str, Any]:
    """One of Bob's that Ann has just joined, who has read all there was."""
    newest = told(id, 2, "joined", "\u2068Ann Arden\u2069 joined.", 1, 1)
    shown = group(id, name, BOB, last_message=newest, rev=2, **more)
    return {**shown, "my": {**shown["my"], "read_id": message_id(id, 1)}}


def member(person: dict[str, Any], role: str, rev: int, **more: Any) -> dict[str, Any]:
    shown = {"user": person, "role": role, "state": "member", "joined_at": TIME, "added_by": None}
    return {**shown, "silenced_until": None, "rev": rev, **more}


def invite(id: int, uses: int) -> dict[str, Any]:
    made = {"id": id, "code": CODE, "made_by": ANN_IN_GROUPS, "created_at": TIME, "expires_at": TIME}
    return {**made, "uses": uses, "used": 0}


CODE = "pV3kq0TnS9uB2xLw7yRZcA"
READERS = 2  # Ann's group
READERS_BEGUN = group(
    READERS,
    "Readers",
    ANN,
    last_message=told(READERS, 1, "created", "\u2068Ann Arden\u2069 began this group.", 1, 1, 2),
)
OUTSIDE = {"avatar": None, "about": None, "member_count": 1}
REPLY_EVENT = {
    "id": 2 << SEQ_BITS,
    "event": "message",
    "data": {name: REPLY[name] for name in event_shapes.MessageData.__struct_fields__},
    "timestamp": TIME,
}
