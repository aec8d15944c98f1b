"""Group commit: all sends waiting in this process go out together. One flush runs, the next collects; no timer.

A flush appends (compare-and-append: the id is the next seq, so whoever is late collides and tries again), fans out,
and only then answers. A client that goes away cancels nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cachetools import LRUCache

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import IdempotencyConflict, Invalid, Unavailable
from chatserver.fanout import FanOut
from chatserver.model import MAX_SEQ, Advance, Attachment, Conversation, Message, Outcome, message_id
from chatserver.ports import MessageStore

MAX_WAITING = 2_000
MAX_FLUSH = 64
HEADS = 100_000  # conversations whose head is remembered


@dataclass(slots=True, eq=False)
class Draft:
    """A send under way. `answer` gives the stored message and whether this send created it."""

    conversation: Conversation
    sender_id: int
    session_id: int
    client_id: str | int
    text: str
    attachment: Attachment | None
    created_at: datetime
    deadline: float
    answer: asyncio.Future[tuple[Message, bool]] = field(default_factory=asyncio.Future)
    in_doubt: bool = False  # an earlier try may have been stored: finding it is then no repeat

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
        )

    def matches(self, stored: Message) -> bool:
        mine, theirs = self.attachment, stored.attachment
        same_file = (mine and (mine.name, mine.sha256)) == (theirs and (theirs.name, theirs.sha256))
        return stored.conversation_id == self.conversation.id and stored.text == self.text and same_file


class Writer:
    def __init__(
        self,
        messages: MessageStore,
        fanout: FanOut,
        clock: Clock,
        stored: Callable[[Message, Conversation], None],
    ) -> None:
        """`stored` is told of every new message after its fan-out, in the order of the log."""
        self._messages = messages
        self._fanout = fanout
        self._clock = clock
        self._stored = stored
        self._heads: LRUCache[int, int] = LRUCache(HEADS)
        self._waiting: deque[Draft] = deque()
        self._flushing: asyncio.Task[None] | None = None

    async def post(self, draft: Draft) -> tuple[Message, bool]:
        """Raises Unavailable (it may or may not be stored: repeat with the same client_id), IdempotencyConflict."""
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("Too many messages are waiting to be stored.")
        loop = asyncio.get_running_loop()
        late = Unavailable("The message could not be stored in time; send it again.")
        timer = loop.call_later(draft.deadline - self._clock.monotonic(), _fail, draft, late)
        self._waiting.append(draft)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_all())
        try:
            return await asyncio.shield(draft.answer)
        finally:
            timer.cancel()

    def starts_at(self, conversation_id: int) -> None:
        """A conversation just created here has no head to be looked up."""
        self._heads.setdefault(conversation_id, 0)

    async def close(self) -> None:
        """Every send already taken is finished."""
        if self._flushing is not None:
            await asyncio.gather(self._flushing, return_exceptions=True)

    async def _flush_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MAX_FLUSH, len(self._waiting)))]
            batch = [draft for draft in batch if not draft.answer.done()]
            try:
                await self._flush(batch)
            except Exception as error:
                for draft in batch:
                    _fail(draft, error)
                raise

    async def _flush(self, batch: list[Draft]) -> None:
        metrics.FLUSH_SIZE.observe(len(batch))
        runs: dict[int, list[Draft]] = {}
        for draft in batch:
            runs.setdefault(draft.conversation.id, []).append(draft)
        with metrics.FLUSH_SECONDS.labels("append").time():
            stored = await self._append(runs)
        if not stored:
            return
        advances = [_advance(run) for run in stored]
        with metrics.FLUSH_SECONDS.labels("fan_out").time():
            await self._fanout.advance(advances)
        for run in stored:
            for draft, message in run:
                self._stored(message, draft.conversation)
                _answer(draft, message, created=True)

    async def _append(self, runs: dict[int, list[Draft]]) -> list[list[tuple[Draft, Message]]]:
        """What was stored, a run for each conversation in order. The rest is answered here or waits for the next flush.

        Conversations with one message go out in one unordered insert. A longer run goes alone and in order, because
        a refused message with others stored behind it would be a hole in the log.
        """
        await self._learn_heads(list(runs))
        groups: list[tuple[list[tuple[Draft, Message]], bool]] = [([], False)]
        for id, drafts in runs.items():
            head = self._heads.get(id)
            if head is None:
                self._again(drafts, "head unknown")
                continue
            numbered = [(draft, draft.at(seq)) for seq, draft in enumerate(drafts, head + 1)]
            full = [draft for draft, message in numbered if message.seq > MAX_SEQ]
            for draft in full:
                _fail(draft, Invalid.field("conversation_id", "this conversation is full"))
            numbered = numbered[: len(numbered) - len(full)]
            if len(numbered) == 1:
                groups[0][0].extend(numbered)
            elif numbered:
                groups.append((numbered, True))
        results = await asyncio.gather(*(self._insert(group, ordered) for group, ordered in groups if group))
        stored: dict[int, list[tuple[Draft, Message]]] = {}
        for group in results:
            for draft, message in group:
                stored.setdefault(message.conversation_id, []).append((draft, message))
        return list(stored.values())

    async def _insert(self, group: list[tuple[Draft, Message]], ordered: bool) -> list[tuple[Draft, Message]]:
        outcomes = await self._messages.append([message for _, message in group], ordered=ordered)
        stored: list[tuple[Draft, Message]] = []
        again: list[Draft] = []
        for (draft, message), outcome in zip(group, outcomes, strict=True):
            if outcome is Outcome.STORED:
                self._heads[message.conversation_id] = message.seq
                stored.append((draft, message))
            elif outcome is Outcome.REPEATED:
                await self._replay(draft)
            elif outcome is Outcome.REFUSED:
                _fail(draft, Unavailable("The database refused the message."))
            else:
                if outcome is not Outcome.SKIPPED:
                    self._heads.pop(message.conversation_id, None)
                draft.in_doubt |= outcome is Outcome.UNKNOWN
                metrics.APPEND_RETRIES.labels(outcome.value).inc()
                again.append(draft)
        self._again(again)
        return stored

    def _again(self, drafts: list[Draft], reason: str | None = None) -> None:
        """Back to the front, in their order. Their time runs on: `post` gives up on them, not this."""
        for draft in reversed(drafts):
            if reason:
                metrics.APPEND_RETRIES.labels(reason).inc()
            self._waiting.appendleft(draft)

    async def _learn_heads(self, conversation_ids: list[int]) -> None:
        """Majority reads: a seq that a failover may still take back is never built upon."""
        unknown = [id for id in conversation_ids if id not in self._heads]
        found = await asyncio.gather(*map(self._messages.head, unknown), return_exceptions=True)
        for id, head in zip(unknown, found, strict=True):
            if isinstance(head, int):
                self._heads[id] = head
            elif not isinstance(head, Unavailable):
                raise head

    async def _replay(self, draft: Draft) -> None:
        try:
            stored = await self._messages.by_client_id(draft.sender_id, draft.client_id)
        except Unavailable:
            stored = None
        if stored is None:  # there, but not yet with a majority
            draft.in_doubt = True
            self._again([draft], "repeat not visible")
        elif draft.matches(stored):
            await self._fanout.advance([_advance([(draft, stored)])])
            if draft.in_doubt:
                self._stored(stored, draft.conversation)
            else:
                metrics.REPLAYS.inc()
            _answer(draft, stored, created=draft.in_doubt)
        else:
            _fail(draft, IdempotencyConflict("client_id was used before, with another message."))


def _advance(run: list[tuple[Draft, Message]]) -> Advance:
    own: dict[int, int] = {}
    for draft, _ in run:
        own[draft.sender_id] = own.get(draft.sender_id, 0) + 1
    first, last = run[0][1], run[-1][1]
    return Advance(first.conversation_id, first.seq, last.seq, run[0][0].conversation.member_ids, own)


def _answer(draft: Draft, message: Message, *, created: bool) -> None:
    if not draft.answer.done():
        draft.answer.set_result((message, created))


def _fail(draft: Draft, error: Exception) -> None:
    if not draft.answer.done():
        draft.answer.set_exception(error)
        draft.answer.exception()  # looked at, so that a client gone away leaves no warning
