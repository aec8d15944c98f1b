"""The database dies, falls silent or loses its answers, under load."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.bench.load import Load
from tests.faults.bench.proxy import Habit, Proxy
from tests.faults.bench.replicas import ReplicaSet
from tests.faults.bench.town import Town, calm_p99
from tests.faults.bench.verdict import Verdict, delays, percentile
from tests.support.waiting import eventually

SETTLED_SECS = 3.0  # of deliveries judged after a recovery
RATE = 60.0


@dataclass
class Outages:
    """What a series of outages did; times in seconds."""

    verdict: Verdict
    calm_p99: float
    first_accepted: list[float] = field(default_factory=list)  # after the database answered again
    recovered_p99: list[float] = field(default_factory=list)
    slowest_503: float = 0.0

    def __str__(self) -> str:
        first, p99 = max(self.first_accepted, default=0), max(self.recovered_p99, default=0)
        return (
            f"calm p99 {self.calm_p99:.3f} s; first send accepted after at most {first:.2f} s, p99 from then on at most"
            f" {p99:.3f} s; slowest 503 {self.slowest_503:.2f} s"
        )


async def kill_database(
    town: Town,
    load: Load,
    cycles: int,
    down_secs: float,
    rate: float = RATE,
    settle_secs: float = SETTLED_SECS,
) -> Outages:
    """kill -9 as often as asked, each time back after `down_secs`."""

    async def outage() -> None:
        town.mongo.kill()
        await asyncio.sleep(down_secs)
        await asyncio.to_thread(town.mongo.start)

    return await _outages(town, load, cycles, rate, settle_secs, outage)


async def freeze_database(town: Town, load: Load, cycles: int, secs: float, rate: float = RATE) -> Outages:
    """It keeps every connection and answers nothing."""

    async def outage() -> None:
        town.mongo.freeze()
        await asyncio.sleep(secs)
        town.mongo.thaw()

    return await _outages(town, load, cycles, rate, SETTLED_SECS, outage)


async def lose_answers(
    town: Town, load: Load, proxy: Proxy, cycles: int, secs: float, rate: float = RATE
) -> Outages:
    """The database does what it is asked, and nobody hears of it: every send under way is in doubt."""

    async def outage() -> None:
        proxy.behave(Habit.SWALLOW_ANSWERS)
        await asyncio.sleep(secs)
        proxy.behave(Habit.RESET)
        proxy.behave(Habit.PASS)

    outages = await _outages(town, load, cycles, rate, SETTLED_SECS, outage)
    assert proxy.swallowed_bytes > 0
    return outages


async def fail_over(
    town: Town, load: Load, replicas: ReplicaSet, step_downs: int, kills: int, rate: float = RATE
) -> Outages:
    """The primary hands over, then dies, again and again. What is measured starts when it is no longer one."""
    dead: list[int] = []
    left = [False] * step_downs + [True] * kills

    async def outage() -> None:
        if dead:
            await asyncio.to_thread(replicas.start_member, dead.pop())
            await town.passes(SETTLED_SECS)  # until it has caught up: two of three are a majority
        if left.pop(0):
            dead.append(await asyncio.to_thread(replicas.kill_primary))
        else:
            await asyncio.to_thread(replicas.step_down)

    return await _outages(town, load, step_downs + kills, rate, SETTLED_SECS, outage)


async def lose_majority(
    town: Town, load: Load, replicas: ReplicaSet, cycles: int, secs: float, rate: float = RATE
) -> Outages:
    """Every write is done and then times out waiting for the others: an error that says "maybe"."""

    async def outage() -> None:
        await asyncio.to_thread(replicas.freeze_secondaries)
        await town.passes(secs)
        replicas.thaw()

    return await _outages(town, load, cycles, rate, SETTLED_SECS, outage)


async def _outages(
    town: Town,
    load: Load,
    cycles: int,
    rate: float,
    settle_secs: float,
    outage: Callable[[], Awaitable[None]],
) -> Outages:
    calm = await calm_p99(load, rate)
    load.speak(rate)
    accepted = load.refusals.answer_secs
    found = Outages(Verdict(), calm)
    for cycle in range(1, cycles + 1):
        before = load.oracle.acknowledged
        await eventually(lambda before=before: load.oracle.acknowledged > before + rate)
        await outage()
        back = time.monotonic()
        await eventually(lambda back=back: accepted and accepted[-1][0] > back)
        first = next(at for at, _ in accepted if at > back)
        found.first_accepted.append(first - back)
        await town.passes(max(0.0, first + settle_secs - time.monotonic()))
        await load.delivered()
        found.recovered_p99.append(percentile(delays(load.oracle.records(), first), 99))
        load.check_readers()
        town.say(
            f"outage {cycle} of {cycles}: accepted {load.oracle.acknowledged}, back after {first - back:.2f} s"
        )
    found.verdict = await town.conclude(load)
    found.slowest_503 = load.refusals.slowest_503
    town.show(str(found))
    return found
