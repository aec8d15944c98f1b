"""What each call answers: the shapes that `chatserver.wire` and the handlers write, for those who read them.

The document is generated from these, and the tests hold every answer against it. Answers are not made through them:
a dict encodes as fast, and an event is encoded once for all who get it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chatserver.model import MAX_SEQ
from handlers.schemas import ID_FORMAT, Id

TIME = {"format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}

Moment = Annotated[str, Meta(extra_json_schema=TIME)]
Seq = Annotated[int, Meta(ge=1, lt=MAX_SEQ + 1, description="The number of the message in its conversation.")]
Number = Annotated[int, Meta(ge=0)]
Epoch = Annotated[float, Meta(description="The server's time, in seconds since 1970.")]
Cursor = Annotated[str, Meta(description="A place in your stream of events. Opaque: keep it, give it back.")]
FileLink = Annotated[
    str | None,
    Meta(
        description="A link that opens the file by itself for an hour, new in each answer; afterwards with a token. Null "
        "without an attachment.",
        extra_json_schema={"format": "uri-reference"},
    ),
]


class User(Struct):
    id: Id
    username: str
    full_name: str
    avatar: Annotated[str | None, Meta(description="An http or https address.")]


class Person(User):
    """A user, and whether they are there: polling, or gone for less than the linger time."""

    is_online: bool


class UserAnswer(Struct):
    user: User


class Session(Struct):
    """One signed-in device: one token."""

    id: Id
    name: Annotated[
        str, Meta(description="The `device` or the User-Agent it signed in with, at most 200 characters.")
    ]
    created_at: Moment
    last_used_at: Annotated[Moment, Meta(description="Exact to ten minutes.")]
    current: Annotated[bool, Meta(description="Whether it is the one that asks.")]


class Sessions(Struct):
    sessions: list[Session]


class SignedIn(Struct):
    token: Annotated[
        str | None, Meta(description="Shown here and never again; null when it went into a cookie.")
    ]
    user: User
    session: Session


class Key(Struct):
    """What a server of the host shows in place of a session's token; the key itself is shown once and not kept."""

    id: Id
    name: str
    scopes: list[str]
    created_at: Moment
    expires_at: Annotated[Moment | None, Meta(description="Null: good until it is revoked.")]
    last_used_at: Annotated[Moment | None, Meta(description="Exact to ten minutes.")]
    former_until: Annotated[
        Moment | None, Meta(description="Until when the secret before the last rotation is good too, or was.")
    ]
    networks: Annotated[list[str], Meta(description="From where it is good; none: from anywhere.")]


class MadeKey(Key):
    key: Annotated[str, Meta(description="`ck_<id>_` and 43 characters: shown here and never again.")]


class Keys(Struct):
    results: Annotated[list[Key], Meta(description="All there are, by id.")]


class Done(Struct):
    success: Literal[True]
    status: Literal["success"]


class PasswordChanged(Done):
    sessions_ended: Annotated[int, Meta(ge=0, description="All but the one that asked.")]


class PollTicket(Struct):
    ticket: Annotated[str, Meta(description="To be given as `?token=`.")]
    expires_at: Moment


class MarkedRead(Done):
    marked_count: Annotated[int, Meta(ge=0, description="How many messages of others were passed.")]
    marked_read: Annotated[int, Meta(ge=0, description="The same.", extra_json_schema={"deprecated": True})]
    read_at: Moment


class Disconnected(Struct):
    status: Literal["disconnected"]
    user_id: Id


class OnlineUsers(Struct):
    online_users: Annotated[list[Id], Meta(description="In ascending order.")]


SenderId = Annotated[
    int,
    Meta(
        ge=0,
        lt=1 << 53,
        description="0 where nobody wrote it: see `system`.",
        extra_json_schema=ID_FORMAT,
    ),
]
Kind = Annotated[
    Literal["message", "system"],
    Meta(description="`system`: it tells what has changed in the conversation, and is never unread."),
]

Silent = Annotated[bool, Meta(description="True: make no sound and show no notification for it.")]


class System(Struct):
    """What has changed in a conversation."""

    type: Annotated[
        str,
        Meta(
            description="created, joined, added, left, removed, owner, renamed, avatar, about, policy, frozen, opened, "
            "closed or said (by the application); there will be more: show the text of those you do not know."
        ),
    ]
    actor_id: Annotated[Id | None, Meta(description="Who did it; null: it came about by itself.")]
    user_ids: Annotated[list[Id], Meta(description="Whom it concerns.")]
    value: Annotated[str | None, Meta(description="The new name.")]


