"""Short forms of the D tests: order, repeats and wake-ups with nothing broken."""

from __future__ import annotations

import pytest

from tests.faults.bench.town import SHORT_SECS, Town
from tests.faults.conftest import Opens
from tests.faults.scenarios.delivery import (
    crowd_one_conversation,
    race_cursors,
    race_wake_ups,
    repeat_at_once,
)
from tests.faults.scenarios.membership import race_memberships

HOLD_SECS = 50


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_D1_no_cursor_overtakes_a_write(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=6, devices=2) as load:
        (await race_cursors(town, load, sends=1500)).assert_clean(least=1500)


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_D3_a_hot_conversation_keeps_one_order_without_a_gap(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=2, devices=2) as load:
        verdict, _ = await crowd_one_conversation(town, load, sends=600)
        verdict.assert_clean(least=600)


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_D4_the_same_send_many_times_at_once_is_one_message(town: Town, opened: Opens) -> None:
    town.start(2)
    async with opened(town, people=4) as load:
        (await repeat_at_once(town, load, ids=25)).assert_clean(least=50)


@pytest.mark.gen_test(timeout=SHORT_SECS)
async def test_D6_a_bell_between_look_and_wait_is_heard(town: Town, opened: Opens) -> None:
    """No check can help: it comes every 300 s here. Each poll dawdles `gap` seconds after its look.

    The messages fall into the first moments of a poll: one that slept through its bell would end with its whole hold.
    """
    gap = 0.05
    env = {"CHATSERVER_FAILPOINTS": f"after_check_before_wait=sleep:{gap}", "CHATSERVER_CHECK_SECS": "300"}
    town.start(2, env)
    async with opened(town, people=3, wait=HOLD_SECS, groups=0) as load:
        assert max(await race_wake_ups(town, load, rounds=100, window_secs=gap)) < HOLD_SECS * 0.6


def test_D8_who_joins_and_leaves_while_others_send_sees_exactly_their_own_time(town: Town) -> None:
    assert race_memberships(town, rounds=100) >= 100
