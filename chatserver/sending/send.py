"""A send under way, and its one answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from chatserver.deadlines import refuse
from chatserver.errors import Unavailable
from chatserver.model import Advance, Attachment, Conversation, Message, System, message_id

LATE = "The message could not be stored in time; send it again."


def hash_of(text: str) -> str:
    """What a text is recognised by when it is not kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(slots=True, eq=False)
class Send:
    """`answer` gives the stored message and whether this send created it."""

    conversation: Conversation
    sender_id: int
    session_id: int
    client_id: str | int
    text: str
    attachment: Attachment | None
    created_at: datetime
    deadline: float
    system: System | None = None
    silent: bool = False
    answer: asyncio.Future[tuple[Message, bool]] = field(default_factory=asyncio.Future)
    in_doubt: bool = False  # an earlier try may have been stored: finding it is then no repeat
    owed_until: float = 0.0  # until then it is stored whoever still waits: an inbox may name it already
    given: str | None = None  # the hash of what was given, where the host has it replaced
    stored: tuple[Message, bool] | None = None  # what the answer will be: only the fan-out is not done yet

    def at(self, seq: int) -> Message:
        return Message(
            message_id(self.conversation.id, seq),
            self.conversation.id,
            seq,
            self.sender_id,
            self.session_id,
            self.client_id,
            self.text,
            self.attachment,
            self.created_at,
            given=self.given,
            system=self.system,
            silent=self.silent,
        )

    def matches(self, stored: Message) -> bool:
        """A message that was changed since keeps nothing of what it first said: its key alone decides."""
        if stored.rev:
            return stored.conversation_id == self.conversation.id
        mine, theirs = self.attachment, stored.attachment
        same_file = (mine and (mine.name, mine.sha256)) == (theirs and (theirs.name, theirs.sha256))
        if stored.given is not None:
            same_text = stored.given == (self.given or hash_of(self.text))
        else:
            same_text = stored.text == self.text and self.given is None
        return stored.conversation_id == self.conversation.id and same_text and same_file

    def made(self, stored: Message) -> bool:
        """Whether it was an earlier try of this very send that stored the message."""
        return self.in_doubt and stored.created_at == self.created_at

    def is_wanted(self, now: float) -> bool:
        """Not answered yet. A client that goes away cancels its own wait and no more."""
        waits = not self.answer.done() or (self.answer.cancelled() and now < self.deadline)
        return waits or now < self.owed_until

    def succeed(self) -> None:
        if self.stored is not None and not self.answer.done():
            self.answer.set_result(self.stored)

    def fail(self, error: Exception) -> None:
        """What is stored cannot fail any more."""
        if self.stored is None:
            refuse(self.answer, error)

    def expire(self) -> None:
        """Time is up. What a majority has is accepted, however long its fan-out takes."""
        self.succeed()
        self.fail(Unavailable(LATE))


Numbered = tuple[Send, Message]
Appended = tuple[Send, Message, bool]  # the last one: whether this send created it


def advances(numbered: Iterable[Numbered]) -> list[Advance]:
    """One for each unbroken run of a conversation: a repeat in its middle breaks it."""
    runs: list[list[Numbered]] = []
    last: dict[int, list[Numbered]] = {}
    for send, message in numbered:
        run = last.get(message.conversation_id)
        if run is None or run[-1][1].seq + 1 != message.seq:
            run = last[message.conversation_id] = []
            runs.append(run)
        run.append((send, message))
    return [_advance(run) for run in runs]


def _advance(run: list[Numbered]) -> Advance:
    own: dict[int, int] = {}
    for send, _ in run:
        own[send.sender_id] = own.get(send.sender_id, 0) + 1
    first, newest = run[0][1], run[-1][1]
    conversation = run[0][0].conversation
    # Whom a send of a group knew as members may have changed since.
    members = conversation.member_ids if conversation.is_direct else ()
    is_direct, count = conversation.is_direct, conversation.member_count
    return Advance(first.conversation_id, first.seq, newest.seq, members, own, is_direct, count)
