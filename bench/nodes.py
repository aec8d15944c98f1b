"""Several processes over a real RabbitMQ: what each further one costs.

All server processes share one core, so that a further one brings nothing to compute with: what is lost is overhead.
"""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request

import psutil

from bench import machine, workloads
from bench.load import Connection, connect
from bench.machine import Measured
from bench.targets import Target, ours
from tests.support.rabbit import RabbitNode
from tests.support.waiting import eventually

READY_SECS = 90.0
PEOPLE = 400
RATE = 100
COUNTED = ("messages", "bus_published", "append_retries")


class Broker:
    """RabbitMQ on the load generator's core, and its process for the books."""

    def __init__(self) -> None:
        self._node = RabbitNode()
        self.url = self._node.url
        self._node.start()
        mark = str(self._node.directory)
        found = (p for p in psutil.process_iter(["name", "cmdline"]) if p.info["name"] == "beam.smp")
        self.process = next(p for p in found if any(mark in part for part in p.info["cmdline"] or ()))

    def stop(self) -> None:
        self._node.stop()


async def start(users: int, broker: Broker, processes: int = 1, *more: str) -> Target:
    """A server whose metrics can be read, when all its processes are ready."""
    admin_port = machine.free_port()
    flags = ["--processes", str(processes), "--admin-port", str(admin_port), *more]
    target = await ours(users, broker.url, flags)
    target.admin_port = admin_port
    target.helpers["broker"] = broker.process
    end = time.monotonic() + READY_SECS
    while figure(target, "chat_bus_up") < processes:
        if time.monotonic() > end:
            target.stop()
            raise RuntimeError("the processes are not ready: see build/bench/ours.log")
        await asyncio.sleep(0.2)
    for number, child in enumerate(target.process.children()):
        target.helpers[f"process{number}"] = child
    return target


def figure(target: Target, name: str) -> float:
    """A metric summed over all processes; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{target.admin_port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    except OSError:
        return 0.0
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE))


def server_cpu(measured: Measured) -> float:
    """µs of all server processes together, per unit of work."""
    return sum(us for name, us in measured.items() if re.fullmatch(r"(server|process\d+)_cpu_us", name))


async def spread(target: Target, count: int) -> list[Connection]:
    """Connections in equal parts to all processes: each part is opened while the others are stopped.

    They accept from one socket, and on one core whoever runs gets nearly all: no run was like the one before.
    """
    serving = target.process.children() or [target.process]
    part = count // len(serving)
    opened: list[Connection] = []
    for one in serving:
        others = [process for process in serving if process != one]
        try:
            for other in others:
                other.suspend()
            its = await connect(target.port, part)
            ports = {connection.port for connection in its}
            await eventually(lambda one=one, ports=ports: ports <= _clients(one), READY_SECS)
            opened += its
        finally:
            for other in others:
                other.resume()
    return opened


def _clients(process: psutil.Process) -> set[int]:
    """The ports from which its connections come."""
    return {found.raddr.port for found in process.net_connections("tcp") if found.raddr}


async def several(processes: int, secs: float) -> Measured:
    """Sends alone as fast as they go, then sends at a fixed rate into polls spread over all processes."""
    broker, target = Broker(), None
    try:
        target = await start(PEOPLE, broker, processes)
        await workloads.prepare(target)
        await workloads.sends(target, 4.0 * processes, opener=spread)  # until each has met everybody
        before = [figure(target, f"chat_{name}_total") for name in COUNTED]
        alone = await workloads.sends(target, secs, opener=spread)
        counts = [figure(target, f"chat_{name}_total") for name in COUNTED]
        stored, published, retried = (now - then for now, then in zip(counts, before, strict=True))
        polled = await workloads.delivery(target, secs, PEOPLE, rate=RATE)
        serving = target.process.children() or [target.process]
        resident = sum(map(machine.rss_bytes, serving))
    finally:
        if target is not None:
            target.stop()
        broker.stop()
    return {
        "processes": processes,
        "sends_per_sec": alone["per_sec"],
        "send_cpu_us": server_cpu(alone),
        "polled_send_cpu_us": server_cpu(polled),
        "broker_cpu_us": polled["broker_cpu_us"],
        "mongod_cpu_us": alone["mongod_cpu_us"],
        "p50_ms": polled["p50_ms"],
        "p99_ms": polled["p99_ms"],
        "publishes_per_send": published / stored,
        "retries_per_send": retried / stored,
        "mb_per_process": resident / processes / 1e6,
        "lost": polled["lost"],
        "failures": alone["failures"] + polled["failures"],
        "load_busy": max(alone["load_busy"], polled["load_busy"]),
        "foreign": max(alone["foreign"], polled["foreign"]),
    }
