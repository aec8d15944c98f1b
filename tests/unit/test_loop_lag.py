"""What the loop's lag is, and what it is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver import metrics
from chatserver.bus.local import LocalBus
from chatserver.clock import Clock
from chatserver.model import Actor
from chatserver.polls.check import Check
from chatserver.polls.hub import Hub
from tests.support.metrics import value
from tests.support.waiting import in_time

INTERVAL_SECS = 0.3


class Moved(Clock):
    """Time passes only where the test says so: in a sleep, which may take `late` longer than asked."""

    def __init__(self, late: float) -> None:
        self.at = 0.0
        self.late = late

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, secs: float) -> None:
        self.at += secs + self.late
        await asyncio.sleep(0)


@pytest.mark.gen_test
@pytest.mark.parametrize("late", [0.0, 0.7])
async def test_a_slow_database_is_not_taken_for_a_slow_loop(late: float) -> None:
    clock, asked = Moved(late), asyncio.Event()

    class Inboxes:
        async def versions(self, user_ids: list[int]) -> dict[int, int]:
            if clock.at > 60:
                asked.set()
            clock.at += 2.5
            return {}

    hub = Hub(LocalBus(), clock, linger_secs=1e9, held_polls=12)
    hub.enter(Actor(1, 1), None)
    inboxes: Any = Inboxes()
    checking = asyncio.create_task(Check(hub, inboxes, LocalBus(), clock, INTERVAL_SECS).run())

    await in_time(asked.wait())

    checking.cancel()
    await asyncio.gather(checking, return_exceptions=True)
    assert value(metrics.LOOP_LAG_SECONDS) == pytest.approx(late)
