"""Group commit: all sends waiting in this process go out together. One flush runs, the next collects; no timer.

Two stages, each with one call under way: the first appends (compare-and-append: the id is the next seq, so whoever is
late collides and tries again), the second fans out and answers. A client that goes away cancels nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog
from cachetools import LRUCache

from chatserver import failpoints, metrics
from chatserver.clock import Clock
from chatserver.draft import Draft
from chatserver.errors import IdempotencyConflict, Invalid, Unavailable
from chatserver.fanout import FanOut
from chatserver.model import MAX_SEQ, Advance, Conversation, Message, Outcome
from chatserver.ports import MessageStore

log = structlog.get_logger(__name__)

MAX_WAITING = 2_000
MAX_FLUSH = 64
_APPEND_SECONDS = metrics.FLUSH_SECONDS.labels("append")
_FAN_OUT_SECONDS = metrics.FLUSH_SECONDS.labels("fan_out")
HEADS = 100_000  # conversations whose head is remembered


class Writer:
    def __init__(
        self,
        messages: MessageStore,
        fanout: FanOut,
        clock: Clock,
        announce: Callable[[Message, Conversation], None],
    ) -> None:
        """`announce` is told of every new message after its fan-out, in the order of the log."""
        self._messages = messages
        self._fanout = fanout
        self._clock = clock
        self._announce = announce
        self._heads: LRUCache[int, int] = LRUCache(HEADS)
        self._waiting: deque[Draft] = deque()
        self._stored: list[tuple[Draft, Message, bool]] = []
        self._appending: asyncio.Task[None] | None = None
        self._fanning: asyncio.Task[None] | None = None

    async def post(self, draft: Draft) -> tuple[Message, bool]:
        """Raises Unavailable (it may or may not be stored: repeat with the same client_id), IdempotencyConflict."""
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("Too many messages are waiting to be stored.")
        loop = asyncio.get_running_loop()
        timer = loop.call_later(draft.deadline - self._clock.monotonic(), draft.expire)
        self._waiting.append(draft)
        if self._appending is None or self._appending.done():
            self._appending = asyncio.create_task(self._append_all())
        try:
            return await asyncio.shield(draft.answer)
        finally:
            timer.cancel()

    def starts_at(self, conversation_id: int) -> None:
        """A conversation just created here has no head to be looked up."""
        self._heads.setdefault(conversation_id, 0)

    async def close(self) -> None:
        """Every send already taken is finished."""
        while running := [stage for stage in (self._appending, self._fanning) if stage and not stage.done()]:
            await asyncio.gather(*running, return_exceptions=True)

    async def _append_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(MAX_FLUSH, len(self._waiting)))]
            batch = [draft for draft in batch if not draft.answer.done()]
            runs: dict[int, list[Draft]] = {}
            for draft in batch:
                runs.setdefault(draft.conversation.id, []).append(draft)
            metrics.FLUSH_SIZE.observe(len(batch))
            try:
                with _APPEND_SECONDS.time():
                    await self._append(runs)
            except Exception as error:  # of this flush; the next one has done nothing wrong
                log.exception("append failed", messages=len(batch))
                for draft in batch:
                    draft.fail(error)

    def _appended(self, draft: Draft, message: Message, *, created: bool) -> None:
        """On to the second stage: its database call overlaps with the next append."""
        draft.stored = message, created
        self._stored.append((draft, message, created))
        if self._fanning is None or self._fanning.done():
            self._fanning = asyncio.create_task(self._fan_out_all())

    async def _fan_out_all(self) -> None:
        while self._stored:
            batch, self._stored = self._stored, []
            with _FAN_OUT_SECONDS.time():
                await self._fanout.advance(_advances(batch))
            for draft, message, created in batch:
                if created:
                    self._announce(message, draft.conversation)
            if failpoints.armed:
                await failpoints.reach("before_ack")
            for draft, _, _ in batch:
                draft.succeed()

    async def _append(self, runs: dict[int, list[Draft]]) -> None:
        """Conversations with one message go out in one unordered insert. A longer run goes alone and in order, because
        a refused message with others stored behind it would be a hole in the log.
        """
        await self._learn_heads(list(runs))
        singles: list[tuple[Draft, Message]] = []
        groups = [(singles, False)]
        for id, drafts in runs.items():
            head = self._heads.get(id)
            if head is None:
                self._again(drafts, "head unknown")
                continue
            numbered = [(draft, draft.at(seq)) for seq, draft in enumerate(drafts, head + 1)]
            for draft, message in numbered:
                if message.seq > MAX_SEQ:
                    draft.fail(Invalid.field("conversation_id", "this conversation is full"))
            numbered = [(draft, message) for draft, message in numbered if message.seq <= MAX_SEQ]
            if len(numbered) == 1:
                singles += numbered
            else:
                groups.append((numbered, True))
        inserts = [self._insert(group, ordered) for group, ordered in groups if group]
        for surprise in await asyncio.gather(*inserts, return_exceptions=True):
            if surprise is not None:
                raise surprise

    async def _insert(self, group: list[tuple[Draft, Message]], ordered: bool) -> None:
        outcomes = await self._messages.append([message for _, message in group], ordered=ordered)
        again: list[Draft] = []
        for (draft, message), outcome in zip(group, outcomes, strict=True):
            if outcome is Outcome.STORED:
                self._heads[message.conversation_id] = message.seq
                metrics.MESSAGES.inc()
                self._appended(draft, message, created=True)
            elif outcome is Outcome.REPEATED:
                await self._replay(draft)
            elif outcome is Outcome.REFUSED:
                draft.fail(Unavailable("The database refused the message."))
            else:
                if outcome is not Outcome.SKIPPED:
                    self._heads.pop(message.conversation_id, None)
                draft.in_doubt |= outcome is Outcome.UNKNOWN
                metrics.APPEND_RETRIES.labels(outcome.value).inc()
                again.append(draft)
        self._again(again)

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
            self._again([draft], "repeat not visible")
        elif draft.matches(stored):
            created = draft.made(stored)
            if not created:
                metrics.REPLAYS.inc()
            self._appended(draft, stored, created=created)
        else:
            draft.fail(IdempotencyConflict("client_id was used before, with another message."))


def _advances(batch: list[tuple[Draft, Message, bool]]) -> list[Advance]:
    """One for each unbroken run of a conversation: several flushes may have met here."""
    runs: list[list[tuple[Draft, Message]]] = []
    last: dict[int, list[tuple[Draft, Message]]] = {}
    for draft, message, _ in batch:
        run = last.get(message.conversation_id)
        if run is None or run[-1][1].seq + 1 != message.seq:
            run = last[message.conversation_id] = []
            runs.append(run)
        run.append((draft, message))
    advances = []
    for run in runs:
        own: dict[int, int] = {}
        for draft, _ in run:
            own[draft.sender_id] = own.get(draft.sender_id, 0) + 1
        first, newest = run[0][1], run[-1][1]
        members = run[0][0].conversation.member_ids
        advances.append(Advance(first.conversation_id, first.seq, newest.seq, members, own))
    return advances
