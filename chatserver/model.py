"""The nouns of the product. Plain immutable records, no behaviour beyond what they can derive from themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# A message id is conversation_id · 2^23 + seq: below 2^53, so a JSON number in every language.
SEQ_BITS = 23
MAX_SEQ = (1 << SEQ_BITS) - 1
MAX_CONVERSATION_ID = (1 << 30) - 1


def message_id(conversation_id: int, seq: int) -> int:
    return conversation_id << SEQ_BITS | seq


def split_message_id(id: int) -> tuple[int, int]:
    """The (conversation_id, seq) that a message id is made of."""
    return id >> SEQ_BITS, id & MAX_SEQ


@dataclass(frozen=True, slots=True)
class User:
    id: int
    username: str
    full_name: str
    avatar: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in device: one token."""

    id: int
    user_id: int
    name: str
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: first argument of every service method."""

    user_id: int
    session_id: int


@dataclass(frozen=True, slots=True)
class Conversation:
    id: int
    kind: str  # direct | group
    member_ids: tuple[int, ...]

    def other(self, user_id: int) -> int:
        """The other member of a direct conversation; oneself in notes to self."""
        return next((id for id in self.member_ids if id != user_id), user_id)


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to `seq` had happened `at` this moment."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a conversation, and how far they got. Both watermarks only move forward."""

    conversation_id: int
    user_id: int
    delivered_seq: int = 0
    read_seq: int = 0
    delivered_marks: tuple[Mark, ...] = ()
    read_marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file. `id` is the storage's own, shown to nobody; people name the message it hangs on."""

    id: str
    name: str
    type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    conversation_id: int
    seq: int
    sender_id: int
    session_id: int
    client_id: str | None
    text: str
    attachment: Attachment | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Bell:
    """Something happened that concerns `user_ids`: look! May be lost, doubled or overtaken.

    `body` is JSON-able and only ever a hint. Without `user_ids` the bell is for every node.
    """

    kind: str
    user_ids: tuple[int, ...]
    body: dict[str, Any] = field(default_factory=dict)
