"""The check that makes up for lost bells: versions of those present, a rotating part of them while the bus is healthy,
all of them while it is not.
"""

from __future__ import annotations

import structlog

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.polls.hub import Hub
from chatserver.polls.inbox_reads import TRUST_SECS
from chatserver.polls.present import Present
from chatserver.ports import Bus, InboxStore

log = structlog.get_logger(__name__)


class Check:
    def __init__(self, hub: Hub, inboxes: InboxStore, bus: Bus, clock: Clock, interval_secs: float) -> None:
        self._hub = hub
        self._inboxes = inboxes
        self._bus = bus
        self._clock = clock
        self._interval_secs = interval_secs
        self._round: list[int] = []
        self._reconnects = bus.reconnects

    async def run(self) -> None:
        """Until cancelled."""
        due = self._clock.monotonic()
        while True:
            due += self._interval_secs
            began = self._clock.monotonic()
            wait_secs = max(0.0, due - began)
            await self._clock.sleep(wait_secs)
            # Of the sleep alone: that the check before took long says something of the database, not of this loop.
            late = self._clock.monotonic() - began - wait_secs
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
        stamps = [present.stamp for present in presents]
        versions = await self._inboxes.versions([present.user_id for present in presents])
        for present, stamp in zip(presents, stamps, strict=True):
            version = versions.get(present.user_id)
            if version is None or present.stamp != stamp:
                continue
            for waiter in present.waiters:
                if waiter.sleeps_before(version):
                    # Else a bell did ring, and left the sending session asleep.
                    if present.version not in (None, version):
                        metrics.CHECK_WAKEUPS.inc()
                    self._hub.ring([present.user_id])
                    break
            else:
                present.confirm(version, began, stamp)

    def _turn(self) -> list[Present]:
        """Everyone while bells may be lost, else the next part, such that all are reached within TRUST_SECS."""
        if self._bus.state != "up" or self._bus.reconnects != self._reconnects:
            self._reconnects = self._bus.reconnects
            self._round.clear()
            self._hub.unsettle()
            return list(self._hub)
        if self._hub.take_doubt():
            return list(self._hub)
        if not self._round:
            self._round = [present.user_id for present in self._hub]
        part = -(-len(self._hub) * self._interval_secs * 1.2 // TRUST_SECS)
        chosen = {self._round.pop() for _ in range(min(int(part), len(self._round)))}
        found = [known for id in chosen if (known := self._hub.get(id))]
        return found + [p for p in self._unsettled() if p.user_id not in chosen]

    def _unsettled(self) -> list[Present]:
        """Whose bells may not have come here. Once they are bound there is one more look, for those just before that."""
        unsettled = list(self._hub.unsettled.values())
        for present in unsettled:
            if self._bus.is_bound(present.user_id):
                del self._hub.unsettled[present.user_id]
        return unsettled
