"""The workloads. Each takes a target, loads it for some seconds and returns what was measured."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from bench import machine
from bench.load import Connection, connect
from bench.machine import Measured, quantile, spent
from bench.people import Failures, Poller, Senders
from bench.polls import ARRIVALS_PER_SEC, hold
from bench.targets import Target

WARM_SECS = 0.5
BACKLOG_SECS = 15.0
RATE = 200  # sends a second where their rate is fixed


def moments(secs: float, rate: int = RATE) -> Iterator[float]:
    """When each of these sends is due, counted from the first: at a random moment of its turn, the same in every round.

    At even ones a whole round may be in step with timers of the machine, or out of it.
    """
    chance = random.Random(7)
    return ((number + chance.random()) / rate for number in range(int(rate * secs)))


async def prepare(target: Target) -> None:
    """Every pair has written to one another once: the workloads measure conversations, not their creation."""
    senders, failures = Senders(target), Failures()
    todo = iter(range(len(target.people)))
    await closed_loop(await connect(target.port, 16), lambda: next(todo, None), senders, failures, [])
    if failures.count:
        raise RuntimeError(f"{target.name} refuses sends: {failures.first}")


async def closed_loop(connections, next_sender, senders, failures, took) -> None:
    """Each connection sends its next message when the last was answered, until `next_sender` says None."""
    idle = asyncio.get_running_loop().create_future()
    running = len(connections)
    started = dict.fromkeys(connections, 0.0)

    def go(connection: Connection) -> None:
        nonlocal running
        sender = next_sender()
        if sender is None:
            running -= 1
            if not running and not idle.done():
                idle.set_result(None)
            return
        _, request = senders.request(sender)
        started[connection] = time.perf_counter()
        connection.send(request, answers[connection])

    def answered(connection: Connection, status: int, body: bytes) -> None:
        if status == 201:
            took.append(time.perf_counter() - started[connection])
        else:
            failures.note(status, body)
        go(connection)

    def lost(connection: Connection) -> None:
        """The server closed it, after a refusal or because it ended. The others go on."""
        nonlocal running
        failures.note(0, b"the server closed a sender's connection")
        running -= 1
        if not running and not idle.done():
            idle.set_result(None)

    answers = {connection: partial(answered, connection) for connection in connections}
    for connection in connections:
        connection.on_lost = partial(lost, connection)
        go(connection)
    await idle
    for connection in connections:
        connection.close()


async def straight(target: Target, count: int) -> list[Connection]:
    return await connect(target.port, count)


async def sends(
    target: Target,
    secs: float,
    connections: int = 32,
    warm_secs: float = WARM_SECS,
    opener: Callable[[Target, int], Awaitable[list[Connection]]] = straight,
    senders: Senders | None = None,
) -> Measured:
    """Durable sends a second: 32 connections, each a closed loop over all the people."""
    senders, failures = senders or Senders(target), Failures()
    took: list[float] = []

    async def run(secs: float, opened: list[Connection]) -> None:
        end = time.perf_counter() + secs
        await closed_loop(
            opened,
            lambda: next(senders.order) if time.perf_counter() < end else None,
            senders,
            failures,
            took,
        )

    await run(warm_secs, await opener(target, connections))
    took.clear()
    opened = await opener(target, connections)
    with machine.window(target.processes) as window:
        await run(secs, opened)
    return {
        "per_sec": len(took) / window.secs,
        "sent": len(took),
        "p50_ms": quantile(took, 0.5) * 1e3,
        "p99_ms": quantile(took, 0.99) * 1e3,
        "failures": failures.count,
        **spent(window, len(took)),
    }


async def delivery(
    target: Target, secs: float, polls: int = 1_000, *, rate: int = RATE, plain: bool = False
) -> Measured:
    """Time from writing a send to having its event, and from its 201: at a fixed rate into held polls."""
    senders, failures = Senders(target), Failures()
    written: dict[int, float] = {}
    accepted: dict[int, float] = {}
    received: dict[int, float] = {}
    ramp_secs = max(3.0, polls / ARRIVALS_PER_SEC)
    pollers = await hold(target, polls, failures, ramp_secs, on_tag=received.setdefault, plain=plain)
    idle = await connect(target.port, 64)
    await asyncio.sleep(1.0)

    def answered(connection: Connection, tag: int, status: int, body: bytes) -> None:
        idle.append(connection)
        if status == 201:
            accepted[tag] = time.perf_counter()
        else:
            failures.note(status, body)

    def send() -> None:
        tag, request = senders.next()
        written[tag] = time.perf_counter()
        connection = idle.pop()
        connection.send(request, partial(answered, connection, tag))

    late: list[float] = []
    with machine.window(target.processes) as window:
        started = time.perf_counter()
        for moment in moments(secs, rate):
            due = started + moment
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            late.append(time.perf_counter() - due)
            if not idle:  # never wait for the server: that would hide its stalls
                idle += await connect(target.port, 16)
            send()
    await asyncio.sleep(1.0)  # for what is still on its way
    for connection in idle + [poller.connection for poller in pollers]:
        connection.close()
    whole = [received[tag] - written[tag] for tag in written if tag in received]
    after = [received[tag] - accepted[tag] for tag in accepted if tag in received]
    return {
        "p50_ms": quantile(whole, 0.5) * 1e3,
        "p99_ms": quantile(whole, 0.99) * 1e3,
        "after_201_p50_ms": quantile(after, 0.5) * 1e3,
        "after_201_p99_ms": quantile(after, 0.99) * 1e3,
        "send_p50_ms": quantile((accepted[tag] - written[tag] for tag in accepted), 0.5) * 1e3,
        "lost": len(accepted) - len(after),
        "generator_late_p99_ms": quantile(late, 0.99) * 1e3,
        "sent": len(written),
        "server_busy": window.cpu["server"] / window.secs,
        "failures": failures.count,
        **spent(window, len(written)),
    }


async def behind(target: Target, secs: float) -> Measured:
    """The same right behind sends at full speed, of which much is still to be worked off: words, a second look."""
    await sends(target, BACKLOG_SECS)
    return await delivery(target, secs)


async def pairs(target: Target, secs: float, count: int = 100) -> Measured:
    """Closed loop end to end: each pair's next message goes when the last was answered *and* received."""
    senders, failures = Senders(target), Failures()
    pair_of: dict[int, int] = {}
    open_ends: dict[int, int] = {}  # tag: how many of (201, event) are still missing
    done: list[float] = []
    writers = await connect(target.port, count)
    started: dict[int, float] = {}

    def send(pair: int) -> None:
        tag, request = senders.request(2 * pair)
        pair_of[tag], open_ends[tag], started[tag] = pair, 2, time.perf_counter()
        writers[pair].send(request, partial(answered, tag))

    def answered(tag: int, status: int, body: bytes) -> None:
        if status != 201:
            failures.note(status, body)
        close_end(tag, time.perf_counter())

    def close_end(tag: int, now: float) -> None:
        if tag not in open_ends:
            return  # from an earlier round
        open_ends[tag] -= 1
        if not open_ends[tag]:
            del open_ends[tag]
            done.append(now - started.pop(tag))
            send(pair_of.pop(tag))

    receivers = await connect(target.port, count)
    for pair, connection in enumerate(receivers):
        token = target.people[2 * pair + 1][1]
        Poller(connection, token, failures, on_tag=close_end).poll()
    await asyncio.sleep(0.5)
    for pair in range(count):
        send(pair)
    await asyncio.sleep(WARM_SECS)
    done.clear()
    with machine.window(target.processes) as window:
        await asyncio.sleep(secs)
        count_done = len(done)
    for connection in writers + receivers:
        connection.close()
    return {
        "per_sec": count_done / window.secs,
        "p50_ms": quantile(done, 0.5) * 1e3,
        "p99_ms": quantile(done, 0.99) * 1e3,
        "failures": failures.count,
        **spent(window, count_done),
    }
