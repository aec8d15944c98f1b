"""What the calls of the host's own servers answer about its conversations, and what is said there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from handlers.description.conversation_shapes import Policy
from handlers.description.shapes import Message, Moment
from handlers.schemas import Id


class HostConversation(Struct):
    """As the host sees it, to which it belongs."""

    id: Annotated[Id, Meta(description="The chat's own id of it.")]
    external_id: str
    title: str | None
    preset: Literal["group", "announcement", "public"]
    policy: Policy
    state: Annotated[
        Literal["open", "frozen", "closed"], Meta(description="`closed`: nobody writes there, for good.")
    ]
    member_count: Annotated[int, Meta(ge=0)]
    data: dict[str, Any]
    rev: Annotated[int, Meta(ge=0)]


class HostMember(Struct):
    user_id: Id
    sub: Annotated[str | None, Meta(description="Null for who is not of the host.")]
    role: Literal["admin", "moderator", "member"]
    joined_at: Moment | None


class HostConversationWithMembers(HostConversation):
    members: Annotated[list[HostMember], Meta(description="At most 1,000.")]
    next: Annotated[str | None, Meta(description="Where to go on from, if there are more.")]


class RefusedMember(Struct):
    sub: str
    code: Annotated[
        str, Meta(description="`forbidden`: they are banned there; `limit_reached`: there is no room.")
    ]
    detail: str


class ChangedHostConversation(HostConversation):
    added: Annotated[int, Meta(ge=0, description="How many came by this call.")]
    removed: Annotated[int, Meta(ge=0, description="How many went by this call.")]
    refused: Annotated[list[RefusedMember], Meta(description="Who could not be taken in.")]


class HostMessage(Message):
    """As everybody sees it, and with your own ids of the two."""

    sender_sub: str | None
    receiver_sub: str | None


class HostMessages(Struct):
    messages: Annotated[list[HostMessage], Meta(description="Oldest first.")]
    has_more: bool


class Banned(Struct):
    sub: str
    until: Moment | None
    conversations: Annotated[list[str] | None, Meta(description="Null: everywhere.")]
    sessions_ended: Annotated[int, Meta(ge=0)]


class Audited(Struct):
    """One thing that your servers did here."""

    id: str
    at: Moment
    by: Annotated[str, Meta(description="`key 7`, or `signed` for a token that you signed.")]
    action: Annotated[str, Meta(description="Such as `user.ban`, `member.put` or `message.delete`.")]
    target: Annotated[
        str, Meta(description="Such as `user 42`, `conversation class-5b user 42` or `message 8388611`.")
    ]
    reason: str | None


class AuditPage(Struct):
    results: Annotated[list[Audited], Meta(description="Newest first.")]
    next: Annotated[str | None, Meta(description="Where to go on from, if there are more.")]
