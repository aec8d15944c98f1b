"""Group commit: all sends waiting in this process go out together. A few flushes run, the next collects; no timer.

A flush appends (compare-and-append: the id is the next seq, so whoever is late collides and tries again), fans out,
announces and answers. A conversation is in one flush at a time, which keeps its order; a client that goes away cancels
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import chain

import structlog

from chatserver import failpoints, metrics
from chatserver.clock import Clock
from chatserver.cover import Cover, Covers
from chatserver.draft import Appended, Draft, Numbered, advances
from chatserver.errors import IdempotencyConflict, Invalid, Unavailable
from chatserver.fanout import FanOut
from chatserver.heads import Heads
from chatserver.line import Line
from chatserver.model import MAX_SEQ, Conversation, Message, Outcome
from chatserver.ports import MessageStore

log = structlog.get_logger(__name__)

MAX_FLUSH = 64
# While one flush waits for the journal another is worked on; more would only make them smaller (docs/performance.md).
MAX_FLUSHES = 2
PATIENCE_SECS = 0.25  # with a flush that hangs
OWED_SECS = 10.0  # beyond the answer's own time, for what inboxes may name already
_APPEND_SECONDS = metrics.FLUSH_SECONDS.labels("append")
_FAN_OUT_SECONDS = metrics.FLUSH_SECONDS.labels("fan_out")


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
        self._announce = announce
        self._heads = Heads(messages, clock)
        self._clock = clock
        self._line = Line(clock)
        self._covers = Covers(clock)
        self._flushes: set[asyncio.Task[None]] = set()
        self._taken: list[int] = []  # how many each flush under way took
        self._began = 0.0  # the last of them
        self._starting = False

    def put(self, draft: Draft) -> None:
        """Its `answer` comes at its deadline at the latest. Raises Unavailable when too many wait."""
        self._line.add(draft)
        self._start()

    async def post(self, draft: Draft) -> tuple[Message, bool]:
        """Raises Unavailable (it may or may not be stored: repeat with the same client_id), IdempotencyConflict."""
        self.put(draft)
        return await draft.answer

    def starts_at(self, conversation_id: int) -> None:
        """A conversation just created here has no head to be looked up."""
        if self._heads.get(conversation_id) is None:
            self._heads.move(conversation_id, 0)

    def overtaken(self, message: Message) -> None:
        """Another node stored this."""
        self._heads.overtaken(message)

    async def close(self) -> None:
        """Every send already taken is finished."""
        while self._flushes:
            await asyncio.gather(*self._flushes, return_exceptions=True)
        self._line.close()

    def _start(self) -> None:
        """A flush takes what is there when its turn comes: all sends of one loop turn go together."""
        if not self._starting and len(self._taken) < MAX_FLUSHES and self._enough():
            self._starting = True
            task = asyncio.create_task(self._flush())
            self._flushes.add(task)
            task.add_done_callback(self._flushes.discard)

    def _enough(self) -> bool:
        """Beside another flush only with as many as that one took: a smaller one would cost more than it saves."""
        if not self._taken or len(self._line) >= max(self._taken):
            return True
        return self._clock.monotonic() - self._began > PATIENCE_SECS

    async def _flush(self) -> None:
        """One after the other while there is something to take."""
        self._starting = False
        while self._enough() and (runs := self._line.take(MAX_FLUSH)):
            size = sum(map(len, runs.values()))
            metrics.FLUSH_SIZE.observe(size)
            self._taken.append(size)
            self._began = self._clock.monotonic()
            try:
                await self._commit(runs)
            except Exception as error:  # of this flush; the next one has done nothing wrong
                log.exception("flush failed", messages=size)
                for id, drafts in runs.items():
                    self._heads.forget(id)
                    for draft in drafts:
                        draft.fail(error)
            self._taken.remove(size)
            self._line.release(runs)

    async def _commit(self, runs: dict[int, list[Draft]]) -> None:
        with _APPEND_SECONDS.time():
            groups = await self._numbered(runs)
            cover = self._covers.make(draft for drafts in runs.values() for draft in drafts)
            appended = await self._append(groups, cover)
        if not appended:
            return
        if cover is None:
            _keep(appended)
        try:
            with _FAN_OUT_SECONDS.time():
                await self._fanout.advance(advances(appended), cover)
        except Unavailable:
            self._doubt(appended)
            return
        _keep(appended)
        metrics.MESSAGES.inc(sum(created for _, _, created in appended))
        for draft, message, created in appended:
            if created:
                self._announce(message, draft.conversation)
        if failpoints.armed:
            await failpoints.reach("before_ack")
        for draft, _, _ in appended:
            draft.succeed()

    async def _numbered(self, runs: dict[int, list[Draft]]) -> list[list[Numbered]]:
        """Each run with the numbers that it should get."""
        await self._heads.learn(runs)
        groups = []
        for id, drafts in runs.items():
            head = self._heads.get(id)
            if head is None:
                self._again(drafts, "head unknown")
                continue
            numbered = [(draft, draft.at(seq)) for seq, draft in enumerate(drafts, head + 1)]
            for draft, _ in numbered[max(0, MAX_SEQ - head) :]:
                draft.fail(Invalid.field("conversation_id", "this conversation is full"))
            if numbered := numbered[: max(0, MAX_SEQ - head)]:
                groups.append(numbered)
        return groups

    def _doubt(self, appended: list[Appended]) -> None:
        """They may or may not be stored, and inboxes may name them: once more, whoever still waits."""
        self._covers.failed()
        owed_until = self._clock.monotonic() + OWED_SECS
        drafts = [draft for draft, _, _ in appended]
        for draft in drafts:
            self._heads.forget(draft.conversation.id)
            draft.in_doubt, draft.owed_until = True, owed_until
        self._again(drafts, "not covered")

    async def _append(self, groups: list[list[Numbered]], cover: Cover | None) -> list[Appended]:
        """All in one trip. In order as soon as a conversation has two, because a refused message with others stored
        behind it would be a hole in the log.
        """
        if not groups:
            return []
        numbered = list(chain.from_iterable(groups))
        ordered = len(numbered) > len(groups)
        if cover is not None:
            self._fanout.prepare(advances([(draft, message, True) for draft, message in numbered]), cover)
        messages = [message for _, message in numbered]
        outcomes = await self._messages.append(messages, ordered=ordered, cover=cover)
        appended: list[Appended] = []
        again: list[Draft] = []
        # One repeat is seldom the only one: who was not tried because of it is looked for as well.
        looked_for = (Outcome.REPEATED, Outcome.SKIPPED) if Outcome.REPEATED in outcomes else ()
        known = await self._stored(
            [d for (d, _), out in zip(numbered, outcomes, strict=True) if out in looked_for]
        )
        for (draft, message), outcome in zip(numbered, outcomes, strict=True):
            if outcome is Outcome.STORED:
                self._heads.move(message.conversation_id, message.seq)
                appended.append((draft, message, True))
            elif (stored := known.get((draft.sender_id, draft.client_id))) is not None:
                appended += self._replay(draft, stored)
            elif outcome is Outcome.REFUSED:
                draft.fail(Unavailable("The database refused the message."))
            else:  # a repeat that is not found is there, but not yet with a majority
                if outcome is Outcome.TAKEN:
                    self._heads.passed(message.conversation_id)
                elif outcome is Outcome.UNKNOWN:
                    self._heads.forget(message.conversation_id)
                draft.in_doubt |= outcome is Outcome.UNKNOWN
                metrics.APPEND_RETRIES.labels(outcome.value).inc()
                again.append(draft)
        self._line.add_again(again)
        return appended

    def _again(self, drafts: list[Draft], reason: str) -> None:
        metrics.APPEND_RETRIES.labels(reason).inc(len(drafts))
        self._line.add_again(drafts)

    async def _stored(self, drafts: list[Draft]) -> dict[tuple[int, str | int], Message]:
        """Those of them that are in the log already."""
        if not drafts:
            return {}
        try:
            return await self._messages.by_client_ids(
                [(draft.sender_id, draft.client_id) for draft in drafts]
            )
        except Unavailable:
            return {}

    def _replay(self, draft: Draft, stored: Message) -> list[Appended]:
        if not draft.matches(stored):
            draft.fail(IdempotencyConflict("client_id was used before, with another message."))
            return []
        created = draft.made(stored)
        if not created:
            metrics.REPLAYS.inc()
        return [(draft, stored, created)]


def _keep(appended: list[Appended]) -> None:
    """The answer is sure, whatever else happens."""
    for draft, message, created in appended:
        draft.stored = message, created
