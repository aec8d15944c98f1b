"""C: servers die, stall and are restarted under load."""

from __future__ import annotations

import pytest

from tests.faults.bench.town import Town, calm_p99, scaled
from tests.faults.conftest import Opens
from tests.faults.scenarios.processes import die_at, drain_in_turn, kill_at_random, orphan, stall


@pytest.mark.parametrize("point", ["after_append", "before_fanout", "after_fanout", "before_ack"])
@pytest.mark.gen_test(timeout=600)
async def test_C1_a_server_killed_there_again_and_again_loses_nothing(
    town: Town, opened: Opens, point: str
) -> None:
    town.start(2)
    async with opened(town) as load:
        verdict = await die_at(town, load, point, times=scaled(15), every=40, rate=200)
        verdict.assert_clean(least=scaled(15) * 50)


@pytest.mark.parametrize("point", ["after_claim", "after_join", "after_members", "after_finish"])
@pytest.mark.gen_test(timeout=600)
async def test_C1_a_server_killed_while_conversations_begin_loses_nothing(
    town: Town, opened: Opens, point: str
) -> None:
    town.start(2)
    for _ in range(scaled(10)):
        async with opened(town, people=16) as load:
            verdict = await die_at(town, load, point, times=1, every=5, rate=40)
            verdict.assert_clean(least=20)


@pytest.mark.gen_test
async def test_C1_what_a_dead_server_stored_and_nobody_repeats_is_brought_by_the_other(
    town: Town, opened: Opens
) -> None:
    town.start(2)
    async with opened(town, people=4) as load:
        await orphan(town, load)
        (await town.conclude(load)).assert_clean(least=0)


@pytest.mark.gen_test
async def test_C1_what_a_dead_server_stored_it_brings_itself_as_soon_as_it_is_back(
    town: Town, opened: Opens
) -> None:
    """No other sweep can: none comes before the end of this test."""
    town.start(2, {"CHATSERVER_SWEEP_SECS": "300"})
    async with opened(town, people=4) as load:
        await orphan(town, load, back=True)
        (await town.conclude(load)).assert_clean(least=0)


@pytest.mark.gen_test(timeout=600)
async def test_C2_a_server_killed_every_few_seconds_loses_nothing(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=12) as load:
        verdict = await kill_at_random(town, load, times=scaled(30), every_secs=3, rate=250)
        verdict.assert_clean(least=scaled(10_000))


@pytest.mark.gen_test(timeout=300)
async def test_C3_C4_five_rolling_restarts_are_not_noticed(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=12) as load:
        found = await drain_in_turn(town, load, rounds=2 * scaled(5), rate=100)
        found.verdict.assert_clean(least=scaled(100))
        assert max(found.exits) <= 6.0 + 10 * found.p99
        assert found.cut == 0


@pytest.mark.gen_test(timeout=300)
async def test_C5_a_loop_that_stood_still_catches_up_at_once(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town) as load:
        calm = await calm_p99(load, rate=40)
        verdict, slowest = await stall(town, load, times=scaled(10), secs=2)
        verdict.assert_clean(least=scaled(40))
        town.show(f"calm p99 {calm:.3f} s")
        assert slowest <= 2 + max(1.0, 10 * calm)
