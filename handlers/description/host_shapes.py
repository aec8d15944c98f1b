"""What the calls of the host's own servers answer about its people."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from handlers.description.shapes import Moment
from handlers.schemas import Id


class HostUser(Struct):
    """One of the host's people, with all that the host said of them."""

    id: Annotated[Id, Meta(description="The chat's own id of them.")]
    sub: str
    username: str
    name: str
    avatar: str | None
    email: str | None
    locale: str | None
    tz: str | None
    role: str | None
    may_contact: Literal["everyone"] | list[str] | None
    data: dict[str, Any]
    state: Annotated[
        Literal["active", "disabled"],
        Meta(description="`disabled`: can neither sign in nor be written to."),
    ]
    created_at: Moment


class SwitchedUser(HostUser):
    sessions_ended: Annotated[int, Meta(ge=0)]


class PutResult(Struct):
    sub: str
    status: Annotated[
        int, Meta(description="201: new; 200: was there; else why not, as the call for one says it.")
    ]
    id: Id | None
    code: str | None
    detail: str | None


class PutResults(Struct):
    results: Annotated[list[PutResult], Meta(description="In the order given.")]


class UnreadIn(Struct):
    conversation_id: Id
    external_id: Annotated[
        str | None, Meta(description="The host's own; null where it never named the conversation.")
    ]
    unread_count: Annotated[int, Meta(ge=1)]


class HostUnread(Struct):
    sub: str
    total_unread: Annotated[int, Meta(ge=0)]
    conversations: Annotated[
        list[UnreadIn],
        Meta(description="Those with something unread that this person has not muted, archived or hidden."),
    ]


class HostUnreads(Struct):
    results: Annotated[list[HostUnread], Meta(description="Whoever the host never named is left out.")]
