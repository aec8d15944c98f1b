"""A group of a thousand, all of them polling: how soon the last one has a message, and what one send publishes.

Groups have no endpoint yet, so the conversation is put into the database, and a node of the bench's own sends into it:
it stores and rings as every node does, and the people poll at another.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bench import machine
from bench.machine import Measured, quantile
from bench.nodes import Broker, figure, start
from bench.people import RUN, Failures, tags
from bench.polls import hold
from chatserver.draft import Draft
from chatserver.model import Conversation
from chatserver.runtime import Runtime, open_runtime
from chatserver.settings import Settings
from tests.support.waiting import eventually

CONVERSATION = 1
ARRIVE_SECS = 20.0


async def group(members: int, sends: int, processes: int = 1) -> Measured:
    """`sends` messages, each when everybody has the one before."""
    broker, target = Broker(), None
    directory = tempfile.TemporaryDirectory(prefix="bench")
    try:
        target = await start(members, broker, processes)
        ids = tuple(id for id, _ in target.people)
        settings = Settings(
            mongodb_uri=target.mongodb_uri, amqp_url=broker.url, data_dir=Path(directory.name)
        )
        async with open_runtime(settings) as sender:
            await _found(sender, ids)
            await eventually(lambda: sender.bus.state == "up", within=20)
            measured = await _sends(sender, target, ids, sends)
    finally:
        if target is not None:
            target.stop()
        broker.stop()
        directory.cleanup()
    return {"members": members, "processes": processes, **measured}


async def _found(sender: Runtime, ids: tuple[int, ...]) -> None:
    """The conversation and its members, in the order a service would make them."""
    stores = sender.storage
    await stores.inboxes.join(ids, CONVERSATION, 0)
    await stores.conversations.add_members(CONVERSATION, ids)
    await stores.conversations.start_direct("group", CONVERSATION, sender.clock.now())
    await stores.conversations.finish(CONVERSATION)


async def _sends(sender: Runtime, target, ids: tuple[int, ...], sends: int) -> Measured:
    failures, got, everyone = Failures(), 0, asyncio.Event()
    arrivals: list[float] = []

    def arrived(_: int, at: float) -> None:
        nonlocal got
        got += 1
        arrivals.append(at)
        if got >= len(ids):
            everyone.set()

    pollers = await hold(target, len(ids), failures, 3.0, on_tag=arrived, wait=30)
    await eventually(lambda: figure(target, "chat_held_polls") >= len(ids), within=30)
    await asyncio.sleep(3.0)  # for their bindings
    stored, whole, half = [], [], []
    published = sender.bus.published
    with machine.window(target.processes) as window:
        for number in range(sends):
            got = 0
            arrivals.clear()
            everyone.clear()
            begun = time.perf_counter()
            await sender.services.writer.post(_draft(sender, ids, number))
            stored.append(time.perf_counter() - begun)
            async with asyncio.timeout(ARRIVE_SECS):
                await everyone.wait()
            whole.append(max(arrivals) - begun)
            half.append(quantile((at - begun for at in arrivals), 0.5))
            await asyncio.sleep(0.5)  # until they all poll again
    for poller in pollers:
        poller.connection.close()
    return {
        "sends": sends,
        "stored_ms": quantile(stored, 0.5) * 1e3,
        "half_ms": quantile(half, 0.5) * 1e3,
        "last_p50_ms": quantile(whole, 0.5) * 1e3,
        "last_max_ms": max(whole) * 1e3,
        "publishes_per_send": (sender.bus.published - published) / sends,
        "mongod_cpu_us": window.cpu["mongod"] / sends * 1e6,
        "delivery_cpu_us": sum(s for n, s in window.cpu.items() if n.startswith(("server", "process")))
        / (sends * len(ids))
        * 1e6,
        "failures": failures.count,
        "load_busy": window.cpu["load"] / window.secs,
        "foreign": window.foreign,
    }


def _draft(sender: Runtime, ids: tuple[int, ...], number: int) -> Draft:
    return Draft(
        conversation=Conversation(CONVERSATION, "group", ids),
        sender_id=ids[number % len(ids)],
        session_id=0,  # of no poller, so that the sender's own poll gets it too
        client_id=f"{RUN}-group-{next(tags)}",
        text=f"#{next(tags)}# A message to everybody, of ordinary length, as people write them to one another.",
        attachment=None,
        created_at=sender.clock.now(),
        deadline=sender.clock.monotonic() + 5.0,
    )
