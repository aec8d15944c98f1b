"""Group commit: all sends waiting in this process go out together. A few flushes run, the next collects; no timer.

A flush appends (compare-and-append: the id is the next seq, so whoever is late collides and tries again), fans out,
announces and answers. A conversation is in one flush at a time, which keeps its order; a client that goes away cancels
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from chatserver import failpoints, metrics
from chatserver.clock import Clock
from chatserver.errors import IdempotencyConflict, Invalid, Unavailable
from chatserver.model import MAX_SEQ, Advance, Flushed, KnownVersion, Message, Outcome
from chatserver.ports import FlushStore, MessageStore
from chatserver.sending import large_fanouts
from chatserver.sending.fanout import FanOut
from chatserver.sending.heads import Heads
from chatserver.sending.send import Appended, Numbered, Send, advances
from chatserver.sending.waiting_sends import WaitingSends

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
        flushes: FlushStore,
        fanout: FanOut,
        clock: Clock,
        announce: Callable[[Message, tuple[int, ...]], None],
    ) -> None:
        """`announce` is told of every new message in the order of the log, with its members once they are reached.

        It is told of it without them when they are very many, or the fan-out is put off.
        """
        self._messages = messages
        self._flushes = flushes
        self._fanout = fanout
        self._announce = announce
        self._heads = Heads(messages, clock)
        self._clock = clock
        self._waiting_sends = WaitingSends(clock)
        self._flushing: set[asyncio.Task[None]] = set()
        self._taken: list[int] = []  # how many each flush under way took
        self._began = 0.0  # the last of them
        self._starting = False
        self.stored = 0  # messages, since this node began

    def put(self, send: Send) -> None:
        """Its `answer` comes at its deadline at the latest. Raises Unavailable when too many wait."""
        self._waiting_sends.add(send)
        self._start()

    async def post(self, send: Send) -> tuple[Message, bool]:
        """Raises Unavailable (it may or may not be stored: repeat with the same client_id), IdempotencyConflict."""
        self.put(send)
        return await send.answer

    def found_at(self, conversation_id: int, head: int) -> None:
        """Somebody has looked up the head of this conversation, or it begins here: nobody needs to look again."""
        self._heads.found(conversation_id, head)

    def overtaken(self, message: Message) -> None:
        """Another node stored this."""
        self._heads.overtaken(message)

    async def close(self) -> None:
        """Every send already taken is finished."""
        while self._flushing:
            await asyncio.gather(*self._flushing, return_exceptions=True)
        self._waiting_sends.close()

    def _start(self) -> None:
        """A flush takes what is there when its turn comes: all sends of one loop turn go together."""
        if not self._starting and len(self._taken) < MAX_FLUSHES and self._enough():
            self._starting = True
            task = asyncio.create_task(self._flush())
            self._flushing.add(task)
            task.add_done_callback(self._flushing.discard)

    def _enough(self) -> bool:
        """Beside another flush only with as many as that one took: a smaller one would cost more than it saves."""
        if not self._taken or len(self._waiting_sends) >= max(self._taken):
            return True
        return self._clock.monotonic() - self._began > PATIENCE_SECS

    async def _flush(self) -> None:
        """One after the other while there is something to take."""
        self._starting = False
        while self._enough() and (runs := self._waiting_sends.take(MAX_FLUSH)):
            size = sum(map(len, runs.values()))
            metrics.FLUSH_SIZE.observe(size)
            self._taken.append(size)
            self._began = self._clock.monotonic()
            try:
                await self._commit(runs)
            except Exception as error:  # of this flush; the next one has done nothing wrong
                log.exception("flush failed", messages=size)
                for id, sends in runs.items():
                    self._heads.forget(id)
                    for send in sends:
                        send.fail(error)
            self._taken.remove(size)
            self._waiting_sends.release(runs)

    async def _commit(self, runs: dict[int, list[Send]]) -> None:
        with _APPEND_SECONDS.time():
            numbered = await self._numbered(runs)
            if not numbered:
                return
            foreseen = self._foreseen(numbered)
            claims = self._fanout.claim(foreseen)
            messages = [message for _, message in numbered]
            flushed = await self._flushes.append_and_advance(messages, foreseen, claims)
            appended = await self._appended(numbered, flushed.outcomes)
        for send, message, created in appended:
            send.stored = message, created  # the answer is sure now, whatever else happens
        if not appended:
            return
        with _FAN_OUT_SECONDS.time():
            reached = await self._fan_out(appended, flushed, claims)
        metrics.MESSAGES.inc(new := sum(created for _, _, created in appended))
        self.stored += new
        for _, message, created in appended:
            if created:  # without members it is for every node: they are very many, or the database is away
                self._announce(message, reached.get(message.conversation_id, ()))
        if failpoints.armed:
            await failpoints.reach("before_ack")
        for send, _, _ in appended:
            send.succeed()

    def _foreseen(self, numbered: list[Numbered]) -> list[Advance]:
        """Whom the trip that stores these messages brings forward: a slice at most, nobody while a send is in doubt."""
        if any(send.in_doubt for send, _ in numbered):
            return []
        foreseen, moved = [], 0
        for advance in advances(numbered):
            if advance.is_direct or moved + advance.member_count <= large_fanouts.SLICE:
                moved += advance.member_count
                foreseen.append(advance)
        return foreseen

    async def _fan_out(
        self, appended: list[Appended], flushed: Flushed, claims: Mapping[int, KnownVersion]
    ) -> dict[int, tuple[int, ...]]:
        """conversation → its members. Those that have gone out behind their messages are only finished."""
        advanced = flushed.advances
        if flushed.advances:
            await self._fanout.finish(flushed.advances, claims, flushed.reached)
        gone_out = {advance.conversation_id for advance in flushed.advances}
        left = [(s, message) for s, message, new in appended if not new or s.conversation.id not in gone_out]
        if left:
            advanced = (*advanced, *await self._fanout.advance(advances(left)))
        return {advance.conversation_id: advance.member_ids for advance in advanced}

    async def _numbered(self, runs: dict[int, list[Send]]) -> list[Numbered]:
        """Each with the number that it should get; those of a conversation together and in order."""
        await self._heads.learn(runs)
        found: list[Numbered] = []
        for id, sends in runs.items():
            head = self._heads.get(id)
            if head is None:
                self._again(sends, "head unknown")
                continue
            room = max(0, MAX_SEQ - head)
            for send in sends[room:]:
                send.fail(Invalid.field("conversation_id", "this conversation is full"))
            found += [(send, send.at(seq)) for seq, send in enumerate(sends[:room], head + 1)]
        return found

    async def _appended(self, numbered: list[Numbered], outcomes: Sequence[Outcome]) -> list[Appended]:
        """What is in the log now. The others are answered, or go out again."""
        appended: list[Appended] = []
        again: list[Send] = []
        # One repeat is seldom the only one: who was not tried because of it is looked for as well.
        looked_for = (Outcome.REPEATED, Outcome.SKIPPED) if Outcome.REPEATED in outcomes else ()
        known = await self._stored(
            [d for (d, _), out in zip(numbered, outcomes, strict=True) if out in looked_for]
        )
        for (send, message), outcome in zip(numbered, outcomes, strict=True):
            if outcome is Outcome.STORED:
                self._heads.move(message.conversation_id, message.seq)
                appended.append((send, message, True))
            elif (stored := known.get((send.sender_id, send.client_id))) is not None:
                appended += self._replay(send, stored)
            elif outcome is Outcome.REFUSED:
                send.fail(Unavailable("The database refused the message."))
            else:  # a repeat that is not found is there, but not yet with a majority
                self._not_appended(send, message, outcome)
                again.append(send)
        self._waiting_sends.add_again(again)
        return appended

    def _not_appended(self, send: Send, message: Message, outcome: Outcome) -> None:
        """What is to be thought of the log, and of this send, before it goes out again."""
        if outcome is Outcome.TAKEN:
            self._heads.passed(message.conversation_id)
        elif outcome in (Outcome.UNKNOWN, Outcome.UNSURE):
            self._heads.forget(message.conversation_id)
            send.in_doubt = True
        if outcome is Outcome.UNSURE:  # once more, whoever still waits
            send.owed_until = self._clock.monotonic() + OWED_SECS
        metrics.APPEND_RETRIES.labels(outcome.value).inc()

    def _again(self, sends: list[Send], reason: str) -> None:
        metrics.APPEND_RETRIES.labels(reason).inc(len(sends))
        self._waiting_sends.add_again(sends)

    async def _stored(self, sends: list[Send]) -> dict[tuple[int, str | int], Message]:
        """Those of them that are in the log already."""
        if not sends:
            return {}
        try:
            return await self._messages.by_client_ids([(send.sender_id, send.client_id) for send in sends])
        except Unavailable:
            return {}

    def _replay(self, send: Send, stored: Message) -> list[Appended]:
        if not send.matches(stored):
            send.fail(IdempotencyConflict("client_id was used before, with another message."))
            return []
        created = send.made(stored)
        if not created:
            metrics.REPLAYS.inc()
        return [(send, stored, created)]
