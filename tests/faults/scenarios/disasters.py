"""What ends a database's life or sets it back: a rollback, a full disk, an older copy."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.faults.bench.load import Load
from tests.faults.bench.replicas import ReplicaSet
from tests.faults.bench.town import Town, calm_p99
from tests.faults.bench.verdict import Verdict
from tests.support.mongo import MongoNode
from tests.support.server import ROOT, ServerProcess, clean_environment
from tests.support.waiting import eventually

DISK_BYTES = 500 << 20
FILLED_SECS = 60.0
RATE = 40.0


async def roll_back(
    town: Town, load: Load, replicas: ReplicaSet, cycles: int, alone_secs: float
) -> tuple[int, int]:
    """The primary goes on alone and dies; the others go on without it; it comes back and must unlearn what it did.

    How many messages were rolled back, and how many of these had been acknowledged before it died.
    """
    load.speak(RATE)
    undone, acknowledged = 0, 0
    for cycle in range(1, cycles + 1):
        await town.passes(2.0)
        others = await asyncio.to_thread(replicas.kill_secondaries)
        await town.passes(alone_secs)
        died = time.monotonic()
        old = await asyncio.to_thread(replicas.kill_primary)
        for port in others:
            await asyncio.to_thread(replicas.start_member, port)
        await eventually(lambda died=died: load.refusals.answer_secs[-1][0] > died + 1, why="a primary again")
        again = time.monotonic() - died
        await town.passes(2.0)
        await asyncio.to_thread(replicas.start_member, old)
        await eventually(lambda old=old: replicas.rolled_back(old), why="it rolls back what only it had")
        await eventually(lambda old=old: asyncio.to_thread(replicas.is_secondary, old))
        lost = {doc["client_id"] for doc in replicas.rolled_back(old) if "client_id" in doc}
        acks = {ack["client_id"]: ack["at"] for ack in load.oracle.records() if ack["kind"] == "ack"}
        undone += len(lost)
        acknowledged += sum(acks.get(client_id, died) < died for client_id in lost)
        load.check_readers()
        town.say(
            f"rollback {cycle} of {cycles}: {len(lost)} messages undone; accepted again after {again:.1f} s"
        )
    return undone, acknowledged


@contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    """A file system with room for little more than a database. Needs the right to mount: see `missing_right`."""
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


def missing_right() -> str | None:
    """Why no small disk can be had here, with the cure, or None."""
    if os.geteuid() == 0:
        return None
    return "a full disk is made of a small tmpfs, and only root may mount one: run this test as root"


async def fill_disk(town: Town, load: Load, mongo: MongoNode, disk: Path) -> tuple[float, float]:
    """Until the database dies of it; then there is room again.

    p99 of a delivery before, and seconds until the first send was accepted again.
    """
    calm = await calm_p99(load, RATE)
    load.speak(RATE)
    await town.passes(3.0)
    filler = disk / "filler"
    await asyncio.to_thread(fill, filler)
    process = mongo.process
    assert process is not None
    await eventually(
        lambda: process.poll() is not None, within=FILLED_SECS, why="the database ends on a full disk"
    )
    town.say(f"the database ended with {process.returncode}; accepted until then: {load.oracle.acknowledged}")
    before = load.oracle.acknowledged, load.refusals.unavailable
    await town.passes(4.0)
    assert load.oracle.acknowledged == before[0], "something was accepted without a database"
    assert load.refusals.unavailable > before[1]
    filler.unlink()
    await asyncio.to_thread(mongo.start)
    back = time.monotonic()
    accepted = load.refusals.answer_secs
    await eventually(lambda: accepted[-1][0] > back)
    return calm, next(at for at, _ in accepted if at > back) - back


def fill(path: Path) -> None:
    """Every byte that is left, and again for a while: what the database gives back is taken too."""
    with path.open("wb", buffering=0) as filler:
        for _ in range(20):
            try:
                while True:
                    filler.write(bytes(1 << 20))
            except OSError:
                time.sleep(0.2)


async def bring_back_older(town: Town, load: Load, copy: Path) -> tuple[Verdict, float, float]:
    """A backup under load, more messages, and then the backup in place of everything, while clients keep cursors.

    The verdict on what came after; seconds from the new start until the last reader had been told, and
    until the first send was accepted.
    """
    load.speak(RATE)
    await town.passes(3.0)
    copied = time.monotonic()
    await asyncio.to_thread(command, town, "backup", str(copy))
    await town.passes(3.0)
    await load.hush()
    await load.delivered()
    for server in town.servers:
        server.terminate()
        assert await asyncio.to_thread(server.wait) == 0
    await asyncio.to_thread(command, town, "restore", str(copy), "--replace", "--yes")
    begun = time.monotonic()
    for server in town.servers:
        server.start(wait=False)
    await town.ready()
    await eventually(lambda: load.resets == load.reader_count, why="every reader is told to load anew")
    told = time.monotonic() - begun
    load.speak(RATE)
    await town.passes(3.0)
    verdict = await town.conclude(load, since=begun)
    records = load.oracle.records()
    stored = {record["client_id"] for record in records if record["kind"] == "stored"}
    older = {r["client_id"] for r in records if r["kind"] == "ack" and r["at"] < copied}
    assert older <= stored, f"{len(older - stored)} messages from before the backup are gone"
    first = min(at for at, _ in load.refusals.answer_secs if at > begun) - begun
    return verdict, told, first


def command(town: Town, *arguments: str) -> str:
    """What an operator types."""
    server: ServerProcess = town.servers[0]
    env = clean_environment() | server.env | {"CHATSERVER_MONGODB_URI": town.mongo.uri}
    run = [sys.executable, "-m", "commands", *arguments]
    done = subprocess.run(run, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_heads_match(town: Town) -> None:
    """Every inbox stands where the log of each of its conversations ends."""
    name = town.servers[0].env["CHATSERVER_MONGODB_DATABASE"]
    with MongoClient(town.mongo.uri) as client:
        messages: Any = client[name].messages
        ends: dict[int, int] = {}
        for message in messages.find({}, {"_id": 1}):
            conversation_id, seq = message["_id"] >> 23, message["_id"] & 0x7FFFFF
            ends[conversation_id] = max(seq, ends.get(conversation_id, 0))
        for inbox in client[name].inboxes.find({}, {"heads": 1}):
            for id, head in inbox["heads"].items():
                assert head == ends.get(int(id), 0), f"inbox {inbox['_id']}, conversation {id}"
