"""A group of a thousand, all of them polling: how soon the last one has a message, and what one send publishes.

Groups have no endpoint yet, so the conversation is put into the database, and a node of the bench's own sends into it:
it stores and rings as every node does, and the people poll at another. The reference is the in-memory mailbox, which
gets one request that names all receivers.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import machine
from bench.load import call, connect, post, post_head
from bench.machine import Measured, quantile
from bench.nodes import Broker, figure, start
from bench.people import RUN, Failures, tags
from bench.polls import hold
from bench.targets import Target, reference
from chatserver.draft import Draft
from chatserver.model import Conversation
from chatserver.runtime import Runtime, open_runtime
from chatserver.settings import Settings
from tests.support.waiting import eventually

CONVERSATION = 1
ARRIVE_SECS = 20.0


async def group(members: int, sends: int) -> Measured:
    """`sends` messages, each when everybody has the one before, through this server."""
    broker, target = Broker(), None
    directory = tempfile.TemporaryDirectory(prefix="bench")
    try:
        target = await start(members, broker)
        ids = tuple(id for id, _ in target.people)
        settings = Settings(
            mongodb_uri=target.mongodb_uri, amqp_url=broker.url, data_dir=Path(directory.name)
        )
        async with open_runtime(settings) as sender:
            await _found(sender, ids)
            await eventually(lambda: sender.bus.state == "up", within=20)
            published = sender.bus.published
            measured = await _sends(target, sends, lambda number: _stored(sender, ids, number))
            measured["publishes_per_send"] = (sender.bus.published - published) / sends
            return measured
    finally:
        if target is not None:
            target.stop()
        broker.stop()
        directory.cleanup()


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


async def _found(sender: Runtime, ids: tuple[int, ...]) -> None:
    """The conversation and its members, in the order a service would make them."""
    stores = sender.storage
    await stores.inboxes.join(ids, CONVERSATION, 0)
    await stores.conversations.add_members(CONVERSATION, ids)
    await stores.conversations.start_group(CONVERSATION, sender.clock.now())
    await stores.conversations.finish(CONVERSATION)


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
    if target.admin_port:
        await eventually(lambda: figure(target, "chat_held_polls") >= members, within=30)
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


async def _stored(sender: Runtime, ids: tuple[int, ...], number: int) -> None:
    await sender.services.writer.post(_draft(sender, ids, number))


def _text() -> str:
    return f"#{next(tags)}# A message to everybody, of ordinary length, as people write them to one another."


def _draft(sender: Runtime, ids: tuple[int, ...], number: int) -> Draft:
    return Draft(
        conversation=Conversation(CONVERSATION, "group", ids),
        sender_id=ids[number % len(ids)],
        session_id=0,  # of no poller, so that the sender's own poll gets it too
        client_id=f"{RUN}-group-{next(tags)}",
        text=_text(),
        attachment=None,
        created_at=sender.clock.now(),
        deadline=sender.clock.monotonic() + 5.0,
    )
