"""What the server asks of RabbitMQ, counted on the wire: a proxy in between that reads the method frames."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import psutil

from bench import workloads
from bench.machine import Measured
from bench.people import Failures
from bench.polls import hold
from bench.targets import ours
from tests.support.rabbit import RabbitNode

METHOD_FRAME = 1
HEADER_BYTES = 7
PUBLISH = (60, 40)
ROUND_TRIPS = {(40, 10): "exchange.declare", (50, 10): "queue.declare", (50, 20): "queue.bind"}


class Proxy:
    """Forwards one port to the broker's and counts the methods that the server sends."""

    def __init__(self, broker_port: int) -> None:
        self.broker_port = broker_port
        self.methods: Counter[tuple[int, int]] = Counter()
        self.port = 0

    async def open(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self.broker_port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await asyncio.gather(self._count(reader, broker_writer), self._forward(broker_reader, writer))
        broker_writer.close()
        writer.close()

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(8))  # the protocol header
        while True:
            header = await reader.readexactly(HEADER_BYTES)
            rest = await reader.readexactly(int.from_bytes(header[3:7], "big") + 1)
            if header[0] == METHOD_FRAME:
                self.methods[int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:4], "big")] += 1
            writer.write(header + rest)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)


async def declares(secs: float, users: int = 100) -> Measured:
    """Declarations and publishes per send while everybody polls."""
    broker = RabbitNode()
    broker.start()
    target = None
    try:
        proxy = Proxy(broker.port)
        await proxy.open()
        target = await ours(users, f"amqp://guest:guest@127.0.0.1:{proxy.port}/")
        beam = next(p for p in psutil.process_iter(["cmdline"]) if _is_node(p, broker))
        target.helpers["broker"] = beam
        await workloads.prepare(target)
        failures = Failures()
        pollers = await hold(target, users, failures, 1.0)
        await asyncio.sleep(3.0)
        before = proxy.methods.copy()
        measured = await workloads.sends(target, secs, warm_secs=0)
        await asyncio.sleep(0.5)
        asked = proxy.methods - before
        for poller in pollers:
            poller.connection.close()
    finally:
        if target is not None:
            target.stop()
        broker.stop()
    sent = measured.pop("sent")
    trips = sum(asked[method] for method in ROUND_TRIPS)
    return {
        **measured,
        "declares_per_send": trips / sent,
        "declares_at_start": sum(before[method] for method in ROUND_TRIPS),
        "publishes_per_send": asked[PUBLISH] / sent,
        "failures": failures.count + measured["failures"],
    }


def _is_node(process: psutil.Process, broker: RabbitNode) -> bool:
    return "beam.smp" in process.name() and any(
        str(broker.directory) in part for part in process.info["cmdline"] or ()
    )
