"""G1: load for as long as asked, and every so often something breaks."""

from __future__ import annotations

import asyncio
import os
import random
import time

import pytest

from tests.faults.bench.load import Load
from tests.faults.bench.town import Town
from tests.faults.bench.verdict import delays, percentile
from tests.faults.conftest import Opens
from tests.faults.scenarios.broker import all_up
from tests.faults.scenarios.processes import start_again
from tests.support.waiting import eventually

MINUTES = float(os.environ.get("SOAK_MINUTES") or 1)
BETWEEN_SECS = 15.0
RATE = 60.0
GROWTH_BYTES = 40 << 20


async def kill_database(town: Town, source: random.Random) -> None:
    town.mongo.kill()
    await town.passes(source.uniform(0, 5))
    await asyncio.to_thread(town.mongo.start)


async def freeze_database(town: Town, source: random.Random) -> None:
    town.mongo.freeze()
    await town.passes(source.uniform(0.5, 8))
    town.mongo.thaw()


async def kill_broker(town: Town, source: random.Random) -> None:
    await asyncio.to_thread(town.rabbit.kill)
    await town.passes(source.uniform(0, 8))
    await asyncio.to_thread(town.rabbit.start)


async def silence_broker(town: Town, source: random.Random) -> None:
    town.rabbit.pause()
    await town.passes(source.uniform(1, 20))
    town.rabbit.resume()


async def kill_server(town: Town, source: random.Random) -> None:
    server = source.choice(town.servers)
    server.kill()
    await start_again(server)


async def restart_server(town: Town, source: random.Random) -> None:
    server = source.choice(town.servers)
    server.terminate()
    assert await asyncio.to_thread(server.wait) == 0
    await start_again(server)


FAULTS = (kill_database, freeze_database, kill_broker, silence_broker, kill_server, restart_server)


async def settle(town: Town, load: Load) -> float:
    """Everything is well again; p99 of the quiet time that follows."""
    await eventually(lambda: all(server.is_ready() for server in town.servers))
    await eventually(lambda: all_up(town))
    await load.delivered()
    since = time.monotonic()
    await town.passes(BETWEEN_SECS)
    load.check_readers()
    return percentile(delays(load.oracle.records(), since), 99)


@pytest.mark.gen_test(timeout=MINUTES * 60 + 240)
async def test_G1_load_and_random_faults_lose_nothing_and_leave_nothing_behind(
    town: Town, opened: Opens
) -> None:
    source = random.Random(town.seed)
    town.start(2)
    async with opened(town, people=12, devices=2) as load:
        load.speak(RATE)
        end = time.monotonic() + MINUTES * 60
        town.say(f"calm: p99 {await settle(town, load):.3f} s")
        first: dict[int, tuple[int, int]] = {}
        while time.monotonic() < end:
            fault = source.choice(FAULTS)
            await fault(town, source)
            p99 = await settle(town, load)
            weights = town.weights()
            first = {pid: first.get(pid, now) for pid, now in weights.items()}
            shown = ", ".join(f"{bytes >> 20} MiB {fds} files" for bytes, fds in weights.values())
            town.show(f"{fault.__name__}: accepted {load.oracle.acknowledged}, p99 then {p99:.3f} s; {shown}")
        (await town.conclude(load)).assert_clean(least=int(MINUTES * 60 * RATE * 0.3))
        for pid, (bytes, fds) in town.weights().items():
            before = first.get(pid, (bytes, fds))
            assert bytes <= before[0] + GROWTH_BYTES
            assert fds <= before[1] + 30
