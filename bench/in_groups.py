"""What groups cost those beside them, and what a message into a small one costs: each beside direct conversations."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bench import workloads
from bench.founding import founded, into, said
from bench.load import connect, post
from bench.machine import Measured
from bench.people import Failures, Senders, tags
from bench.polls import hold
from bench.targets import Target

PAIRS = 100
EACH_SECS = 0.5  # between two messages into the group beside the pairs
FEW = 10  # in each of the small groups


class IntoGroups(Senders):
    """Each person writes into the one group of theirs: `groups` by the place of its first member, `each` to one."""

    def __init__(self, target: Target, groups: list[int], each: int) -> None:
        super().__init__(target)
        self._groups = groups
        self._each = each

    def request(self, sender: int) -> tuple[int, bytes]:
        tag = next(tags)
        return tag, post(self.heads[sender], into(self._groups[sender // self._each], tag))


async def beside(target: Target, secs: float) -> Measured:
    """Pairs alone; beside a group in which everybody else is, spoken in twice a second; and with all of that polling."""
    members = replace(target, people=target.people[2 * PAIRS :])
    ids = [id for id, _ in members.people]
    group = await founded(target, ids)
    failures = Failures()
    alone = await workloads.pairs(target, secs, PAIRS)
    async with spoken_in(members, group, failures):
        away = await workloads.pairs(target, secs, PAIRS)
        pollers = await hold(members, len(ids), failures, 3.0)
        present = await workloads.pairs(target, secs, PAIRS)
    for poller in pollers:
        poller.connection.close()
    return {
        **away,
        "alone_per_sec": alone["per_sec"],
        "present_per_sec": present["per_sec"],
        "alone_of": alone["per_sec"] / away["per_sec"],
        "alone_of_present": alone["per_sec"] / present["per_sec"],
        "members": len(ids),
        "failures": failures.count + sum(one["failures"] for one in (alone, away, present)),
    }


@asynccontextmanager
async def spoken_in(members: Target, group: int, failures: Failures) -> AsyncIterator[None]:
    """One member after the other says something there."""
    [connection] = await connect(members.port, 1)

    async def speak() -> None:
        for _, token in itertools.cycle(members.people):
            await asyncio.sleep(EACH_SECS)
            await said(connection, group, token, failures)

    speaking = asyncio.create_task(speak())
    try:
        yield
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        connection.close()


async def few(target: Target, secs: float) -> Measured:
    """Sends between two people, then the same into groups of ten. Nobody polls."""
    groups = [await founded(target, ids) for ids in _tens([id for id, _ in target.people])]
    direct = await workloads.sends(target, secs)
    grouped = await workloads.sends(target, secs, senders=IntoGroups(target, groups, FEW))
    return {
        **grouped,
        "cpu_of_direct": grouped["server_cpu_us"] / direct["server_cpu_us"],
        "mongod_of_direct": grouped["mongod_cpu_us"] / direct["mongod_cpu_us"],
        "failures": direct["failures"] + grouped["failures"],
    }


def _tens(ids: list[int]) -> Iterator[list[int]]:
    return (ids[first : first + FEW] for first in range(0, len(ids), FEW))
