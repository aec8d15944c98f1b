"""B: the broker dies, is not there, falls silent or forgets us, under load."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.faults.bench.town import Town, calm_p99, scaled
from tests.faults.bench.verdict import delays, percentile
from tests.faults.conftest import Opens
from tests.faults.scenarios.broker import DELETED, all_up, delete, kill_broker, links, silence_broker
from tests.support.waiting import eventually


@pytest.mark.gen_test(timeout=900)
async def test_B1_four_kills_of_the_broker_refuse_and_lose_nothing(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=12, devices=2) as load:
        found = await kill_broker(town, load, cycles=scaled(4), down_secs=10, rate=20)
        found.verdict.assert_clean(least=scaled(200))
        assert found.refused == 0
        assert max(found.down_p99) <= max(0.5, 0.3 + 3 * found.calm_p99)
        assert max(found.bus_up) <= 16 + 10 * found.calm_p99


@pytest.mark.gen_test(timeout=300)
async def test_B2_a_broker_that_is_not_there_at_the_start_keeps_nobody_waiting(
    town: Town, opened: Opens
) -> None:
    town.rabbit.kill()
    town.start(2)
    async with opened(town) as load:
        since = load.oracle.note("without a broker")
        load.speak(rate=20)
        await town.passes(scaled(20))
        down = percentile(delays(load.oracle.records(), since), 99)
        await asyncio.to_thread(town.rabbit.start)
        await eventually(lambda: all_up(town))
        await load.hush()
        calm = await calm_p99(load, rate=20)
        (await town.conclude(load)).assert_clean(least=scaled(100))
        town.show(f"p99 without a broker {down:.3f} s, with one {calm:.3f} s")
        assert down <= max(1.0, 0.3 + 3 * calm)


@pytest.mark.gen_test(timeout=400)
async def test_B3_a_silent_broker_is_found_out_and_makes_messages_late_by_a_tick(
    town: Town, opened: Opens
) -> None:
    town.start(2)
    async with opened(town, people=12, groups=0) as load:
        found = await silence_broker(town, load, cycles=1, down_secs=scaled(40))
        found.verdict.assert_clean(least=scaled(100))
        assert found.refused == 0
        assert max(found.down_p99) <= 2.3 + 3 * found.calm_p99, (
            "until it is found out, the slow round finds it"
        )


@pytest.mark.gen_test(timeout=300)
async def test_B5_connections_closed_by_the_broker_are_opened_again(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town) as load:
        load.speak(rate=20)
        slowest = 0.0
        for number in range(scaled(10)):
            await asyncio.to_thread(town.rabbit.rabbitmqctl, "close_all_connections", "test")
            closed = time.monotonic()
            await eventually(lambda: all_up(town))
            slowest = max(slowest, time.monotonic() - closed)
            town.say(f"closed {number + 1} times")
        for what in DELETED:
            await asyncio.to_thread(delete, town, what)
            await town.passes(7.0)  # what is missing shows when probes do not come back
            await eventually(lambda: all_up(town))
            town.say(f"{what} deleted by hand and there again")
        (await town.conclude(load)).assert_clean(least=scaled(20))
        town.show(f"up again after at most {slowest:.1f} s")
        assert load.refusals.retried == 0
        assert links(town) == [2, 2], "one to ring and one to listen, of each server"
