"""The broker dies, falls silent or was never there; messages are then late by a tick and never lost."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from tests.faults.bench.load import Load
from tests.faults.bench.town import Town, calm_p99
from tests.faults.bench.verdict import Verdict, delays, percentile
from tests.support.waiting import eventually

RATE = 6.0  # so few that no message is woken up for by the next one
FORGET_SECS = 1.0  # around a fault's beginning, when bells are lost that nobody knows of yet

# What an operator may delete by mistake, in the broker's own words.
DELETED = {
    "queues": '[rabbit_amqqueue:delete(Q, false, false, <<"test">>) || Q <- rabbit_amqqueue:list()].',
    "exchange": '[rabbit_exchange:delete(element(2, X), false, <<"test">>) || X <- rabbit_exchange:list(<<"/">>),'
    ' string:prefix(element(4, element(2, X)), <<"chat.events">>) =/= nomatch].',
    "bindings": '[rabbit_binding:remove(B, <<"test">>) || B <- rabbit_binding:list(<<"/">>),'
    ' element(4, element(2, B)) =/= <<"">>].',
}


@dataclass
class BrokerOutages:
    verdict: Verdict
    calm_p99: float
    down_p99: list[float] = field(default_factory=list)
    bus_up: list[float] = field(default_factory=list)  # seconds after the broker answered
    healed_p99: list[float] = field(default_factory=list)
    refused: int = 0  # sends that took a second try

    def __str__(self) -> str:
        return (
            f"calm p99 {self.calm_p99:.3f} s; while down at most {max(self.down_p99):.3f} s; bus up at most"
            f" {max(self.bus_up):.1f} s after the broker; p99 then at most {max(self.healed_p99):.3f} s;"
            f" {self.refused} sends refused"
        )


def bus_states(town: Town) -> list[str]:
    found = []
    for base in town.bases:
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=2) as answer:
                found.append(json.load(answer)["components"]["bus"])
        except (urllib.error.URLError, OSError):
            found.append("no answer")
    return found


async def all_up(town: Town) -> bool:
    return set(await asyncio.to_thread(bus_states, town)) == {"up"}


def links(town: Town) -> list[int]:
    """How many connections each server has to the broker."""
    found = []
    for pid in town.weights():
        connections = psutil.Process(pid).net_connections("tcp")
        found.append(sum(bool(c.raddr) and c.raddr.port == town.rabbit.port for c in connections))
    return found


def delete(town: Town, what: str) -> None:
    town.rabbit.rabbitmqctl("eval", DELETED[what])


async def kill_broker(
    town: Town, load: Load, cycles: int, down_secs: float, rate: float = RATE
) -> BrokerOutages:
    return await outages(town, load, cycles, down_secs, rate, town.rabbit.kill, town.rabbit.start)


async def silence_broker(
    town: Town, load: Load, cycles: int, down_secs: float, rate: float = RATE
) -> BrokerOutages:
    """Its connections stay and nothing comes through them."""
    return await outages(town, load, cycles, down_secs, rate, town.rabbit.pause, town.rabbit.resume)


async def outages(
    town: Town,
    load: Load,
    cycles: int,
    down_secs: float,
    rate: float,
    take: Callable[[], None],
    give_back: Callable[[], None],
    healed_secs: float = 3.0,
) -> BrokerOutages:
    """`take` breaks something and `give_back` mends it, under load, `cycles` times."""
    await eventually(lambda: all_up(town), why="the bus is up before anything is done to it")
    found = BrokerOutages(Verdict(), await calm_p99(load, rate))
    load.speak(rate)
    for cycle in range(1, cycles + 1):
        await asyncio.to_thread(take)
        down = time.monotonic()
        await asyncio.sleep(down_secs)
        await asyncio.to_thread(give_back)
        back = time.monotonic()
        await eventually(lambda: all_up(town), why="connected again")
        up = time.monotonic()
        await asyncio.sleep(healed_secs + FORGET_SECS)
        await load.delivered()
        records = load.oracle.records()
        found.down_p99.append(percentile(delays(records, down, down + down_secs), 99))
        found.bus_up.append(up - back)
        found.healed_p99.append(percentile(delays(records, up + FORGET_SECS), 99))
        load.check_readers()
        town.say(
            f"outage {cycle} of {cycles}: accepted {load.oracle.acknowledged}, bus up after {up - back:.1f} s"
        )
    found.verdict = await town.conclude(load)
    found.refused = load.refusals.retried
    town.show(str(found))
    return found
