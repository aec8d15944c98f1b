"""B7 and B8: brokers of the cluster die one after the other, part company, or carry what nobody of us sent."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest

from tests.cluster.poison import pour
from tests.cluster.town import ClusterTown
from tests.faults.bench.town import calm_p99, scaled
from tests.faults.bench.verdict import delays, percentile
from tests.faults.conftest import Opens
from tests.support.waiting import eventually

RATE = 20.0
AGAIN_SECS = 5.0
TICK_SECS = 0.5  # the check every 0.3 s, and what an answer takes
POISON = 10_000


@pytest.mark.gen_test(timeout=500)
async def test_B7_the_broker_of_each_process_dies_in_turn_and_another_takes_over(
    town: ClusterTown, opened: Opens
) -> None:
    again: list[float] = []
    between: list[float] = []
    async with opened(town, people=12) as load:
        calm = await calm_p99(load, RATE)
        load.speak(RATE)
        for number in range(scaled(6)):
            pids = town.pids()
            victim = town.brokers_of(pids[number % len(pids)])[0]
            lost = sum(victim in town.brokers_of(pid) for pid in pids)
            since = time.monotonic()
            await asyncio.to_thread(victim.kill)
            again.append(await town.moved(victim))
            await town.passes(2.0)
            await load.delivered(within=5)
            between.append(percentile(delays(load.oracle.records(), since), 99))
            await asyncio.to_thread(victim.start)
            await eventually(lambda victim=victim: town.rabbit.running_members(victim) == 3, within=30)
            load.check_readers()
            town.say(f"broker {number + 1} died under {lost} processes; on others after {again[-1]:.1f} s")
        verdict = await town.conclude(load)
        town.show(
            f"{len(again)} brokers killed; on another one after at most {max(again):.1f} s; p99 meanwhile"
            f" {max(between):.2f} s (calm {calm:.2f} s); {load.refusals.retried} sends tried twice"
        )
        verdict.assert_clean(least=100)
        assert load.refusals.retried == 0
        assert max(again) <= AGAIN_SECS + 3 * calm
        assert max(between) <= TICK_SECS + 3 * calm


@pytest.mark.gen_test(timeout=300)
async def test_B8_a_broker_cut_off_from_the_others_pauses_and_everyone_moves(
    town: ClusterTown, opened: Opens
) -> None:
    async with opened(town, people=12) as load:
        calm = await calm_p99(load, RATE)
        load.speak(RATE)
        lonely = town.brokers_of(town.pids()[0])[0]
        since = time.monotonic()
        await asyncio.to_thread(town.rabbit.part, lonely)
        try:
            await eventually(lambda: not lonely.answers(), within=20, why="pause_minority takes it out")
            await town.moved(lonely)
            moved = time.monotonic() - since
            await town.passes(max(0.0, scaled(60) - (time.monotonic() - since)))
        finally:
            await asyncio.to_thread(town.rabbit.heal, lonely)
        healed = time.monotonic()
        await eventually(lambda: lonely.answers() and town.rabbit.running_members(lonely) == 3, within=40)
        await load.delivered(within=5)
        apart = percentile(delays(load.oracle.records(), since, healed), 99)
        verdict = await town.conclude(load)
        town.show(
            f"all on the majority's side after {moved:.1f} s; p99 while apart {apart:.2f} s (calm {calm:.2f} s);"
            f" {load.refusals.retried} sends tried twice"
        )
        verdict.assert_clean(least=100)
        assert load.refusals.retried == 0
        assert apart <= TICK_SECS + 3 * calm


@pytest.mark.gen_test(timeout=200)
async def test_B8_what_strangers_put_on_the_exchange_is_counted_and_ignored(
    town: ClusterTown, opened: Opens
) -> None:
    async with opened(town, people=12) as load:
        calm = await calm_p99(load, RATE)
        load.speak(RATE)
        await town.passes(3.0)
        reconnects, strange = town.total("chat_bus_reconnects_total"), town.strange_bells()
        idle = await _cpu(town, 3.0)
        count = scaled(POISON)
        begun = time.monotonic()
        ids = [device.id for device in load.three()]
        exchange = await asyncio.to_thread(town.exchange)
        await asyncio.to_thread(pour, town.rabbit.nodes[0].url, exchange, count, ids, town.seed)
        poured = time.monotonic() - begun
        await town.passes(5.0)
        after = await _cpu(town, 3.0)
        verdict = await town.conclude(load)
        counted = town.strange_bells() - strange
        town.show(
            f"{count:,} in {poured:.1f} s; {counted:,.0f} counted as no proper bells by 4 processes; CPU of the 4 before"
            f" {idle:.0%}, 5 s after {after:.0%}; p99 {percentile(delays(load.oracle.records(), begun), 99):.2f} s"
            f" (calm {calm:.2f} s)"
        )
        verdict.assert_clean(least=50)
        assert counted >= count / 4
        assert town.total("chat_bus_reconnects_total") == reconnects, "no connection was lost over it"
        assert after <= idle * 1.5 + 0.1


async def _cpu(town: ClusterTown, secs: float) -> float:
    """What the server processes use together, in cores."""
    processes = [psutil.Process(pid) for pid in town.pids()]
    before = sum(sum(process.cpu_times()[:2]) for process in processes)
    await asyncio.sleep(secs)
    return (sum(sum(process.cpu_times()[:2]) for process in processes) - before) / secs
