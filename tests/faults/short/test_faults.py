"""Short forms of A1, B1, C1 and C3: database, broker and servers die under load.

Losses, repeats and order are judged without mercy. Times are shown and kept, and judged by the long forms only.
"""

from __future__ import annotations

import pytest

from tests.faults.bench.town import SHORT_SECS, Town
from tests.faults.conftest import Opens
from tests.faults.scenarios.broker import kill_broker
from tests.faults.scenarios.database import kill_database
from tests.faults.scenarios.processes import die_at, drain_in_turn, orphan


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_A1_a_database_killed_under_load_loses_nothing_acknowledged(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town) as load:
        found = await kill_database(town, load, cycles=2, down_secs=1.0, settle_secs=3.0)
        found.verdict.assert_clean(least=200)


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_B1_a_broker_killed_under_load_refuses_and_loses_nothing(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=12) as load:
        found = await kill_broker(town, load, cycles=1, down_secs=6.0)
        found.verdict.assert_clean(least=60)
        assert found.refused == 0, "sends need no broker"


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_C1_a_server_killed_at_each_step_of_a_send_loses_and_repeats_nothing(
    town: Town, opened: Opens
) -> None:
    for point in ("after_append", "before_fanout", "after_fanout", "before_ack"):
        if not town.servers:
            town.start(2, {"CHATSERVER_SWEEP_SECS": "2"})
        async with opened(town, people=4) as load:
            (await die_at(town, load, point, times=1, every=15)).assert_clean(least=20)
    async with opened(town, people=4) as load:
        await orphan(town, load)


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_C1_a_server_killed_at_each_step_of_a_conversations_beginning_loses_and_repeats_nothing(
    town: Town, opened: Opens
) -> None:
    town.start(2, {"CHATSERVER_SWEEP_SECS": "2"})
    for point in ("after_claim", "after_join", "after_members", "after_finish"):
        async with opened(town, people=10) as load:  # who have not met: they would run out of first messages
            (await die_at(town, load, point, times=1, every=3)).assert_clean(least=10)


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_C3_a_drain_under_load_cuts_no_answer_and_fails_no_send(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town) as load:
        found = await drain_in_turn(town, load, rounds=2)
        found.verdict.assert_clean(least=80)
        assert found.cut == 0
