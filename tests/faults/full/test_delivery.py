"""D: order, repeats, wake-ups and cursors, at full length."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.bench.town import Town, scaled
from tests.faults.bench.verdict import delays, percentile
from tests.faults.conftest import Opens
from tests.faults.scenarios.delivery import (
    away_too_long,
    crowd_one_conversation,
    race_cursors,
    race_wake_ups,
    repeat_at_once,
)
from tests.faults.scenarios.equivalence import compare_snapshots
from tests.faults.scenarios.membership import race_memberships

HOLD_SECS = 50
HEARD_SECS = HOLD_SECS * 0.6  # whoever slept through a bell has it at the end of the hold
MORE_THAN_ANY_RING = 250  # sends of two mouths: two of them may be one entry


@pytest.mark.gen_test(timeout=400)
async def test_D1_no_cursor_of_any_reader_overtakes_a_write_of_three_processes(
    town: Town, opened: Opens
) -> None:
    town.start(3)
    async with opened(town, people=12, devices=4) as load:
        (await race_cursors(town, load, sends=scaled(20_000))).assert_clean(least=scaled(20_000))


@pytest.mark.gen_test(timeout=200)
async def test_D3_three_processes_keep_one_order_in_a_hot_conversation(town: Town, opened: Opens) -> None:
    town.start(3)
    async with opened(town, people=2, devices=3) as load:
        verdict, _ = await crowd_one_conversation(town, load, sends=scaled(8000))
        verdict.assert_clean(least=scaled(8000))


@pytest.mark.gen_test(timeout=400)
async def test_D4_five_hundred_ids_twenty_times_each_are_five_hundred_messages(
    town: Town, opened: Opens
) -> None:
    town.start(3)
    async with opened(town, people=6) as load:
        (await repeat_at_once(town, load, ids=scaled(500))).assert_clean(least=2 * scaled(500))


@pytest.mark.gen_test(timeout=400)
async def test_D6_six_hundred_bells_between_look_and_wait_are_heard(town: Town, opened: Opens) -> None:
    """No check can help: see the short form."""
    gap = 0.05
    env = {"CHATSERVER_FAILPOINTS": f"after_check_before_wait=sleep:{gap}", "CHATSERVER_CHECK_SECS": "300"}
    town.start(2, env)
    async with opened(town, people=3, wait=HOLD_SECS, groups=0) as load:
        assert max(await race_wake_ups(town, load, rounds=scaled(600), window_secs=gap)) < HEARD_SECS


@pytest.mark.gen_test(timeout=240)
async def test_D7_who_was_away_too_long_is_told_once_and_misses_nothing(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=2, devices=2) as load:
        sends = max(MORE_THAN_ANY_RING, scaled(1000))
        (await away_too_long(town, load, sends)).assert_clean(least=sends + 1)
        assert load.resets == 4, "once for each of the devices"


def test_D9_an_old_snapshot_and_its_events_are_the_new_snapshot(town: Town) -> None:
    town.start(2)
    counted = compare_snapshots(town, steps=scaled(5000))
    assert counted.steps >= scaled(5000) * 0.8, "many a history ends early"
    assert counted.compared >= counted.steps * 0.05


def test_D8_who_joins_and_leaves_while_others_send_sees_exactly_their_own_time(town: Town) -> None:
    assert race_memberships(town, rounds=scaled(2000)) >= scaled(2000)


@pytest.mark.parametrize(
    "bells", ["every bell lost", "every other bell lost", "bells three times", "bells out of order"]
)
@pytest.mark.gen_test(timeout=240)
async def test_D5_whatever_happens_to_bells_nothing_is_lost_or_told_twice(
    town: Town, opened: Opens, planted: Callable[[str], None], bells: str
) -> None:
    """A lost bell is made up for by the check, which reaches everyone within 2 s, and not by the end of a hold."""
    planted(bells)
    town.start(2)
    async with opened(town, people=12, wait=HOLD_SECS, groups=0) as load:
        since = load.oracle.note(bells)
        load.speak(rate=8)  # so few that no message is woken up for by the next one
        await town.passes(12)
        await load.hush()
        await load.delivered()
        slow = delays(load.oracle.records(), since)
        await load.pump(scaled(1000), mouths=16)
        (await town.conclude(load)).assert_clean(least=scaled(1000))
        town.show(f"p99 {percentile(slow, 99):.2f} s, longest {max(slow):.2f} s")
        assert max(slow) < HEARD_SECS
