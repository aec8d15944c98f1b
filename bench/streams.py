"""Streams of events beside held polls: what an idle one costs in memory and CPU."""

from __future__ import annotations

import asyncio
import time

from bench import machine
from bench.load import get
from bench.machine import Measured, Window, spent
from bench.people import Failures
from bench.polls import ARRIVALS_PER_SEC, hold
from bench.targets import Target
from tests.support.waiting import eventually

POLLS_SECS = 11.0  # twice the hold time


class Follower(asyncio.Protocol):
    """One person's tab: opens a stream and counts what comes."""

    __slots__ = ("connected", "failures", "heartbeats", "request", "transport")

    def __init__(self, token: str, failures: Failures) -> None:
        self.request = get("sse/events/?client=bench", token)
        self.failures = failures
        self.connected = False
        self.heartbeats = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.connected = self.connected or b"event: connected" in data
        self.heartbeats += data.count(b"event: heartbeat")

    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is not None:
            self.failures.note(0, b"the server ended a stream")

    def close(self) -> None:
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.close()


async def follow(target: Target, count: int, failures: Failures) -> list[Follower]:
    """`count` people open their streams, at the rate at which others open their polls."""
    loop = asyncio.get_running_loop()
    followers: list[Follower] = []
    started = time.perf_counter()
    while len(followers) < count:
        source = (f"127.0.0.{1 + len(followers) // 5_000}", 0)
        for _ in range(min(50, count - len(followers))):
            made = Follower(target.people[len(followers)][1], failures)
            await loop.create_connection(lambda made=made: made, "127.0.0.1", target.port, local_addr=source)
            followers.append(made)
        await asyncio.sleep(max(0.0, started + len(followers) / ARRIVALS_PER_SEC - time.perf_counter()))
    await eventually(lambda: all(follower.connected for follower in followers) or failures.count)
    return followers


async def streams(target: Target, secs: float, count: int = 10_000) -> Measured:
    """A fresh server: memory per stream, CPU while nothing happens, and the CPU of as many polls behind that."""
    failures = Failures()
    for follower in await follow(target, 50, failures):  # what the first ones load is not theirs
        follower.close()
    await asyncio.sleep(1.5)
    before = machine.rss_bytes(target.process)
    followers = await follow(target, count, failures)
    await asyncio.sleep(2.0)
    held = sum(follower.connected for follower in followers)
    rss = machine.rss_bytes(target.process) - before
    with machine.window(target.processes) as window:
        await asyncio.sleep(secs)
    later = machine.rss_bytes(target.process) - before
    heartbeats = sum(follower.heartbeats for follower in followers)
    for follower in followers:
        follower.close()
    await asyncio.sleep(2.0)
    polls = await idle_polls(target, count, failures)
    stream_secs, poll_secs = held * window.secs, count * polls.secs
    return {
        "held": held,
        "kb_per_stream": rss / held / 1e3,
        "kb_per_stream_later": later / held / 1e3,
        "heartbeats": heartbeats,
        "polls_cpu_us": polls.cpu["server"] / poll_secs * 1e6,
        "of_polls": (window.cpu["server"] / stream_secs) / (polls.cpu["server"] / poll_secs),
        "failures": failures.count,
        **spent(window, stream_secs),
    }


async def idle_polls(target: Target, count: int, failures: Failures) -> Window:
    """What as many polls take, held and asked again as their clients do."""
    pollers = await hold(target, count, failures, count / ARRIVALS_PER_SEC)
    await asyncio.sleep(7.0)  # first polls have to look
    with machine.window(target.processes) as window:
        await asyncio.sleep(POLLS_SECS)
    for poller in pollers:
        poller.connection.close()
    return window
