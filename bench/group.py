"""A group of a thousand, all of them polling at one process: how soon the last one has a message.

One more member sends, who does not poll. The reference is the in-memory mailbox, which gets one request that names all
receivers.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bench import machine
from bench.founding import founded, said
from bench.load import call, connect, post, post_head
from bench.machine import Measured, quantile
from bench.nodes import Broker
from bench.people import FILLER, Failures, tags
from bench.polls import hold
from bench.targets import Target, command_of, ours, reference

ARRIVE_SECS = 20.0


async def group(members: int, sends: int) -> Measured:
    """`sends` messages, each when everybody has the one before, all in one process of this server."""
    target = await ours(members + 1)
    try:
        return await _in_group(target, target.port, sends)
    finally:
        target.stop()


async def group_beside(members: int, sends: int) -> Measured:
    """The same, sent at another process on the load generator's core, over RabbitMQ."""
    broker, target, other = Broker(), None, None
    directory = tempfile.TemporaryDirectory(prefix="bench")
    try:
        target = await ours(members + 1, broker.url)
        port = machine.free_port()
        command = command_of(port, directory.name, target.mongodb_uri, broker.url)
        other = machine.start(command, machine.LOAD_CORE, "other")
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
    conversation = await founded(target, [id for id, _ in target.people])
    *pollers, (_, sender) = target.people
    [connection] = await connect(port, 1)
    measured = await _sends(
        replace(target, people=pollers),
        sends,
        lambda failures: said(connection, conversation, sender, failures),
    )
    connection.close()
    return measured


async def mailbox_group(members: int, sends: int) -> Measured:
    """The same through the in-memory mailbox."""
    target = reference("mailbox", members)
    try:
        [connection] = await connect(target.port, 1)
        head = post_head("chats/", "0")
        receivers = [id for id, _ in target.people]

        async def send(_: Failures) -> None:
            body = json.dumps({"receiver_ids": receivers, "message": f"#{next(tags)}# {FILLER}"}).encode()
            await call(connection, post(head, body))

        measured = await _sends(target, sends, send)
        connection.close()
        return measured
    finally:
        target.stop()


async def _sends(target: Target, sends: int, send: Callable[[Failures], Awaitable[object]]) -> Measured:
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

    pollers = await hold(target, members, failures, 3.0, on_tag=arrived, wait=0.5)
    for poller in pollers:
        poller.wait = 30
    # For their bindings, and until all have a cursor: without it nobody is told of groups.
    await asyncio.sleep(3.0)
    stored, whole, half = [], [], []
    with machine.window(target.processes) as window:
        for _ in range(sends):
            got = 0
            arrivals.clear()
            everyone.clear()
            begun = time.perf_counter()
            await send(failures)
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
