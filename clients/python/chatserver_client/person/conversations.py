from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from chatserver_client.core import Call
from chatserver_client.shapes import (
    BegunConversation,
    ConversationPage,
    Done,
    FullConversation,
    Member,
    Members,
)


def begin(
    preset: str,
    member_ids: Sequence[int],
    *,
    name: str | None = None,
    data: dict[str, Any] | None = None,
    client_id: str | None = None,
) -> Call[BegunConversation]:
    """`preset`: direct, group, announcement or public. Who could not be added stands in `refused`."""
    body = {"preset": preset, "member_ids": list(member_ids), "client_id": client_id or str(uuid.uuid4())}
    more = {"name": name, "data": data}
    return Call(
        "POST", "conversations/", body=body | {key: value for key, value in more.items() if value is not None}
    )


def page(after: str | None = None, limit: int = 50) -> Call[ConversationPage]:
    """Newest activity first, pinned before all; `after` is the `next` of the page before."""
    return Call("GET", "conversations/", query={"after": after, "limit": limit})


def get(conversation_id: int) -> Call[FullConversation]:
    return Call("GET", f"conversations/{conversation_id}/")


def change(conversation_id: int, **changes: Any) -> Call[FullConversation]:
    """`name, about, avatar, policy, data, state, slow_secs`; with `rev`, only if it is still at that one."""
    return Call("PATCH", f"conversations/{conversation_id}/", body=changes, repeatable="rev" not in changes)


def close(conversation_id: int) -> Call[Done]:
    return Call("DELETE", f"conversations/{conversation_id}/")


def members(conversation_id: int, after: str | None = None, limit: int = 50) -> Call[Members]:
    return Call("GET", f"conversations/{conversation_id}/members/", query={"after": after, "limit": limit})


def add(conversation_id: int, user_id: int) -> Call[Member]:
    return Call("PUT", f"conversations/{conversation_id}/members/{user_id}/")


def set_role(conversation_id: int, user_id: int, role: str) -> Call[Member]:
    return Call("PATCH", f"conversations/{conversation_id}/members/{user_id}/", body={"role": role})


def remove(conversation_id: int, user_id: int) -> Call[Done]:
    return Call("DELETE", f"conversations/{conversation_id}/members/{user_id}/")


def leave(conversation_id: int) -> Call[Done]:
    return Call("DELETE", f"conversations/{conversation_id}/members/me/")
