"""A: the database dies, freezes, or its answers get lost, under load."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.bench.proxy import Habit, Proxy
from tests.faults.bench.replicas import ReplicaSet
from tests.faults.bench.town import Town, calm_p99, scaled
from tests.faults.bench.verdict import delays, percentile
from tests.faults.conftest import Opens
from tests.faults.scenarios.database import (
    fail_over,
    freeze_database,
    kill_database,
    lose_answers,
    lose_majority,
)


@pytest.fixture
def election_ms() -> int:
    return 2000


@pytest.fixture
def replicas(town: Town, election_ms: int) -> Iterator[ReplicaSet]:
    """Outlives the servers of the test: they are told to stop before it is."""
    made = ReplicaSet(election_ms)
    try:
        yield made.start()
        town.stop()
        town.servers.clear()
    finally:
        made.stop()


@pytest.mark.gen_test(timeout=600)
async def test_A1_ten_kills_of_the_database_lose_none_of_ten_thousand(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=12, devices=2) as load:
        found = await kill_database(town, load, cycles=scaled(10), down_secs=3.0, rate=240, settle_secs=6.5)
        found.verdict.assert_clean(least=scaled(10_000))
        assert max(found.first_accepted) <= 3.0 + 10 * found.calm_p99
        assert max(found.recovered_p99) <= max(0.25, 5 * found.calm_p99)


@pytest.mark.gen_test(timeout=300)
async def test_A3_a_frozen_database_is_an_honest_503_in_three_seconds(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town) as load:
        found = await freeze_database(town, load, cycles=scaled(4), secs=10)
        found.verdict.assert_clean(least=scaled(100))
        assert found.slowest_503 <= 3.0 + 3 * found.calm_p99
        assert max(found.first_accepted) <= 3.0 + 10 * found.calm_p99


@pytest.mark.gen_test(timeout=300)
async def test_A4_a_database_that_is_down_for_a_minute_ends_no_server(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town) as load:
        found = await kill_database(town, load, cycles=1, down_secs=scaled(30))
        found.verdict.assert_clean(least=scaled(100))
        assert all(server.process and server.process.poll() is None for server in town.servers)
        assert max(found.first_accepted) <= 3.0 + 10 * found.calm_p99


@pytest.mark.gen_test(timeout=300)
async def test_A5_a_send_whose_answer_the_database_lost_is_stored_once(town: Town, opened: Opens) -> None:
    proxy = await Proxy(str(town.mongo.socket)).open()
    try:
        town.start(2, mongodb_uri=f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", wait=False)
        await town.ready()
        async with opened(town) as load:
            found = await lose_answers(town, load, proxy, cycles=scaled(10), secs=4)
            found.verdict.assert_clean(least=scaled(100))
            assert found.slowest_503 <= 3.0 + 3 * found.calm_p99
    finally:
        await town.end()
        await proxy.close()


@pytest.mark.gen_test(timeout=400)
async def test_A6_a_replica_set_whose_primary_steps_down_or_dies_loses_nothing(
    town: Town, opened: Opens, replicas: ReplicaSet
) -> None:
    town.start(2, mongodb_uri=replicas.uri)
    async with opened(town) as load:
        found = await fail_over(town, load, replicas, step_downs=scaled(6), kills=scaled(3))
        found.verdict.assert_clean(least=scaled(100))
        assert max(found.first_accepted) <= 6.0 + 3 * found.calm_p99
        assert load.resets == 0


@pytest.mark.parametrize("election_ms", [20_000])
@pytest.mark.gen_test(timeout=300)
async def test_A7_a_primary_whose_majority_is_frozen_acknowledges_nothing_it_may_lose(
    town: Town, opened: Opens, replicas: ReplicaSet
) -> None:
    # Fan-outs dawdle, so that some of what is appended at the moment of the freeze has yet to be fanned out.
    env = {"CHATSERVER_FAILPOINTS": "before_fanout=sleep:0.3"}
    town.start(2, env, mongodb_uri=replicas.uri)
    async with opened(town) as load:
        found = await lose_majority(town, load, replicas, cycles=scaled(3), secs=6)
        found.verdict.assert_clean(least=scaled(100))
        assert found.slowest_503 <= 3.0 + 3 * found.calm_p99


@pytest.mark.gen_test(timeout=300)
async def test_A9_a_database_that_takes_two_seconds_for_everything_is_survived(
    town: Town, opened: Opens
) -> None:
    proxy = await Proxy(str(town.mongo.socket)).open()
    try:
        town.start(2, mongodb_uri=f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", wait=False)
        await town.ready()
        async with opened(town) as load:
            calm = await calm_p99(load, rate=20)
            load.speak(rate=20)
            await town.passes(3)
            proxy.behave(Habit.DELAY, secs=1.0)  # there and back
            await town.passes(scaled(20))
            proxy.behave(Habit.PASS)
            since = load.oracle.note("quick again")
            await town.passes(6)
            (await town.conclude(load)).assert_clean(least=scaled(50))
            p99 = percentile(delays(load.oracle.records(), since + 3), 99)
            town.show(
                f"calm p99 {calm:.3f} s, then {p99:.3f} s; slowest 503 {load.refusals.slowest_503:.2f} s"
            )
            assert load.refusals.slowest_503 <= 3.0 + max(0.5, 3 * calm)
            assert p99 <= max(0.5, 5 * calm)
    finally:
        await town.end()
        await proxy.close()
