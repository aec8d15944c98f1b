"""Turns: one at a time for a key, others beside it, and a bound on who waits."""

from __future__ import annotations

import asyncio

import pytest

from chatserver.errors import RateLimited
from chatserver.guard.one_at_a_time import WAITING, OneAtATime
from tests.support.waiting import eventually


@pytest.mark.gen_test
async def test_turns_of_one_key_follow_each_other_and_those_of_another_do_not_wait() -> None:
    turns, under_way, most = OneAtATime(), 0, 0
    order: list[int] = []

    async def one(n: int) -> None:
        nonlocal under_way, most
        async with turns.turn("history", 1):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            order.append(n)
            under_way -= 1

    async with turns.turn("history", 2):
        await asyncio.gather(*(one(n) for n in range(10)))
    assert (most, order) == (1, list(range(10)))


@pytest.mark.gen_test
async def test_who_comes_when_too_many_wait_is_told_to_come_back_and_who_gives_up_makes_room() -> None:
    turns, open_up = OneAtATime(), asyncio.Event()

    async def waits() -> None:
        async with turns.turn("history", 1):
            await open_up.wait()

    waiting = [asyncio.ensure_future(waits()) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await waits()
    waiting[-1].cancel()
    await eventually(waiting[-1].done)
    waiting[-1] = asyncio.ensure_future(waits())
    open_up.set()
    await asyncio.gather(*waiting)
