"""What goes on in the background takes little at once, and rests, while people send."""

from __future__ import annotations

import asyncio

import pytest

from chatserver.clock import Clock
from chatserver.services.pace import FEW, MOST, MOST_REST_SECS, REST, STAYS_BUSY_SECS, Pace

STEP_SECS = 0.02


class Moved(Clock):
    """Time passes only where the test says so, and in sleeps."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept = 0.0

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, secs: float) -> None:
        self.at += secs
        self.slept += secs
        await asyncio.sleep(0)


class Worker:
    """Works for STEP_SECS a step, while others have sent `sent` messages."""

    def __init__(self) -> None:
        self.clock, self.sent = Moved(), 0
        self.pace = Pace(self.clock, lambda: self.sent)

    async def step(self, secs: float = STEP_SECS) -> tuple[int, float]:
        """How much it may take, and for how long it had to rest before."""
        self.clock.at += secs
        self.clock.slept = 0.0
        return await self.pace.step(), self.clock.slept


@pytest.mark.gen_test
async def test_where_nobody_sends_it_goes_on_at_once() -> None:
    worker = Worker()
    assert [await worker.step() for _ in range(3)] == [(MOST, 0.0)] * 3


@pytest.mark.gen_test
async def test_where_somebody_sends_it_rests_after_each_step_and_takes_little() -> None:
    worker = Worker()
    for _ in range(3):
        worker.sent += 1
        assert await worker.step() == (FEW, pytest.approx(REST * STEP_SECS))
    worker.sent += 1
    assert await worker.step(60.0) == (FEW, MOST_REST_SECS)


@pytest.mark.gen_test
async def test_it_goes_on_at_once_when_nobody_has_sent_for_a_while() -> None:
    worker = Worker()
    worker.sent += 1
    assert (await worker.step())[0] == FEW
    assert (await worker.step(STAYS_BUSY_SECS / 2))[0] == FEW, "somebody may pause between two messages"
    assert await worker.step(STAYS_BUSY_SECS) == (MOST, 0.0)
