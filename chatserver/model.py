"""The nouns of the product. Plain immutable records, no behaviour beyond what they can derive from themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
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
class Account:
    """A person as the operator sees them. A forgotten one is only there because messages name its id."""

    user: User
    state: str  # active | disabled | forgotten
    created_at: datetime


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
    client_id: str | int  # the client's own text, or a number made up for clients that send none
    text: str
    attachment: Attachment | None
    created_at: datetime
    rev: int = 0  # how often it was changed
    edited_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def changed_at(self) -> datetime | None:
        return self.deleted_at or self.edited_at


@dataclass(frozen=True, slots=True)
class Change:
    """A message as it was last changed, whose fan-out is not known to be finished. `file` is one to be removed."""

    message: Message
    file: Attachment | None


STRANGE = "strange"  # the kind of a bell that stands for what came without being one of ours


@dataclass(frozen=True, slots=True)
class Bell:
    """Something happened that concerns `user_ids`: look! May be lost, doubled, overtaken, or an old one played again.

    `body` is JSON-able and only a hint; who rings has the `message` itself. Without `user_ids` it is for every node.
    """

    kind: str
    user_ids: tuple[int, ...]
    body: dict[str, Any] = field(default_factory=dict)
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of an inbox: a pointer or a tiny fact, never a body.

    kind `messages`: seqs first..last of a conversation; `read`: user_id read first..last there at `at`;
    `change`: message `last` there has changed to `rev`; `membership`: see `rev`; `notification`: `ref` is its id;
    `session`: `ref` was revoked;
    `sessions`: all up to `rev` but `ref`.
    """

    kind: str
    conversation_id: int = 0
    first: int = 0
    last: int = 0
    user_id: int = 0
    ref: int = 0
    rev: int = 0
    at: datetime | None = None

    @property
    def key(self) -> str | None:
        """What makes a repeat of this entry recognisable; message ranges need none, their heads are the guard."""
        if self.kind == "messages":
            return None
        return f"{self.kind}:{self.conversation_id}:{self.user_id}:{self.last}:{self.ref}:{self.rev}"

    @property
    def size(self) -> int:
        """How many items a client may be given for this entry."""
        return self.last - self.first + 1 if self.kind in ("messages", "read") else 1


@dataclass(frozen=True, slots=True)
class Owed:
    """A notification that no device of its receiver is known to have. `version` is that of its entry in the inbox.

    A device whose cursor is beyond that version has it; unless it was `missed`: somebody was sent there past it.
    """

    id: int
    version: int
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest entries of an inbox. The last one is number `version`, the one before it `version - 1`, …"""

    epoch: str
    version: int
    entries: tuple[Entry, ...]
    owed: tuple[Owed, ...] = ()

    @property
    def oldest_version(self) -> int:
        """The lowest place from which every later entry is here."""
        return self.version - len(self.entries)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where a person stands in each conversation, and the place that belongs to it."""

    epoch: str
    version: int
    heads: dict[int, int]
    reads: dict[int, int]
    own: dict[int, int]
    owed: tuple[Owed, ...] = ()

    def unread(self, conversation_id: int) -> int:
        """Messages of others beyond the read mark: `own` counts one's own among them."""
        head = self.heads.get(conversation_id, 0)
        return max(0, head - self.reads.get(conversation_id, 0) - self.own.get(conversation_id, 0))


@dataclass(frozen=True, slots=True)
class Notification:
    """A word from the host application to one person."""

    id: int
    user_id: int
    title: str
    message: str
    notification_type: str
    created_at: datetime
    client_id: str | None = None  # the host's own key


@dataclass(frozen=True, slots=True)
class Advance:
    """Messages first..last of a conversation are appended; `own` counts them by sender.

    Without `member_ids`, whoever is a member when the fan-out begins.
    """

    conversation_id: int
    first: int
    last: int
    member_ids: tuple[int, ...]
    own: dict[int, int] = field(default_factory=dict)


class Outcome(Enum):
    STORED = "stored"
    TAKEN = "taken"  # another writer has this seq
    REPEATED = "repeated"  # this sender used this client_id before
    SKIPPED = "skipped"  # an earlier one of the same run failed, so this was not tried
    UNKNOWN = "unknown"  # may or may not be there
    REFUSED = "refused"  # the database will never take it


@dataclass(frozen=True, slots=True)
class PendingRead:
    """A read whose fan-out is not known to be finished."""

    conversation_id: int
    user_id: int
    first: int
    last: int
    at: datetime
