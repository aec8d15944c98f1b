"""An announcement to ten thousand, of whom a hundred look: its 201, those who look, all inboxes, and the others' sends.

The others write to one another at a steady rate, first alone, then while one announcement follows the other: each is
made when all inboxes have the one before, so that some of one is always under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field, replace
from functools import partial

from pymongo import MongoClient

from bench import machine, workloads
from bench.founding import founded, said
from bench.load import Connection, connect
from bench.machine import Measured, quantile, spent
from bench.people import Failures, Senders
from bench.polls import hold
from bench.targets import Target
from chatserver.settings import Settings

OTHERS = 200
RATE = 100  # of their sends a second
POLLS = 100
LOOK_SECS = 0.2  # between two looks at the inboxes, which cost mongod something themselves
ALL_SECS = 60.0
ARRIVE_SECS = 20.0


async def announcement(target: Target, secs: float) -> Measured:
    others = replace(target, people=target.people[:OTHERS])
    members = replace(target, people=target.people[OTHERS:])
    ids = [id for id, _ in members.people]
    group = await founded(target, ids, "announcement")
    failures = Failures()
    made = Announcements(members, group, failures)
    lookers = replace(members, people=members.people[1 : 1 + POLLS])  # whoever makes it has it by the answer
    pollers = await hold(lookers, POLLS, failures, 1.0, on_tag=made.arrived)
    await asyncio.sleep(1.0)
    alone = await steady(others, secs, failures)
    with machine.window(target.processes) as window:
        announcing = asyncio.create_task(made.run(secs))
        meanwhile = await steady(others, secs, failures)
        await announcing
    for poller in pollers:
        poller.connection.close()
    return {
        "members": len(ids),
        "announcements": len(made.stored),
        "stored_ms": quantile(made.stored, 0.5) * 1e3,
        "stored_of_direct": quantile(made.stored, 0.5) / quantile(alone, 0.5),
        "pollers_ms": quantile(made.seen, 0.5) * 1e3,
        "inboxes_secs": quantile(made.spread, 0.5),
        "others_p99_ms": quantile(meanwhile, 0.99) * 1e3,
        "others_p99_of_alone": quantile(meanwhile, 0.99) / quantile(alone, 0.99),
        "lost": made.unseen,
        "failures": failures.count,
        **spent(window, len(made.stored)),
    }


@dataclass
class Announcements:
    """Made by the owner. Each list has one time an announcement, in seconds."""

    members: Target
    group: int
    failures: Failures
    stored: list[float] = field(default_factory=list)  # until the 201
    seen: list[float] = field(default_factory=list)  # from there until the last of those who poll has it
    spread: list[float] = field(default_factory=list)  # and until all inboxes have
    unseen: int = 0  # by those who poll
    _arrivals: list[float] = field(default_factory=list)  # of the one under way
    _all_arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def arrived(self, _: int, at: float) -> None:
        self._arrivals.append(at)
        if len(self._arrivals) == POLLS:
            self._all_arrived.set()

    async def run(self, secs: float) -> None:
        """At least one."""
        [connection] = await connect(self.members.port, 1)
        end = time.perf_counter() + secs
        with MongoClient(self.members.mongodb_uri) as client:
            inboxes = client[Settings().mongodb_database]["inboxes"]
            while not self.stored or time.perf_counter() < end:
                await self._one(connection, inboxes)
        connection.close()

    async def _one(self, connection: Connection, inboxes) -> None:
        self._arrivals.clear()
        self._all_arrived.clear()
        begun = time.perf_counter()
        seq = await said(connection, self.group, self.members.people[0][1], self.failures)
        answered = time.perf_counter()
        self.stored.append(answered - begun)
        behind = {f"heads.{self.group}": {"$exists": True, "$lt": seq}}
        await asyncio.to_thread(_nobody, inboxes, behind)
        self.spread.append(time.perf_counter() - answered)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ARRIVE_SECS):
                await self._all_arrived.wait()
        self.unseen += POLLS - len(self._arrivals)
        self.seen.append(max(self._arrivals, default=time.perf_counter()) - answered)


def _nobody(inboxes, behind: dict[str, object]) -> None:
    """Wait, in a thread, until no inbox is behind. Raises RuntimeError after ALL_SECS."""
    end = time.monotonic() + ALL_SECS
    while inboxes.find_one(behind, {"_id": 1}) is not None:
        if time.monotonic() > end:
            raise RuntimeError("an announcement did not reach all inboxes")
        time.sleep(LOOK_SECS)


async def steady(target: Target, secs: float, failures: Failures) -> list[float]:
    """What each send took until its 201: at a fixed rate, whatever the server does."""
    senders, took = Senders(target), []
    idle = await connect(target.port, 16)
    every, all_answered = list(idle), asyncio.Event()

    def answered(connection: Connection, begun: float, status: int, body: bytes) -> None:
        idle.append(connection)
        if status == 201:
            took.append(time.perf_counter() - begun)
        else:
            failures.note(status, body)
        if len(idle) == len(every):
            all_answered.set()

    started = time.perf_counter()
    for moment in workloads.moments(secs, RATE):
        await asyncio.sleep(max(0.0, started + moment - time.perf_counter()))
        if not idle:  # never wait for the server: that would hide its stalls
            more = await connect(target.port, 16)
            idle += more
            every += more
        connection = idle.pop()
        all_answered.clear()
        connection.send(senders.next()[1], partial(answered, connection, time.perf_counter()))
    async with asyncio.timeout(ALL_SECS):
        await all_answered.wait()
    for connection in every:
        connection.close()
    return took
