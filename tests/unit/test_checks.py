"""Whom the check looks at while the bus is healthy: everybody in turn, and at once whoever a bell may have missed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver.bus.local import LocalBus
from chatserver.model import Actor
from chatserver.polls.check import Check
from chatserver.polls.hub import Hub
from tests.support.clock import MovedClock

PEOPLE = 100
INTERVAL_SECS = 0.3


class SlowBindings(LocalBus):
    """Whose broker confirms a binding when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.confirmed: set[int] = set()
        self.up = True

    @property
    def state(self) -> str:
        return "up" if self.up else "down"

    def is_bound(self, user_id: int) -> bool:
        return user_id in self.confirmed


class Crowd:
    """A hundred people on a node whose check runs by a clock of its own."""

    def __init__(self) -> None:
        self.bus = SlowBindings()
        self._clock = MovedClock()
        self._asked: list[list[int]] = []
        hub = Hub(self.bus, self._clock, linger_secs=1e9, held_polls=12)
        for user_id in range(1, PEOPLE + 1):
            hub.enter(Actor(user_id, user_id), None)
        inboxes: Any = self
        self.checking = asyncio.ensure_future(Check(hub, inboxes, self.bus, self._clock, INTERVAL_SECS).run())

    async def versions(self, user_ids: list[int]) -> dict[int, int]:
        self._asked.append(user_ids)
        return {}

    async def looked_at(self) -> set[int]:
        """Those whose versions the next check asks for."""
        before = len(self._asked)
        while len(self._asked) == before:
            self._clock.passed += INTERVAL_SECS
            await asyncio.sleep(0)
        assert len(self._asked) == before + 1
        return set(self._asked[-1])


@pytest.fixture
def crowd(io_loop: Any) -> Iterator[Crowd]:
    async def make() -> Crowd:
        return Crowd()

    made = io_loop.run_sync(make)
    yield made
    made.checking.cancel()


@pytest.mark.gen_test
async def test_whoever_is_bound_now_is_looked_at_once_more_and_then_in_turn(crowd: Crowd) -> None:
    everybody = set(range(1, PEOPLE + 1))
    assert await crowd.looked_at() == everybody
    crowd.bus.confirmed = set(everybody)
    assert await crowd.looked_at() == everybody
    for _ in range(3):
        looked_at = await crowd.looked_at()
    assert len(looked_at) <= PEOPLE // 4


@pytest.mark.gen_test
async def test_after_an_outage_everybody_is_looked_at_although_all_are_bound_again(crowd: Crowd) -> None:
    crowd.bus.confirmed = set(range(1, PEOPLE + 1))
    for _ in range(3):
        await crowd.looked_at()
    assert len(await crowd.looked_at()) <= PEOPLE // 4
    crowd.bus.up = False
    assert len(await crowd.looked_at()) == PEOPLE
    crowd.bus.up = True
    assert len(await crowd.looked_at()) == PEOPLE
