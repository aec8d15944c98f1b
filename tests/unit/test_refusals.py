"""Who waits for a database call that others share is refused in time, also when an earlier call has to fail first."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.deadlines import Deadlines
from chatserver.errors import Unavailable
from chatserver.storage.gate import GATE_LINE, Gate
from chatserver.together import Together
from tests.support.waiting import eventually

LIMIT_SECS = 0.3


def shared_after(event: asyncio.Event) -> Together[int, int]:
    """Its calls are answered when the event is set."""

    async def call(keys: list[int]) -> dict[int, int]:
        await event.wait()
        return {key: key for key in keys}

    return Together(call, Clock(), LIMIT_SECS)


@pytest.mark.gen_test
async def test_who_comes_during_a_call_that_fails_does_not_wait_for_two(io_loop: Any) -> None:
    silence = asyncio.Event()
    shared = shared_after(silence)
    begun = time.monotonic()
    for got in await asyncio.gather(shared.get(1), shared.get(2), shared.get(1), return_exceptions=True):
        assert isinstance(got, Unavailable)
    assert time.monotonic() - begun < 3 * LIMIT_SECS
    silence.set()
    assert await shared.get(3) == 3, "what follows is served again"
    await shared.close()


@pytest.mark.gen_test
async def test_who_goes_away_takes_nothing_from_others_who_ask_the_same(io_loop: Any) -> None:
    go_on = asyncio.Event()
    shared = shared_after(go_on)
    gone, stays = asyncio.ensure_future(shared.get(1)), asyncio.ensure_future(shared.get(1))
    await asyncio.sleep(0)
    gone.cancel()
    go_on.set()
    assert await stays == 1
    await shared.close()


@pytest.mark.gen_test
async def test_each_is_given_up_at_its_own_time_whoever_came_first(io_loop: Any) -> None:
    clock, loop = Clock(), asyncio.get_running_loop()
    over: list[str] = []
    deadlines: Deadlines[str] = Deadlines(clock, over.append)
    futures = {name: loop.create_future() for name in ("late", "early", "answered", "past")}
    began = clock.monotonic()
    for name, secs in (("late", 30.0), ("early", 0.05), ("answered", 0.01)):
        deadlines.add(name, futures[name], began + secs)
    futures["answered"].set_result(None)
    await eventually(lambda: over, within=5)
    deadlines.add("past", futures["past"], began)
    assert over == ["early", "past"]
    deadlines.close()


@pytest.mark.gen_test
async def test_a_line_of_database_calls_that_is_too_long_is_refused_at_once() -> None:
    gate = Gate(1)
    first = asyncio.get_running_loop().create_future()
    calls = [asyncio.ensure_future(gate.call("find", lambda: first))]
    calls += [asyncio.ensure_future(gate.call("find", _nothing)) for _ in range(GATE_LINE)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(gate.call("find", _nothing), 0.1)
    first.set_result(None)
    assert await asyncio.gather(*calls) == [None] * (GATE_LINE + 1), "who was in the line gets through"


async def _nothing() -> None:
    return None
