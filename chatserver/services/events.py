"""The poll: register with the hub, then look, then wait. Any other order loses a wake-up."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec

from chatserver import failpoints, metrics, wire
from chatserver.clock import Clock
from chatserver.cursor import Cursor, parse_cursor
from chatserver.errors import CursorExpired, TokenInvalid, Unavailable
from chatserver.model import UNKNOWN, Actor, Bell, Tail
from chatserver.polls.hub import Hub
from chatserver.polls.inbox_reads import TRUST_SECS, InboxReads
from chatserver.polls.present import Present
from chatserver.polls.waiter import Ended, Ephemeral, Waiter
from chatserver.ports import Bus
from chatserver.services.entries import Batch, Entries
from chatserver.services.kept_places import KeptPlaces
from chatserver.services.notifications import Notifications

JITTER = 0.1  # of the hold, so that people who came together do not come back together
LOOK_AGAIN_SECS = 0.5  # while the database is away, for a poll already held
_EPHEMERAL_ID = 1 << 52  # ids of ephemeral events, apart from all ids made of a version
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class PollRequest:
    """`cursor` None: a client that keeps no place of its own; its session does.

    `original`: a client of the original system whose place is told all the same, as a stream tells it from its second
    look on. It gets what such clients always got, and its session's place goes along.
    `patient`: it is held already, so that the database being away is waited for, even at the first look.
    """

    cursor: Cursor | None
    wait_secs: float
    limit: int
    client: str | None
    jittered: bool = False
    original: bool = False
    patient: bool = False

    @property
    def extended(self) -> bool:
        """Whether this client knows more than the original ones, such as changed messages and groups."""
        return self.cursor is not None and not self.original

    def hold_secs(self) -> float:
        """Another one each time, where it is jittered."""
        return self.wait_secs * (random.uniform(1 - JITTER, 1 + JITTER) if self.jittered else 1)


@dataclass(slots=True)
class PollAnswer:
    """`delivered(written)` must be awaited once the answer went out, or did not."""

    events: list[bytes]
    cursor: Cursor
    more: bool
    ended: Ended | None
    timestamp: float  # epoch seconds
    delivered: Callable[[bool], Awaitable[None]] = field(repr=False)

    @property
    def outcome(self) -> str:
        return "events" if self.events else (self.ended or Ended.TIMEOUT).value


class Events:
    def __init__(
        self,
        hub: Hub,
        inbox_reads: InboxReads,
        entries: Entries,
        kept_places: KeptPlaces,
        notifications: Notifications,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._hub = hub
        self._inbox_reads = inbox_reads
        self._entries = entries
        self._kept_places = kept_places
        self._notifications = notifications
        self._bus = bus
        self._clock = clock

    async def poll(self, actor: Actor, request: PollRequest, started: Callable[[Waiter], None]) -> PollAnswer:
        """Held until there is something, or for the time asked. `started` gets the waiter, to end it early.

        Raises CursorExpired, TokenInvalid when the session is revoked meanwhile, Unavailable when it cannot look.
        """
        present, waiter, known_here = self._hub.enter(actor, request.client)
        try:
            self._announce(waiter, known_here, started)
            return await self._hold(actor, request, present, waiter)
        finally:
            self._hub.leave(present, waiter)

    async def follow(
        self,
        actor: Actor,
        request: PollRequest,
        started: Callable[[Waiter], None],
        give: Callable[[PollAnswer], Awaitable[bool]],
    ) -> None:
        """A poll without an end: `give` gets answer after answer, each from where the one before has led.

        The first comes at once, empty or not; a later one has events, or TIMEOUT when the waiter was told that its
        time is up, or is the last one and says why. A place that is too old is an event, `cursor_expired`, and the
        stream goes on from the fresh one. It ends when `give`, which has `delivered` awaited, says that the answer
        did not get out. Raises TokenInvalid when the session is revoked, Unavailable when it cannot look at first.
        """
        present, waiter, known_here = self._hub.enter(actor, request.client)
        try:
            self._announce(waiter, known_here, started)
            request = replace(request, wait_secs=0.0)
            ended = None
            while ended in (None, Ended.TIMEOUT):
                try:
                    answer = await self._hold(actor, request, present, waiter)
                except CursorExpired as expired:
                    if request.original:  # its session's place gives what there still is
                        request = replace(request, cursor=None)
                        continue
                    answer = self._set_anew(expired.cursor)
                if not await give(answer):
                    return
                request = replace(request, cursor=answer.cursor, wait_secs=math.inf, patient=True)
                ended = answer.ended
                del answer  # of hundreds of kilobytes perhaps, and the wait for the next one may be long
        finally:
            self._hub.leave(present, waiter)

    def _announce(self, waiter: Waiter, known_here: bool, started: Callable[[Waiter], None]) -> None:
        started(waiter)
        if waiter.client is not None and not known_here:
            actor = waiter.actor
            body = {"session_id": actor.session_id, "client": waiter.client, "started": waiter.started}
            self._bus.publish(Bell("supersede", (actor.user_id,), body))

    async def _hold(self, actor: Actor, request: PollRequest, present: Present, waiter: Waiter) -> PollAnswer:
        hold = request.hold_secs()
        deadline = self._clock.monotonic() + hold
        place = request.cursor or self._kept_places.known(actor)
        batch = Batch([], place or Cursor("", 0), False)
        woken = request.patient
        # Until the first look nothing is held, and the database being away is told.
        retry_secs = LOOK_AGAIN_SECS if request.patient else None
        while True:
            waiter.looked()
            ephemerals = self._hub.take_ephemerals(present, waiter, extended=request.extended)
            # For one that was held until now what is known here is as new as a read.
            told = present.after(place) if woken and place else None
            try:
                batch = await self._look(actor, request, present, waiter, place, told)
                place, retry_secs = batch.place, hold
            except Unavailable:
                if retry_secs is None:
                    raise
                batch = Batch([], batch.place, False)
                retry_secs = LOOK_AGAIN_SECS
            if batch.events or ephemerals:
                return self._answer(actor, request, present, batch, ephemerals, None)
            if batch.more and waiter.ended is None:
                continue  # a whole page of what is not for this session: the next may be
            if failpoints.armed:
                await failpoints.reach("after_check_before_wait")
            left = deadline - self._clock.monotonic()
            ended = await waiter.wait(min(left, retry_secs), self._clock)
            woken = ended is Ended.WOKEN
            if woken or (ended is Ended.TIMEOUT and left > retry_secs):
                continue
            if ended is Ended.REVOKED:
                raise TokenInvalid("The session was revoked.")
            return self._answer(actor, request, present, batch, [], ended)

    async def _look(
        self,
        actor: Actor,
        request: PollRequest,
        present: Present,
        waiter: Waiter,
        place: Cursor | None,
        told: Tail | None,
    ) -> Batch:
        """What there is now for this poll. Raises TokenInvalid when its session is over, Unavailable."""
        if waiter.unproved:
            await self._prove(actor, waiter)
        batch = await self._following(actor, request, present, place, told)
        waiter.version = batch.place.version
        if batch.revoked:
            raise TokenInvalid("The session was revoked.")
        if present.owed and request.extended and request.cursor is not None:
            await self._notifications.passed(present, request.cursor)
        return batch

    async def _prove(self, actor: Actor, waiter: Waiter) -> None:
        """That the session is not over, as somebody says it is. Raises TokenInvalid, Unavailable."""
        waiter.unproved = False  # first, because it may be said again meanwhile
        try:
            await self._kept_places.prove(actor)
        except Unavailable:
            waiter.unproved = True
            raise

    async def _following(
        self, actor: Actor, request: PollRequest, present: Present, place: Cursor | None, told: Tail | None
    ) -> Batch:
        # A bell that is still on its way wakes a poll that waits. One that does not has to see for itself.
        if told is None and place is not None and request.wait_secs > 0 and self._nothing_new(present, place):
            return Batch([], place, False)
        if request.cursor is None:
            return await self._kept_places.batch(actor, present, place, told, request.limit)
        place = place or request.cursor
        tail = told or await self._tail(present, place)
        return await self._entries.batch(actor, place, tail, request.limit, request.extended)

    async def _tail(self, present: Present, place: Cursor) -> Tail:
        """What the inbox holds from that place on. Raises CursorExpired when it no longer reaches back that far."""
        tail = await self._inbox_reads.tail(present, place.version)
        if not _covered(place, tail):
            # One more look: the cursor may come from a read that was newer than ours.
            tail = await self._inbox_reads.tail(present, None)
        if not _covered(place, tail):
            metrics.CURSORS_EXPIRED.inc()
            await self._notifications.missed(present)
            raise CursorExpired(str(Cursor(tail.epoch, tail.version)))
        return tail

    def _nothing_new(self, present: Present, place: Cursor) -> bool:
        """Somebody read this version just now, and nothing has rung since."""
        return (
            present.version == place.version
            and present.epoch == place.epoch
            and place.offset == 0
            and self._clock.monotonic() - present.confirmed_at <= TRUST_SECS
        )

    def _answer(
        self,
        actor: Actor,
        request: PollRequest,
        present: Present,
        batch: Batch,
        ephemerals: list[Ephemeral],
        ended: Ended | None,
    ) -> PollAnswer:
        now = self._clock.now()
        events = batch.events + [
            _encode(
                {
                    "id": _EPHEMERAL_ID + e.serial,
                    "event": e.event,
                    "data": e.data,
                    "timestamp": wire.moment(now),
                }
            )
            for e in ephemerals
        ]
        delivered = partial(self._delivered, actor, batch, None if request.extended else present)
        return PollAnswer(events, batch.place, batch.more, ended, now.timestamp(), delivered)

    def _set_anew(self, cursor: str) -> PollAnswer:
        """The answer to a place that is too old."""
        event = _encode({"event": "cursor_expired", "data": {"cursor": cursor}})
        timestamp = self._clock.now().timestamp()
        return PollAnswer([event], parse_cursor(cursor), True, None, timestamp, _nothing_delivered)

    async def _delivered(self, actor: Actor, batch: Batch, present: Present | None, written: bool) -> None:
        """`present`: theirs, where their place is ours to keep."""
        if written:
            self._entries.delivered(actor, batch)
        if present is not None:
            await self._kept_places.delivered(actor, present, batch, written)


async def _nothing_delivered(written: bool) -> None:
    """Of an answer without anything from the inbox."""


def _covered(place: Cursor, tail: Tail) -> bool:
    if place.epoch != tail.epoch or not tail.oldest_version <= place.version <= tail.version:
        return False
    if place.offset == 0:
        return True
    if place.version == tail.version:
        return False
    following = tail.entries[place.version - tail.version]
    return following.kind == UNKNOWN or place.offset < following.size