class MessageCore(Struct):
    """What both a call and an event show of a message."""

    id: Annotated[Id, Meta(description="The same for ever; larger is newer within a conversation.")]
    seq: Seq
    conversation_id: Id
    sender: Annotated[SenderId, Meta(description="As `sender_id`.")]
    sender_id: SenderId
    sender_name: str
    receiver_id: Annotated[Id | None, Meta(description="Null among several people, as all of the receiver.")]
    message: Annotated[str, Meta(description="The text, exactly as it was sent or last edited.")]
    attachment: Annotated[str | None, Meta(description="As `attachment_url`.")]
    attachment_url: FileLink
    attachment_type: Annotated[str | None, Meta(description="What the file is, by its content.")]
    attachment_name: str | None
    attachment_size: Annotated[int | None, Meta(description="In bytes.")]
    timestamp: Annotated[Moment, Meta(description="When it was sent.")]
    client_id: Annotated[str | None, Meta(description="The sender's own key, if it gave one.")]
    edited_at: Annotated[Moment | None, Meta(description="When its text was last changed.")]
    rev: Annotated[int, Meta(ge=0, description="How often it was changed: keep what has the higher one.")]
    is_active: Annotated[bool, Meta(description="False once deleted: no text and no file are left.")]
    kind: Kind
    system: System | None
    deleted_by: Annotated[Id | None, Meta(description="A moderator; null for who deleted their own.")]
    silent: Silent


class Message(MessageCore):
    """A message as its members see it. Always complete: null, never missing."""

    sender_username: str
    sender_avatar: str | None
    receiver: Annotated[Id | None, Meta(description="As `receiver_id`.")]
    receiver_name: str | None
    receiver_username: str | None
    receiver_avatar: str | None
    conversation: Annotated[Id, Meta(description="As `conversation_id`.")]
    is_read: Annotated[bool, Meta(description="Whether the receiver has read it.")]
    read_at: Moment | None
    delivered_at: Annotated[Moment | None, Meta(description="When a device of the receiver was given it.")]
    created_at: Annotated[Moment, Meta(description="As `timestamp`.")]
    updated_at: Annotated[Moment, Meta(description="When it was sent or last changed.")]


class History(Struct):
    conversation_id: Annotated[Id | None, Meta(description="Null before the first message.")]
    other_user: Person
    messages: Annotated[list[Message], Meta(description="Newest first.")]
    has_more: Annotated[
        bool, Meta(description="There are older ones; with `after_id`: there are newer ones.")
    ]


class MessagePage(Struct):
    count: Annotated[int, Meta(ge=0, le=1000, description="On all pages; 1,000 for that many or more.")]
    next: Annotated[str | None, Meta(description="The address of the next page; null on the last.")]
    previous: Annotated[str | None, Meta(description="That of the page before; null on the first.")]
    results: Annotated[list[Message], Meta(description="In the `ordering` asked for.")]


class Found(Struct):
    messages: Annotated[list[Message], Meta(description="Newest first, of all conversations.")]
    has_more: Annotated[bool, Meta(description="There are older ones.")]


class Conversation(Struct):
    conversation_id: Id
    other_user: Person
    user: Annotated[Person, Meta(description="As `other_user`.")]
    last_message: Annotated[
        str, Meta(description="Its text, or the name of its file; empty when it was deleted.")
    ]
    last_message_at: Moment
    last_message_by_me: bool
    last_message_id: Id
    unread_count: Number
    is_online: Annotated[bool, Meta(description="As in `other_user`.")]
    updated_at: Moment


class UnreadConversation(Struct):
    conversation_id: Id
    unread_count: Annotated[int, Meta(ge=1)]
    other_user_id: Id
    other_user_name: str


class Unread(Struct):
    total_unread: Number
    conversations: Annotated[
        list[UnreadConversation], Meta(description="Those with something unread, newest first.")
    ]
    by_sender: Annotated[dict[str, int], Meta(description="Unread messages by the sender's id.")]


class NotificationData(Struct):
    id: Id
    title: str
    message: str
    notification_type: str
    timestamp: Moment


class HostNotification(NotificationData):
    receiver_id: Id
    client_id: Annotated[str | None, Meta(description="Your own key, if you gave one.")]


class PollTest(Struct):
    status: Literal["ok"]
    message: str
    timestamp: Epoch


class FieldError(Struct):
    field: Annotated[str, Meta(description="The name of a field, parameter or header; `body` for all of it.")]
    detail: str


class Problem(Struct):
    """What every refusal and failure looks like (RFC 9457). Switch on `code`, show `detail`."""

    type: Annotated[str, Meta(description="Where the code is explained.")]
    title: Annotated[str, Meta(description="The name of the status.")]
    status: int
    detail: Annotated[str, Meta(description="One readable sentence.")]
    code: Annotated[str, Meta(description="Stable, snake_case.")]
    errors: Annotated[list[FieldError], Meta(description="Which input is wrong, if that is the problem.")]
    request_id: Annotated[str, Meta(description="What to name when you ask for help: the log knows it.")]


class LimitProblem(Problem):
    limit: Annotated[
        str | UnsetType,
        Meta(description="Of `limit_reached`: which one, by its name among the `limits` of the server call."),
    ] = UNSET


class SilencedProblem(Problem):
    until: Annotated[Moment | UnsetType | None, Meta(description="Of `silenced`: when that is over.")] = UNSET


class RevisionProblem(Problem):
    stored: Annotated[
        dict[str, Any] | None, Meta(description="A draft as it stands now, with its `rev`; else null.")
    ]


class CursorProblem(Problem):
    cursor: Annotated[Cursor, Meta(description="A fresh one: reload the lists, then poll from it.")]
