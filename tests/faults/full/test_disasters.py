"""A7, A8 and A10: a database that must unlearn, that has no room left, or that is yesterday's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.bench.replicas import ReplicaSet
from tests.faults.bench.town import Town, scaled
from tests.faults.conftest import Opens
from tests.faults.scenarios.disasters import (
    assert_heads_match,
    bring_back_older,
    fill_disk,
    missing_right,
    roll_back,
    small_disk,
)
from tests.support.mongo import MongoNode


@pytest.fixture
def replicas(town: Town) -> Iterator[ReplicaSet]:
    made = ReplicaSet(election_ms=6000)
    try:
        yield made.start()
        town.stop()
        town.servers.clear()
    finally:
        made.stop()


@pytest.mark.gen_test(timeout=300)
async def test_A7_what_an_isolated_primary_has_to_take_back_was_never_acknowledged_nor_shown(
    town: Town, opened: Opens, replicas: ReplicaSet
) -> None:
    town.start(2, mongodb_uri=replicas.uri)
    async with opened(town) as load:
        undone, acknowledged = await roll_back(town, load, replicas, cycles=2, alone_secs=3)
        (await town.conclude(load)).assert_clean(
            least=scaled(100)
        )  # a phantom is what was shown and taken back
        town.show(
            f"{undone} messages rolled back, {acknowledged} of them acknowledged, {load.resets} cursors above a head"
        )
        assert undone > 0, "nothing was rolled back: this proves nothing"
        assert acknowledged == 0
        assert load.resets == 0


@pytest.mark.gen_test(timeout=240)
async def test_A8_a_full_disk_is_an_honest_503_and_loses_nothing(
    town: Town, opened: Opens, tmp_path: Path
) -> None:
    if reason := missing_right():
        pytest.skip(reason)
    with small_disk(tmp_path / "disk") as disk:
        # A checkpoint every other second: it is what finds the disk full.
        mongo = MongoNode(directory=disk, arguments=("--syncdelay", "2")).start()
        try:
            town.start(2, mongodb_uri=mongo.uri)
            async with opened(town) as load:
                calm, back = await fill_disk(town, load, mongo, disk)
                (await town.conclude(load)).assert_clean(least=scaled(100))
                town.show(
                    f"calm p99 {calm:.3f} s; accepted again {back:.2f} s after the database was;"
                    f" slowest 503 {load.refusals.slowest_503:.2f} s"
                )
                assert all(server.process and server.process.poll() is None for server in town.servers)
                assert load.refusals.slowest_503 <= 3.0 + max(0.5, 3 * calm)
                assert back <= 3.0 + max(0.5, 10 * calm)
            await town.end()
        finally:
            mongo.stop()


@pytest.mark.gen_test
async def test_A10_an_older_copy_brought_back_tells_every_client_to_load_anew(
    town: Town, opened: Opens, tmp_path: Path
) -> None:
    town.start(2, {"CHATSERVER_SWEEP_SECS": "1"})
    async with opened(town, devices=2, groups=0) as load:
        verdict, told, first = await bring_back_older(town, load, tmp_path / "copy")
        verdict.assert_clean(least=scaled(50))
        assert_heads_match(town)
        town.show(
            f"all {load.reader_count} readers told within {told:.2f} s, the first send accepted after {first:.2f} s"
        )
        assert load.resets == load.reader_count, "each was told once"
