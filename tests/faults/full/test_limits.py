"""C6 to C8: a clock that jumps, too few files, little memory."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.bench.town import Town, scaled
from tests.faults.bench.wire import Tally
from tests.faults.conftest import Opens
from tests.faults.scenarios.limits import (
    WrongClock,
    cpu_share,
    crowd,
    fill_ring,
    heaviest,
    idle_polls,
    jump,
    limit_files,
    poll_request,
    settle,
)
from tests.support.client import Client
from tests.support.waiting import eventually

CEILING_BYTES = 280 << 20


@pytest.mark.gen_test
async def test_C6_a_wall_clock_that_jumps_moves_no_cursor_and_no_poll(
    town: Town, opened: Opens, tmp_path: Path
) -> None:
    if reason := WrongClock.missing():
        pytest.skip(reason)
    clock = WrongClock(tmp_path)
    town.start(2, envs=[clock.env, {}])
    client = Client(town.bases, town.seed)
    try:
        async with opened(town, devices=2) as load:
            waiting = await (await client.sign_up()).here()
            calm, took = await jump(town, load, clock, waiting, town.bases[0], times=scaled(16))
            (await town.conclude(load)).assert_clean(least=scaled(100))
            town.show(
                f"polls of 2 s took {min(took):.2f} to {max(took):.2f} s while the clock jumped,"
                f" {min(calm):.2f} to {max(calm):.2f} s before"
            )
            assert load.resets == 0
            # An idle end comes up to 10 % early or late.
            assert min(took) >= 0.75 * min(calm)
            assert max(took) <= 1.5 * max(calm)
    finally:
        client.close()


@pytest.mark.gen_test
async def test_C7_more_clients_than_files_are_held_back_without_burning_a_core(
    town: Town, opened: Opens
) -> None:
    town.start(1)
    server, clients = town.servers[0], 400
    async with opened(town, people=4, groups=0) as load:
        begun = time.monotonic()
        await load.pump(scaled(200))
        calm = time.monotonic() - begun
        limit_files(server, 256)
        people = await settle(town, clients)
        polls = [poll_request(token, cursor, 50, "crowd") for token, cursor in people]
        async with crowd(server.base, polls) as crowded:
            await eventually(lambda: "no room for more connections" in server.log())
            share = await cpu_share(server, 5.0)
            assert server.process is not None and server.process.poll() is None
            crowded.close()
        gone = time.monotonic()
        await eventually(server.is_ready)
        await load.pump(scaled(200))
        back = time.monotonic() - gone
        (await town.conclude(load)).assert_clean(least=scaled(400))
        town.show(
            f"{clients} clients for 256 files: {share:.0%} of a core; as many sends as took"
            f" {calm:.1f} s before were done {back:.1f} s after they left"
        )
        assert share < 0.3
        assert back <= max(5.0, 10 * calm)
        assert "Too many open files" not in server.log()


@pytest.mark.gen_test(timeout=240)
async def test_C8_two_thousand_polls_and_two_hundred_slow_readers_fit_into_300_mb(
    town: Town, opened: Opens
) -> None:
    town.start(1)
    base = town.bases[0]
    people = await settle(town, scaled(2000))
    client = Client([base], town.seed)
    try:
        loud, quiet = await client.people("loud", "quiet")
        await quiet.here()
        await fill_ring(base, loud.token, quiet.id)
        slow = [poll_request(quiet.token, str(quiet.cursor), 0, f"slow{n}") for n in range(scaled(200))]
        async with opened(town, people=6, groups=0) as load, idle_polls(base, people, town.seed) as tally:
            await town.passes(6.0)
            load.speak(rate=5)
            async with crowd(base, slow, receive_bytes=4096):
                most = await heaviest(town, 20.0)
            (await town.conclude(load)).assert_clean(least=scaled(50))
            town.show(
                f"{len(people)} held polls and {len(slow)} readers that take nothing: at most {most >> 20} MiB"
            )
            assert not faults(tally)
            assert most < CEILING_BYTES
    finally:
        client.close()


def faults(tally: Tally) -> list[str]:
    return [*tally.faults(), *([f"{tally.cut} cut answers"] if tally.cut else [])]
