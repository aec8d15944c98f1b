"""Who waits for a database call that others share is refused in time, also when an earlier call has to fail first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.deadlines import Deadlines
from chatserver.errors import Unavailable
from chatserver.storage.gate import GATE_LINE, Gate
from tests.support.clock import MovedClock

LIMIT_SECS = 0.3


def shared_after(event: asyncio.Event, clock: Clock) -> BatchedCalls[int, int]:
    """Its calls are answered when the event is set."""

    async def call(keys: list[int]) -> dict[int, int]:
        await event.wait()
        return {key: key for key in keys}

    return BatchedCalls(call, clock, LIMIT_SECS)


@pytest.mark.gen_test
async def test_who_comes_during_a_call_that_fails_does_not_wait_for_two(io_loop: Any) -> None:
    silence = asyncio.Event()
    clock = MovedClock()
    shared = shared_after(silence, clock)
    asked = [asyncio.ensure_future(shared.get(key)) for key in (1, 2)]
    await asyncio.sleep(0)
    clock.passed = LIMIT_SECS / 2
    asked.append(asyncio.ensure_future(shared.get(1)))
    await asyncio.sleep(0)
    for passed, given_up in ((0.99, 0), (1.01, 2), (1.49, 2), (1.51, 3)):
        clock.passed = LIMIT_SECS * passed
        await asyncio.sleep(0)
        assert sum(each.done() for each in asked) == given_up, passed
    for got in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(got, Unavailable)
    silence.set()
    assert await shared.get(3) == 3, "what follows is served again"
    await shared.close()


@pytest.mark.gen_test
async def test_who_goes_away_takes_nothing_from_others_who_ask_the_same(io_loop: Any) -> None:
    go_on = asyncio.Event()
    shared = shared_after(go_on, MovedClock())
    gone, stays = asyncio.ensure_future(shared.get(1)), asyncio.ensure_future(shared.get(1))
    await asyncio.sleep(0)
    gone.cancel()
    go_on.set()
    assert await stays == 1
    await shared.close()


@pytest.mark.gen_test
async def test_each_is_given_up_at_its_own_time_whoever_came_first(io_loop: Any) -> None:
    clock, loop = MovedClock(), asyncio.get_running_loop()
    over: list[str] = []
    deadlines: Deadlines[str] = Deadlines(clock, over.append)
    futures = {name: loop.create_future() for name in ("late", "early", "answered", "past")}
    began = clock.monotonic()
    for name, secs in (("late", 30.0), ("early", 5.0), ("answered", 1.0)):
        deadlines.add(name, futures[name], began + secs)
    futures["answered"].set_result(None)
    clock.passed = 4.9
    assert over == []
    clock.passed = 5.0
    assert over == ["early"]
    deadlines.add("past", futures["past"], began)
    assert over == ["early", "past"]
    clock.passed = 29.9
    assert over == ["early", "past"] and clock.waiting == 1, "one timer for all of them"
    clock.passed = 30.0
    assert over == ["early", "past", "late"] and clock.waiting == 0
    deadlines.close()


@pytest.mark.gen_test
async def test_a_line_of_database_calls_that_is_too_long_is_refused_at_once() -> None:
    gate = Gate(1, MovedClock())
    first = asyncio.get_running_loop().create_future()
    calls = [asyncio.ensure_future(gate.call("find", lambda: first))]
    calls += [asyncio.ensure_future(gate.call("find", _nothing)) for _ in range(GATE_LINE)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):  # at once: the clock stands still
        await gate.call("find", _nothing)
    first.set_result(None)
    assert await asyncio.gather(*calls) == [None] * (GATE_LINE + 1), "who was in the line gets through"


async def _nothing() -> None:
    return None
