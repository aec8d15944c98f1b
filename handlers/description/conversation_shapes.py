"""What the calls about one conversation and its members answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from handlers.description.shapes import Message, Moment, Number, Person
from handlers.schemas import Id

Role = Literal["owner", "admin", "moderator", "member"]
Least = Literal["admin", "moderator", "member", "nobody"]
Rev = Annotated[int, Meta(ge=0, description="How often it was changed: keep what has the higher one.")]


class Participant(Person):
    sub: Annotated[
        str | None, Meta(description="The host's own id of them, where the host made the account.")
    ]


class Policy(Struct):
    """What members may do: the lowest role that may, or `nobody`."""

    send: Least
    react: Least
    attach: Least
    mention_all: Annotated[Least, Meta(description="Above 50 members only moderators may, whatever it says.")]
    pin: Least
    invite: Annotated[Least, Meta(description="Who adds members.")]
    edit_info: Annotated[Least, Meta(description="Who changes name, avatar and what it is about.")]
    see_members: Least
    leave: Least
    history: Annotated[
        Literal["all", "joined"], Meta(description="From where on those who join from now on may read.")
    ]
    join: Annotated[
        Literal["open", "request", "invite"], Meta(description="How somebody comes in whom no member adds.")
    ]
    listed: Annotated[bool, Meta(description="Whether strangers find it.")]
    receipts: Annotated[bool, Meta(description="Whether members are shown how far others have read.")]


class MyConversation(Struct):
    """What is your own about it."""

    role: Role
    can: Annotated[list[str], Meta(description="All that you may do there now: offer nothing else.")]
    unread_count: Number
    mention_count: Number
    notify: Literal["all", "mentions", "none"]
    muted_until: Moment | None
    all_mentions: Annotated[bool, Meta(description="Whether a mention of everybody is one of you.")]
    pinned: bool
    archived: bool
    hidden: bool
    unread_from_id: Annotated[Id | None, Meta(description="From here on you call it unread.")]
    read_id: Annotated[Id | None, Meta(description="Up to here you have read it.")]
    joined_at: Moment | None
    added_by: Annotated[Participant | None, Meta(description="Who took you in.")]
    request_count: Annotated[int, Meta(ge=0, description="People who ask to join, for those who decide.")]
    rev: Rev


class Member(Struct):
    """Somebody in a conversation, as other members see them."""

    user: Participant
    role: Role
    state: Annotated[
        Literal["invited", "requested", "joining", "member", "banned", "left"],
        Meta(description="`member`, unless they are not in it any more, or not yet."),
    ]
    joined_at: Moment | None
    added_by: Annotated[Participant | None, Meta(description="Who took them in.")]
    silenced_until: Annotated[Moment | None, Meta(description="Until then they say nothing.")]
    rev: Rev


class Members(Struct):
    results: Annotated[list[Member], Meta(description="By the id of the user.")]
    next: Annotated[
        str | None, Meta(description="What to ask for the next part with, as `after`. Null: there is none.")
    ]


class FullConversation(Struct):
    """A conversation of two or of many, as one of its members sees it. It never holds all members."""

    id: Id
    kind: Literal["direct", "group"]
    preset: Annotated[
        Literal["direct", "group", "announcement", "public"], Meta(description="What its policy began as.")
    ]
    name: Annotated[str | None, Meta(description="Null for a direct one: show the person in `preview`.")]
    avatar: str | None
    about: str | None
    member_count: Number
    preview: Annotated[
        list[Participant],
        Meta(description="A few others, at most 5; of a direct one the other person, or yourself."),
    ]
    policy: Policy
    state: Annotated[
        Literal["open", "frozen", "closed"],
        Meta(description="`frozen`: only admins speak. `closed`: nobody does, for good."),
    ]
    slow_secs: Number
    owner_id: Annotated[Id | None, Meta(description="A direct one has none.")]
    pinned_ids: list[Id]
    last_message: Annotated[Message | None, Meta(description="The newest that you may see.")]
    external_id: Annotated[str | None, Meta(description="The host's own id of it.")]
    data: Annotated[dict[str, Any], Meta(description="Given with it, and never looked into.")]
    rev: Rev
    my: MyConversation


class Refused(Struct):
    user_id: Id
    code: Annotated[str, Meta(description="Why they could not be added: `not_found`, `limit_reached`.")]


class BegunConversation(FullConversation):
    refused: Annotated[list[Refused], Meta(description="Those of `member_ids` who are not in it.")]


class ConversationMessages(Struct):
    conversation_id: Id
    messages: Annotated[list[Message], Meta(description="Newest first, from where on you may see them.")]
    has_more: Annotated[
        bool, Meta(description="There are older ones; with `after_id`: there are newer ones.")
    ]
