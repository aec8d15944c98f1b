"""The workloads that are about held polls: what one costs in memory, and in CPU and database calls when idle."""

from __future__ import annotations

import asyncio
import time

from pymongo import MongoClient

from bench import machine
from bench.load import connect
from bench.machine import Measured, spent
from bench.people import Failures, Poller
from bench.targets import Target

ARRIVALS_PER_SEC = 400  # of people nobody has seen before: each is looked up


async def hold(target: Target, count: int, failures: Failures, ramp_secs: float, **options) -> list[Poller]:
    """`count` people open their polls, spread evenly over `ramp_secs` as real ones would be."""
    pollers: list[Poller] = []
    started = time.perf_counter()
    while len(pollers) < count:
        batch = min(50, count - len(pollers))
        source = f"127.0.0.{1 + len(pollers) // 5_000}"
        for connection in await connect(target.port, batch, source):
            _, token = target.people[len(pollers) % len(target.people)]
            pollers.append(Poller(connection, token, failures, **options))
            pollers[-1].poll()
        await asyncio.sleep(max(0.0, started + ramp_secs * len(pollers) / count - time.perf_counter()))
    return pollers


async def crowd(target: Target, secs: float, polls: int = 10_000) -> Measured:
    """A fresh server: memory per held poll, then CPU per idle re-poll at the server's own hold time."""
    failures = Failures()
    for poller in await hold(target, 50, failures, 0.2, wait=1):  # what the first polls load is not theirs
        poller.connection.close()
    await asyncio.sleep(1.5)
    before = machine.rss_bytes(target.process)
    ramp_secs = polls / ARRIVALS_PER_SEC
    first_hold_secs = ramp_secs * 1.2 + 6  # longer than the ramp, so that all are held at once
    pollers = await hold(target, polls, failures, ramp_secs, wait=first_hold_secs)
    await asyncio.sleep(2.0)
    held = sum(1 for poller in pollers if poller.connection.on_answer is not None)
    rss = machine.rss_bytes(target.process) - before
    for poller in pollers:
        poller.wait = None
    await asyncio.sleep(first_hold_secs * 1.1)
    answers = sum(poller.answers for poller in pollers)
    with machine.window(target.processes) as window:
        await asyncio.sleep(secs)
        answers = sum(poller.answers for poller in pollers) - answers
    churned = machine.rss_bytes(target.process) - before
    for poller in pollers:
        poller.connection.close()
    return {
        "held": held,
        "kb_per_poll": rss / held / 1e3,
        "kb_per_poll_churned": churned / held / 1e3,
        "repolls_per_sec": answers / window.secs,
        "failures": failures.count,
        **spent(window, answers),
    }


COUNTED = ("find", "getMore", "aggregate", "count", "insert", "update", "delete", "findAndModify")


def commands(mongodb_uri: str) -> dict[str, int]:
    """How often mongod has run each command that reads or writes data, whoever asked."""
    with MongoClient(mongodb_uri) as client:
        known = client.admin.command("serverStatus")["metrics"]["commands"]
    return {name: int(known[name]["total"]) for name in COUNTED if name in known}


async def idle(target: Target, secs: float, polls: int = 500, plain: bool = False) -> Measured:
    """Database commands per re-poll while nothing happens, the check's and the sweeper's included."""
    failures = Failures()
    pollers = await hold(target, polls, failures, 5.5, plain=plain)
    await asyncio.sleep(7.0)  # first polls have to look; what counts is every later one
    before = commands(target.mongodb_uri)
    answers = sum(poller.answers for poller in pollers)
    with machine.window(target.processes) as window:
        await asyncio.sleep(secs)
        answers = sum(poller.answers for poller in pollers) - answers
    after = commands(target.mongodb_uri)
    for poller in pollers:
        poller.connection.close()
    ran = {name: after[name] - before.get(name, 0) for name in after}
    return {
        "commands_per_repoll": sum(ran.values()) / answers,
        "repolls": answers,
        "failures": failures.count,
        **{f"{name}_commands": count for name, count in ran.items() if count},
        **spent(window, answers),
    }
