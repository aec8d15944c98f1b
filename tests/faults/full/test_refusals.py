"""B4, B6 and B9: the broker raises alarms, turns us away, and waits for one who does not keep up."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.bench.town import Town, scaled
from tests.faults.conftest import Opens
from tests.faults.scenarios.refusals import QUEUE_BOUND, USER, alarm, make_user, refuse, stall_consumer

GROWTH_BYTES = 20 << 20


@pytest.mark.parametrize(("kind", "secs"), [("memory", 36), ("disk", 12)])  # with and without giving up on it
@pytest.mark.gen_test
async def test_B4_an_alarm_of_the_broker_holds_up_bells_and_no_message(
    town: Town, opened: Opens, kind: str, secs: float
) -> None:
    town.start(2)
    async with opened(town, people=12, groups=0) as load:
        before = town.weights()
        found = await alarm(town, load, kind, secs)
        found.verdict.assert_clean(least=scaled(100))
        assert found.refused == 0
        assert max(found.down_p99) <= max(0.5, 0.3 + 3 * found.calm_p99)
        assert max(found.bus_up) <= (16 if secs > 30 else 3) + 10 * found.calm_p99
        assert max(found.healed_p99) <= max(0.15, 5 * found.calm_p99)
        for pid, (bytes, _) in town.weights().items():
            assert bytes <= before[pid][0] + GROWTH_BYTES


@pytest.mark.parametrize("how", ["password", "permission"])
@pytest.mark.gen_test
async def test_B6_a_broker_that_turns_us_away_is_asked_again_and_costs_no_message(
    town: Town, opened: Opens, how: str
) -> None:
    url = await asyncio.to_thread(make_user, town)
    try:
        town.start(2, amqp_url=url)
        async with opened(town, people=12, groups=0) as load:
            found = await refuse(town, load, how, secs=max(15, scaled(20)))
            found.verdict.assert_clean(least=scaled(100))
            assert found.refused == 0
            assert max(found.down_p99) <= max(0.5, 0.3 + 3 * found.calm_p99)
            assert max(found.bus_up) <= 16 + 10 * found.calm_p99
    finally:
        await asyncio.to_thread(town.rabbit.rabbitmqctl, "delete_user", USER)


@pytest.mark.gen_test(timeout=240)
async def test_B9_a_process_that_does_not_keep_up_fills_neither_the_broker_nor_its_own_day(
    town: Town, opened: Opens
) -> None:
    town.start(2)
    stuck_base, free_base = town.bases
    async with (
        opened(town, people=4, groups=0, bases=[stuck_base]) as stuck,
        opened(town, people=8, groups=0, bases=[free_base]) as free,
    ):
        found = await stall_consumer(town, stuck, free, times=scaled(5), secs=5)
        (await town.conclude(stuck)).assert_clean(least=scaled(20))
        (await town.conclude(free)).assert_clean(least=scaled(100))
        town.show(str(found))
        assert 0 < found.longest <= QUEUE_BOUND
        assert found.free_p99 <= max(0.5, 5 * found.calm_p99)
        assert found.slowest <= max(1.0, 10 * found.calm_p99)
        assert free.refusals.retried == 0
