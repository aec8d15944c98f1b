"""What a poll answers: each kind of event, and the two forms of the whole."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from handlers.description.conversation_shapes import Draft, FullConversation, Member, MyConversation
from handlers.description.shapes import Cursor, Epoch, MessageCore, Moment, NotificationData
from handlers.schemas import Id

EventId = Annotated[Id, Meta(description="The same whenever the event is given again: skip what you know.")]


class MessageData(MessageCore):
    is_read: Annotated[bool, Meta(description="As it was at the moment of sending: false.")]


class ReadReceiptData(Struct):
    message_id: Id
    reader_id: Id
    reader_name: str
    read_at: Moment
    conversation_id: Id


class TypingData(Struct):
    sender_id: Id
    sender_name: str
    is_typing: bool
    conversation_id: Id


class PresenceData(Struct):
    user_id: Id
    is_online: bool


class DeliveryReceiptData(Struct):
    conversation_id: Id
    user_id: Annotated[Id, Meta(description="Whose device was given the messages.")]
    delivered_seq: Annotated[int, Meta(ge=1, description="Everything up to here is delivered.")]
    delivered_at: Moment


class MyConversationData(Struct):
    conversation_id: Id
    my: MyConversation


class DraftData(Struct):
    conversation_id: Id
    draft: Annotated[Draft | None, Meta(description="Null once it was sent or put away.")]


class ReceiptsData(Struct):
    conversation_id: Id
    read: Annotated[
        dict[str, Id], Meta(description="By the reader's id: the message up to which they have read.")
    ]


class Event(Struct, tag_field="event"):
    id: EventId
    timestamp: Moment


class MessageEvent(Event, tag="message"):
    """To the receiver's devices, and to the sender's other ones."""

    data: MessageData


class MessageChangedEvent(Event, tag="message_changed"):
    """A message was edited or deleted; told to the members who may see it. Only for clients that send a cursor."""

    data: MessageData


class ReadReceiptEvent(Event, tag="read_receipt"):
    """One for each message that was read, to its sender and to the reader's own devices."""

    data: ReadReceiptData


class NotificationEvent(Event, tag="notification"):
    """A word from the application that this chat belongs to."""

    data: NotificationData


class ConversationData(Struct):
    conversation: FullConversation


class RemovedData(Struct):
    conversation_id: Id
    reason: Literal["left", "removed", "banned"]


class MemberData(Struct):
    conversation_id: Id
    member: Member


class ConversationChangedEvent(Event, tag="conversation_changed"):
    """A conversation of yours is not what it was, or you have just come into it. Only for clients that send a cursor."""

    data: ConversationData


class ConversationRemovedEvent(Event, tag="conversation_removed"):
    """You are no member any more. Only for clients that send a cursor."""

    data: RemovedData


class MemberChangedEvent(Event, tag="member_changed"):
    """Somebody came, went or was made something else, where at most 100 are. Only for clients that send a cursor."""

    data: MemberData


class TypingEvent(Event, tag="typing"):
    """Ephemeral: not kept for those who are away, and ended by itself after `typing_secs`."""

    data: TypingData


class PresenceEvent(Event, tag="presence"):
    """Somebody you share a conversation with came or left. Ephemeral, and only for clients that send a cursor."""

    data: PresenceData


class DeliveryReceiptEvent(Event, tag="delivery_receipt"):
    """Your messages reached a device. Ephemeral, and only for clients that send a cursor."""

    data: DeliveryReceiptData


class MyConversationEvent(Event, tag="my_conversation"):
    """Something of your own has changed in a conversation, told to your devices. Only for clients that send a cursor."""

    data: MyConversationData


class DraftEvent(Event, tag="draft"):
    """Another device of yours has kept a draft. Ephemeral, and only for clients that send a cursor."""

    data: DraftData


class ReceiptsEvent(Event, tag="receipts"):
    """How far members of a small group have read. Ephemeral, and only for clients that send a cursor."""

    data: ReceiptsData


AnyEvent = (
    MessageEvent
    | MessageChangedEvent
    | ReadReceiptEvent
    | NotificationEvent
    | ConversationChangedEvent
    | ConversationRemovedEvent
    | MemberChangedEvent
    | TypingEvent
    | PresenceEvent
    | DeliveryReceiptEvent
    | MyConversationEvent
    | DraftEvent
    | ReceiptsEvent
)


class Events(Struct):
    """What a poll answers that names neither `cursor`, `wait` nor `client`."""

    events: Annotated[
        list[AnyEvent], Meta(description="Oldest first. Ignore kinds you do not know: there will be more.")
    ]
    timestamp: Epoch


class EventsAtCursor(Events):
    """What a poll answers that names at least one of `cursor`, `wait` and `client`."""

    cursor: Annotated[Cursor, Meta(description="Where to poll from next.")]
    more: Annotated[bool, Meta(description="There is more already: poll again at once.")]
    wait: Annotated[float, Meta(description="How long this poll would have been held, in seconds.")]
    superseded: Annotated[
        bool, Meta(description="A newer poll of the same `client` took over: stop this loop.")
    ]
