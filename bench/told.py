"""What it costs that the host is told of every message: the same sends to a server with a webhook, and to one without."""

from __future__ import annotations

import asyncio
import json
import time
from functools import partial

from bench import machine, workloads
from bench.host import by_host
from bench.load import Connection, connect
from bench.machine import Measured, quantile, spent
from bench.people import Failures, Senders
from bench.targets import Target, ours
from tests.support.host import SECRET

PEOPLE = 200
CONNECTIONS = 32
TOLD_WITHIN_SECS = 30.0
TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """The host's server, which takes every event at once and looks at none."""

    told = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._came = b""

    def data_received(self, data: bytes) -> None:
        self._came += data
        head_end = self._came.find(b"\r\n\r\n")
        if head_end < 0:
            return
        start = self._came[:head_end].lower().find(b"content-length: ") + 16
        whole = head_end + 4 + int(self._came[start:head_end].split(b"\r", 1)[0])
        if len(self._came) >= whole:
            self._came = self._came[whole:]
            Receiver.told += 1
            self._transport.write(TAKEN)


async def told(has_webhook: bool, secs: float) -> Measured:
    """Sends at a fixed rate, until the host was told of all of them; its receiver is on the load's core."""
    target = await ours(PEOPLE, flags=["--host-secret", SECRET, "--outbound-allow", "127.0.0.0/8"])
    listening = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    try:
        await workloads.prepare(target)
        if has_webhook:
            await listen(target, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook")
        await steady(target, 1.0, has_webhook)  # until each of both knows the other
        return await steady(target, secs, has_webhook)
    finally:
        listening.close()
        target.stop()


async def listen(target: Target, url: str) -> None:
    """To messages."""
    body = json.dumps({"url": url, "events": ["message.created"]}).encode()
    await by_host(target, "webhooks", "POST", "webhooks/", body)


async def steady(target: Target, secs: float, has_webhook: bool) -> Measured:
    senders, failures = Senders(target), Failures()
    idle = await connect(target.port, CONNECTIONS)
    took: list[float] = []
    before, written = Receiver.told, 0

    def answered(connection: Connection, began: float, status: int, body: bytes) -> None:
        idle.append(connection)
        took.append(time.perf_counter() - began)
        if status != 201:
            failures.note(status, body)

    with machine.window(target.processes) as window:
        started = time.perf_counter()
        for moment in workloads.moments(secs):
            await asyncio.sleep(max(0.0, started + moment - time.perf_counter()))
            if not idle:
                idle += await connect(target.port, 16)
            connection = idle.pop()
            connection.send(senders.next()[1], partial(answered, connection, time.perf_counter()))
            written += 1
        while len(took) < written or (has_webhook and Receiver.told - before < written):
            await asyncio.sleep(0.01)
            if time.perf_counter() > started + secs + TOLD_WITHIN_SECS:
                break
        behind_secs = time.perf_counter() - started - secs
    for connection in idle:
        connection.close()
    return {
        "p50_ms": quantile(took, 0.5) * 1e3,
        "p99_ms": quantile(took, 0.99) * 1e3,
        "sent": written,
        "told": Receiver.told - before,
        "behind_secs": behind_secs,
        "lost": max(0, written - (Receiver.told - before)) if has_webhook else 0,
        "failures": failures.count,
        **spent(window, written),
    }
