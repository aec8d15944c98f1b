"""A6 in the cluster: the primary hands over or dies, again and again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.cluster.town import ClusterTown
from tests.faults.bench.town import scaled
from tests.faults.conftest import Opens
from tests.faults.scenarios.database import fail_over

GAP_SECS = 6.0  # with an election timeout of 2 s


@pytest.mark.gen_test(timeout=500)
async def test_A6_a_primary_that_steps_down_or_dies_is_a_pause_of_seconds(
    town: ClusterTown, opened: Opens
) -> None:
    step_downs, kills = scaled(10), scaled(5)
    async with opened(town, people=12) as load:
        found = await fail_over(town, load, town.database, step_downs, kills, rate=30)
        accepted = [at for at, _ in load.refusals.answer_secs]
        gap = max(later - earlier for earlier, later in pairwise(accepted))
        town.show(
            f"{step_downs} step-downs, {kills} kills; longest without an accepted send {gap:.1f} s;"
            f" {load.refusals.retried} sends tried twice"
        )
        found.verdict.assert_clean(least=100)
        assert gap <= GAP_SECS + 3 * found.calm_p99
        assert load.resets == 0
