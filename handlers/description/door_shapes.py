"""What the calls about coming into a conversation answer."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from handlers.description.conversation_shapes import Participant
from handlers.description.shapes import Moment, Number
from handlers.schemas import Id

Next = Annotated[
    str | None, Meta(description="What to ask for the next part with, as `after`. Null: there is none.")
]
Preset = Literal["group", "announcement", "public"]


class Invite(Struct):
    """Lets people into a conversation."""

    id: Id
    code: Annotated[str, Meta(description="What opens it. On this server's own page: `/#join=CODE`.")]
    made_by: Participant | None
    created_at: Moment
    expires_at: Moment
    uses: Annotated[int, Meta(ge=1, description="How many people it lets in.")]
    used: Annotated[int, Meta(ge=0, description="How many it has let in.")]


class Invites(Struct):
    results: Annotated[list[Invite], Meta(description="The oldest first.")]
    next: Next


class Preview(Struct):
    """A conversation as somebody sees it who has a code for it."""

    conversation_id: Annotated[Id | None, Meta(description="For who is a member already.")]
    is_member: bool
    preset: Preset
    name: str | None
    avatar: str | None
    about: str | None
    member_count: Number


class PublicConversation(Struct):
    """A conversation as everybody sees it who looks for one."""

    id: Id
    preset: Preset
    name: str | None
    avatar: str | None
    about: str | None
    member_count: Number
    join: Annotated[
        Literal["open", "request", "invite"],
        Meta(description="How you come in: at once, by asking, or with a code only."),
    ]
    my_state: Annotated[Literal["member", "requested"] | None, Meta(description="What you are there.")]


class PublicConversations(Struct):
    results: Annotated[list[PublicConversation], Meta(description="The newest first.")]
    next: Next


class Asked(Struct):
    """You have asked to join; whoever decides is told."""

    conversation_id: Id
    my_state: Literal["requested"]


class JoinRequest(Struct):
    """Somebody asks to join."""

    user: Participant
    asked_at: Moment


class JoinRequests(Struct):
    results: Annotated[list[JoinRequest], Meta(description="By the id of the user.")]
    next: Next


class BannedPerson(Struct):
    """Somebody is kept out."""

    user: Participant
    banned_by: Participant | None
    until: Annotated[Moment | None, Meta(description="Null: for good.")]
    reason: str | None


class Bans(Struct):
    results: Annotated[list[BannedPerson], Meta(description="By the id of the user.")]
    next: Next
