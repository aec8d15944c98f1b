"""The bench sees what it looks for: A2 and D2 must find losses, and no precaution can be taken out unnoticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.bench.summary import Row
from tests.faults.bench.town import Town
from tests.faults.bench.verdict import percentile
from tests.faults.conftest import Opens
from tests.faults.scenarios.broker import kill_broker
from tests.faults.scenarios.database import kill_database
from tests.faults.scenarios.delivery import race_wake_ups
from tests.faults.scenarios.objectids import read_by_objectid
from tests.faults.scenarios.processes import die_at


@pytest.fixture
def without(planted: Callable[[str], None], row: Row) -> Callable[[str], None]:
    """Start servers that lack one precaution: what they lose is meant to be seen."""
    row.control = True
    return planted


@pytest.mark.gen_test(timeout=900)
async def test_A2_without_the_journal_the_oracle_sees_acknowledged_messages_lost(
    town: Town, opened: Opens, without: Callable[[str], None]
) -> None:
    without("no journal")
    town.start(2)
    # Who was let in or out is lost as well, and members who come and go would be refused what they were told is so.
    async with opened(town, groups=0) as load:
        found = await kill_database(town, load, cycles=4, down_secs=0.5, rate=150, settle_secs=1)
        assert any("not in the history" in lost for lost in found.verdict.lost), found.verdict


@pytest.mark.gen_test
async def test_D2_a_cursor_of_objectids_is_seen_to_skip_events(town: Town) -> None:
    town.row.control = True
    assert len(read_by_objectid(town, events=900).lost) >= 100


@pytest.mark.gen_test
async def test_without_the_range_repair_a_fan_out_that_failed_is_seen_to_be_lost(
    town: Town, opened: Opens, without: Callable[[str], None]
) -> None:
    without("no range repair")
    town.start(2)
    async with opened(town, people=4) as load:
        # Seen only where somebody else writes into the conversation before the send is repeated.
        assert (await die_at(town, load, "before_fanout", times=8, every=10)).lost


@pytest.mark.gen_test
async def test_without_the_check_messages_are_seen_to_wait_while_the_broker_is_away(
    town: Town, opened: Opens, without: Callable[[str], None]
) -> None:
    without("no check")
    town.start(2)
    async with opened(town, people=12, groups=0) as load:
        found = await kill_broker(town, load, cycles=1, down_secs=6.0)
        assert max(found.down_p99) > max(0.5, 0.3 + 3 * found.calm_p99)


@pytest.mark.gen_test
async def test_without_registering_before_the_look_a_poll_is_seen_to_sleep_through_its_bell(
    town: Town, opened: Opens, without: Callable[[str], None]
) -> None:
    without("look, then register")
    env = {"CHATSERVER_FAILPOINTS": "after_check_before_wait=sleep:0.05", "CHATSERVER_CHECK_SECS": "30"}
    town.start(2, env)
    async with opened(town, people=3, wait=5, groups=0) as load:
        assert percentile(await race_wake_ups(town, load, rounds=30, window_secs=0.05), 100) > 1.0


@pytest.mark.parametrize("name", ["head kept at leaving", "floor ignored"])
@pytest.mark.gen_test
async def test_without_it_groups_are_seen_to_leak(
    town: Town, opened: Opens, without: Callable[[str], None], name: str
) -> None:
    without(name)
    town.start(2)
    async with opened(town) as load:
        load.speak(40)
        await town.passes(8)
        assert (await town.conclude(load)).leaked
