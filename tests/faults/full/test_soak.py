"""G1: load with groups and an endpoint of the host for as long as asked, and every so often something breaks.

The first server is one that nothing kills: what it weighs, and what the database keeps, is drawn in build/soak.md.
"""

from __future__ import annotations

import asyncio
import os
import random
import time

import pytest

from tests.faults.bench.curve import Curve
from tests.faults.bench.load import Load
from tests.faults.bench.town import Town
from tests.faults.bench.verdict import delays, percentile
from tests.faults.conftest import Opens
from tests.faults.scenarios.broker import all_up
from tests.faults.scenarios.processes import start_again
from tests.support.client import Client, unique
from tests.support.host import NODE_SETTINGS, by_host, claims_of_host
from tests.support.ports import free_ports
from tests.support.receiver import Receiver
from tests.support.server import ROOT
from tests.support.waiting import GENEROUS_SECS, eventually

MINUTES = float(os.environ.get("SOAK_MINUTES") or 1)
BETWEEN_SECS = 15.0
RATE = 60.0
# What the first server and the database may rise by in the second half of a run.
RISES = {
    "resident_mib": 40,
    "open_files": 30,
    "threads": 5,
    "oplog_mib": 5,
    "words_per_message": 25,
    "tasks": 500,
}
KEPT = "build/soak.md"


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
    server = source.choice(town.servers[1:])
    server.kill()
    await start_again(server)


async def restart_server(town: Town, source: random.Random) -> None:
    server = source.choice(town.servers[1:])
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


class Told:
    """What the endpoint of the host was told: every message, in order within its conversation."""

    def __init__(self) -> None:
        self.receiver = Receiver(free_ports(1)[0])
        self.ids: set[int] = set()
        self._seqs: dict[int, int] = {}
        self.out_of_order = 0

    def take(self) -> int:
        """Empty the receiver. How many messages it has been told of in all."""
        taken, self.receiver.taken = self.receiver.taken, []
        self.receiver.came.clear()
        for told in taken:
            id, conversation, seq = (told.data[name] for name in ("id", "conversation_id", "seq"))
            if id not in self.ids:
                self.ids.add(id)
                self.out_of_order += seq <= self._seqs.get(conversation, 0)
                self._seqs[conversation] = seq
        return len(self.ids)


async def be_told(town: Town) -> Told:
    told, client = Told(), Client(town.bases)
    body = {"url": told.receiver.url, "events": ["message.created"]}
    made = await by_host(client, claims_of_host("webhooks"), "POST", "webhooks/", body)
    assert made.status == 201, made
    client.close()
    return told


@pytest.mark.gen_test(timeout=MINUTES * 60 + 600)
@pytest.mark.timeout(MINUTES * 60 + 660)
async def test_G1_load_and_random_faults_lose_nothing_and_leave_nothing_behind(
    town: Town, opened: Opens
) -> None:
    source = random.Random(town.seed)
    database = unique("soak")
    town.start(3, {**NODE_SETTINGS, "CHATSERVER_MONGODB_DATABASE": database})
    curve = Curve(town.servers[0], town.mongo.uri, database)
    told = await be_told(town)
    async with opened(town, people=12, devices=2) as load:
        load.speak(RATE)
        end = time.monotonic() + MINUTES * 60
        town.say(f"calm: p99 {await settle(town, load):.3f} s")
        while time.monotonic() < end:
            fault = source.choice(FAULTS)
            await fault(town, source)
            p99 = await settle(town, load)
            town.say(f"{fault.__name__}: p99 then {p99:.3f} s, told of {told.take():,}")
            town.say(str(await asyncio.to_thread(curve.look)))
            curve.keep(ROOT / KEPT)
        (await town.conclude(load)).assert_clean(least=int(MINUTES * 60 * RATE * 0.3))
        acknowledged = load.oracle.acknowledged
        await eventually(lambda: told.take() >= acknowledged, within=GENEROUS_SECS * 4)
    await told.receiver.close()
    assert told.out_of_order == 0
    rises = {name: curve.rise(name) for name in RISES}
    town.show(f"told of {len(told.ids):,}; risen by " + ", ".join(f"{n} {r:.1f}" for n, r in rises.items()))
    assert {name: rises[name] for name, most in RISES.items() if rises[name] > most} == {}
