"""A group of a thousand, all of them polling at one process: how soon the last one has a message.

The conversation is put into the database, since groups have no endpoint yet, and the message is sent through
bench.speaker. The reference is the in-memory mailbox, which gets one request that names all receivers.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable

from bench import machine
from bench.load import call, connect, post, post_head
from bench.machine import Measured, quantile
from bench.nodes import Broker
from bench.people import RUN, Failures, tags
from bench.polls import hold
from bench.speaker import CONVERSATION
from bench.targets import Target, ours, reference
from chatserver.clock import Clock
from chatserver.model import PRESETS, Beginning, Conversation
from chatserver.settings import Settings
from chatserver.storage import Storage

ARRIVE_SECS = 20.0
PROGRAM = ("-m", "bench.speaker")


async def group(members: int, sends: int) -> Measured:
    """`sends` messages, each when everybody has the one before, all in one process of this server."""
    os.environ["SPEAKER_PORT"] = str(port := machine.free_port())
    target = await ours(members, program=PROGRAM)
    try:
        machine.wait_for_port(port, target.process)
        return await _in_group(target, port, sends)
    finally:
        target.stop()


async def group_beside(members: int, sends: int) -> Measured:
    """The same, sent at another process on the load generator's core, over RabbitMQ."""
    broker, target, other = Broker(), None, None
    directory = tempfile.TemporaryDirectory(prefix="bench")
    try:
        target = await ours(members, broker.url)
        os.environ["SPEAKER_PORT"] = str(port := machine.free_port())
        flags = ["--port", str(machine.free_port()), "--data-dir", directory.name, "--log-level", "warning"]
        flags += ["--mongodb-uri", target.mongodb_uri, "--amqp-url", broker.url]
        other = machine.start([sys.executable, *PROGRAM, *flags], machine.LOAD_CORE, "speaker")
        machine.wait_for_port(port, other)
        return await _in_group(target, port, sends)
    finally:
        if other is not None:
            machine.stop(other)
        if target is not None:
            target.stop()
        broker.stop()
        directory.cleanup()


async def _in_group(target: Target, port: int, sends: int) -> Measured:
    ids = [id for id, _ in target.people]
    await found(target.mongodb_uri, ids)
    [connection] = await connect(port, 1)

    head = post_head("group/", "")

    async def send(number: int) -> None:
        who = {"sender_id": ids[number % len(ids)], "member_ids": ids}
        what = {"message": _text(), "client_id": f"{RUN}-group-{number}"}
        status, body = await call(connection, post(head, json.dumps({**who, **what}).encode()))
        if status != 200:
            raise RuntimeError(f"not sent: {status} {body}")

    measured = await _sends(target, sends, send)
    connection.close()
    return measured


async def mailbox_group(members: int, sends: int) -> Measured:
    """The same through the in-memory mailbox."""
    target = reference("mailbox", members)
    try:
        [connection] = await connect(target.port, 1)
        head = post_head("chats/", "0")
        receivers = [id for id, _ in target.people]

        async def send(number: int) -> None:
            body = json.dumps({"receiver_ids": receivers, "message": _text()}).encode()
            await call(connection, post(head, body))

        measured = await _sends(target, sends, send)
        connection.close()
        return measured
    finally:
        target.stop()


async def found(uri: str, ids: list[int], id: int = CONVERSATION, preset: str = "group") -> None:
    """The conversation and its members, in the order a service would make them."""
    stores, now = Storage(uri, Settings(), Clock()), Clock().now()
    group = Conversation(id, "group", policy=PRESETS[preset], preset=preset, owner_id=ids[0])
    beginning = Beginning(group, ids[0], f"bench-{id}", "", tuple(ids), ())
    await stores.groups.begin(beginning, now)
    await stores.groups.add_first(beginning, now)
    await stores.inboxes.join(ids, id, 0, rev=1)
    await stores.groups.finish(beginning)
    await stores.close()


async def _sends(target: Target, sends: int, send: Callable[[int], Awaitable[None]]) -> Measured:
    """Everybody polls; each message goes when all have the one before and poll again."""
    failures, got, everyone = Failures(), 0, asyncio.Event()
    members = len(target.people)
    arrivals: list[float] = []

    def arrived(_: int, at: float) -> None:
        nonlocal got
        got += 1
        arrivals.append(at)
        if got >= members:
            everyone.set()

    pollers = await hold(target, members, failures, 3.0, on_tag=arrived, wait=30)
    await asyncio.sleep(3.0)  # for their bindings
    stored, whole, half = [], [], []
    with machine.window(target.processes) as window:
        for number in range(sends):
            got = 0
            arrivals.clear()
            everyone.clear()
            begun = time.perf_counter()
            await send(number)
            stored.append(time.perf_counter() - begun)
            async with asyncio.timeout(ARRIVE_SECS):
                await everyone.wait()
            whole.append(max(arrivals) - begun)
            half.append(quantile((at - begun for at in arrivals), 0.5))
            await asyncio.sleep(0.5)  # until they all poll again
    for poller in pollers:
        poller.connection.close()
    return {
        "members": members,
        "sends": sends,
        "stored_ms": quantile(stored, 0.5) * 1e3,
        "half_ms": quantile(half, 0.5) * 1e3,
        "last_p50_ms": quantile(whole, 0.5) * 1e3,
        "last_max_ms": max(whole) * 1e3,
        "mongod_cpu_us": window.cpu.get("mongod", 0.0) / sends * 1e6,
        "delivery_cpu_us": sum(s for n, s in window.cpu.items() if n.startswith(("server", "process")))
        / (sends * members)
        * 1e6,
        "failures": failures.count,
        "load_busy": window.cpu["load"] / window.secs,
        "foreign": window.foreign,
    }


def _text() -> str:
    return f"#{next(tags)}# A message to everybody, of ordinary length, as people write them to one another."
