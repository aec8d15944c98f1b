"""Conversations by your own ids of them. Scopes `conversations:read`, `conversations:write`, `messages:read`."""

from __future__ import annotations

from typing import Literal, Unpack

from chatserver_client.core import Call, segment
from chatserver_client.shapes import (
    ChangedHostConversation,
    Done,
    HostConversation,
    HostConversationWithMembers,
    HostMember,
    HostMessages,
    PutConversation,
)


def put(external_id: str, **wanted: Unpack[PutConversation]) -> Call[ChangedHostConversation]:
    """Makes the conversation or changes it. `members` are at most 1,000 subs, all of people who have been put.

    Look at `refused` of the answer: it names who could not be taken in.
    """
    part, query = segment(external_id=external_id)
    return Call("PUT", f"host/conversations/{part}/", query=query, body=wanted, timeout_secs=60.0)


def get(external_id: str, after: str | None = None) -> Call[HostConversationWithMembers]:
    """With 1,000 of its members; `after` is the `next` of the part before."""
    part, query = segment(external_id=external_id)
    return Call("GET", f"host/conversations/{part}/", query={**query, "after": after})


def close(external_id: str) -> Call[HostConversation]:
    """Its members can read it, and nobody writes any more, for good."""
    part, query = segment(external_id=external_id)
    return Call("DELETE", f"host/conversations/{part}/", query=query)


def add(
    external_id: str, sub: str, role: Literal["admin", "moderator", "member"] | None = None
) -> Call[HostMember]:
    """Or change the role of who is in it."""
    path, query = _member(external_id, sub)
    return Call("PUT", path, query=query, body={} if role is None else {"role": role})


def remove(external_id: str, sub: str) -> Call[Done]:
    path, query = _member(external_id, sub)
    return Call("DELETE", path, query=query)


def _member(external_id: str, sub: str) -> tuple[str, dict[str, str]]:
    conversation, query = segment(external_id=external_id)
    member, more = segment(sub=sub)
    return f"host/conversations/{conversation}/members/{member}/", query | more


def messages(external_id: str, after_seq: int = 0, limit: int = 50) -> Call[HostMessages]:
    """What was said, oldest first, from above `after_seq`; nothing counts as delivered or read by it."""
    part, query = segment(external_id=external_id)
    asked: dict[str, str | int] = {**query, "after_seq": after_seq, "limit": limit}
    return Call("GET", f"host/conversations/{part}/messages/", query=asked)
