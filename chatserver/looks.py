"""Reading inboxes for polls: all who look in one turn of the loop share one read, and while it runs the next collects.

Also the check that makes up for lost bells: versions of those present, a rotating part of them while the bus is
healthy, all of them while it is not.
"""

from __future__ import annotations

import asyncio

import structlog

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import TokenInvalid, Unavailable
from chatserver.hub import Hub, Present
from chatserver.model import Tail
from chatserver.ports import Bus, InboxStore

log = structlog.get_logger(__name__)

TRUST_SECS = (
    2.0  # how long a confirmed version stands in for a look, and the time in which the check reaches everyone
)
MAX_READ = 500  # inboxes in one read
LIMIT_SECS = 2.8


class Looks:
    def __init__(self, inboxes: InboxStore, clock: Clock) -> None:
        self._inboxes = inboxes
        self._clock = clock
        self._asked: dict[int, tuple[int | None, list[asyncio.Future[Tail]]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def tail(self, present: Present, known: int | None) -> Tail:
        """The inbox as it is now or later. `known`: the version up to which the caller needs no entries.

        Raises Unavailable.
        """
        future: asyncio.Future[Tail] = asyncio.get_running_loop().create_future()
        asked = self._asked.get(present.user_id)
        if asked is None:
            self._asked[present.user_id] = (known, [future])
        else:
            lower = None if known is None or asked[0] is None else min(known, asked[0])
            self._asked[present.user_id] = (lower, [*asked[1], future])
        stamp, began = present.stamp, self._clock.monotonic()
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all())
        try:
            async with asyncio.timeout(LIMIT_SECS):
                tail = await future
        except TimeoutError:  # the read before ours has already used up the time in which a refusal is due
            raise Unavailable("The database does not answer right now.") from None
        present.confirm(tail.version, began, stamp)
        return tail

    async def close(self) -> None:
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_all(self) -> None:
        while self._asked:
            batch = {id: self._asked.pop(id) for id in list(self._asked)[:MAX_READ]}
            metrics.INBOX_READS.inc(len(batch))
            try:
                found = await self._inboxes.tails({id: known for id, (known, _) in batch.items()})
            except Exception as error:
                self._fail(batch, error)
                continue
            for id, (_, futures) in batch.items():
                for future in futures:
                    if future.done():
                        continue
                    if id in found:
                        future.set_result(found[id])
                    else:
                        future.set_exception(TokenInvalid("This account is gone."))

    def _fail(
        self, batch: dict[int, tuple[int | None, list[asyncio.Future[Tail]]]], error: Exception
    ) -> None:
        for _, futures in batch.values():
            for future in futures:
                if not future.done():
                    future.set_exception(error)
                    future.exception()


class Check:
    def __init__(self, hub: Hub, inboxes: InboxStore, bus: Bus, clock: Clock, interval_secs: float) -> None:
        self._hub = hub
        self._inboxes = inboxes
        self._bus = bus
        self._clock = clock
        self._interval_secs = interval_secs
        self._round: list[int] = []

    async def run(self) -> None:
        """Until cancelled."""
        due = self._clock.monotonic()
        while True:
            due += self._interval_secs
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
            late = self._clock.monotonic() - due
            metrics.LOOP_LAG_SECONDS.set(max(0.0, late))
            due = max(due, self._clock.monotonic() - self._interval_secs)
            metrics.BUS_UP.set(self._bus.state == "up")
            self._hub.expire()
            try:
                with metrics.CHECK_SECONDS.time():
                    await self.check(self._turn())
            except Unavailable:
                log.info("check put off: the database is away")
            except Exception:
                log.exception("check failed")

    async def check(self, presents: list[Present]) -> None:
        """One read of the versions of these; whoever sleeps behind one is woken.

        Each poll is asked for itself: what is known of a person may come from a poll of another device.
        """
        if not presents:
            return
        began = self._clock.monotonic()
        before = [(present, present.stamp) for present in presents]
        versions = await self._inboxes.versions([present.user_id for present in presents])
        for present, stamp in before:
            version = versions.get(present.user_id)
            if version is None or present.stamp != stamp:
                continue
            if any(waiter.sleeps_before(version) for waiter in present.waiters):
                if present.version is not None:  # else a bell did ring, and left the sending session asleep
                    metrics.CHECK_WAKEUPS.inc()
                self._hub.ring([present.user_id])
            else:
                present.confirm(version, began, stamp)

    def _turn(self) -> list[Present]:
        """Everyone while bells may be lost, else the next part, such that all are reached within TRUST_SECS."""
        if self._bus.state != "up":
            self._round.clear()
            return list(self._hub)
        if not self._round:
            self._round = [present.user_id for present in self._hub]
        part = -(-len(self._hub) * self._interval_secs * 1.2 // TRUST_SECS)
        chosen = {self._round.pop() for _ in range(min(int(part), len(self._round)))}
        found = [present for id in chosen if (present := self._hub.get(id))]
        found += [p for p in self._hub if p.user_id not in chosen and not self._bus.is_bound(p.user_id)]
        return found
