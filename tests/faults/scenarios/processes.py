"""Server processes die at the worst moments, or are asked to stop while everybody talks."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass, field

from tests.faults.bench.load import Load
from tests.faults.bench.town import Town
from tests.faults.bench.verdict import Verdict, delays, percentile
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

RATE = 40.0


@dataclass
class Stops:
    verdict: Verdict
    exits: list[float] = field(default_factory=list)  # seconds from SIGTERM to the end
    cut: int = 0
    unanswered: int = 0
    p99: float = 0.0

    def __str__(self) -> str:
        return (
            f"{len(self.exits)} stops, the longest {max(self.exits):.2f} s; {self.cut} cut answers,"
            f" {self.unanswered} requests on new connections without one; p99 {self.p99:.3f} s"
        )


async def start_again(server: ServerProcess) -> None:
    server.start(wait=False)
    await eventually(lambda: asyncio.to_thread(server.is_ready), why="started again")


async def die_at(town: Town, load: Load, point: str, times: int, every: int, rate: float = RATE) -> Verdict:
    """The last server kills itself at every `every`th passing of a failpoint, and is started again each time."""
    victim = town.servers[-1]
    await _swap(victim, {"CHATSERVER_FAILPOINTS": f"{point}=kill/{every}"})
    load.speak(rate)
    for _ in range(times):
        await eventually(lambda: _ended(victim), why=f"it dies at {point}")
        assert victim.process is not None and victim.process.returncode == -9, victim.log()[-2000:]
        await start_again(victim)
        load.check_readers()
    await load.hush()
    await _swap(victim, {"CHATSERVER_FAILPOINTS": ""})
    town.show(f"died {times} times at {point}, {load.refusals.retried} sends took more than one try")
    return await town.conclude(load)


async def orphan(town: Town, load: Load, back: bool = False) -> float:
    """The server that stored a message dies before telling anyone, and nobody sends it again: when it arrives.

    `back`: it is started again at once, as a supervisor does.
    """
    victim = town.servers[-1]
    await _swap(victim, {"CHATSERVER_FAILPOINTS": "after_append=kill"})
    await load.say_once(victim.base)
    await eventually(lambda: _ended(victim))
    died = time.monotonic()
    if back:
        await _swap(victim, {"CHATSERVER_FAILPOINTS": ""})
    await eventually(lambda: load.oracle.missing == 0, why="a sweeper brings it")
    took = time.monotonic() - died
    town.show(f"an orphaned message arrived {took:.1f} s after its server had died" + ", and was back" * back)
    await _swap(victim, {"CHATSERVER_FAILPOINTS": ""})
    return took


async def kill_at_random(
    town: Town, load: Load, times: int, every_secs: float, rate: float = RATE
) -> Verdict:
    """kill -9, no matter at what; the client goes to another server, this one comes back."""
    load.speak(rate)
    for number in range(1, times + 1):
        await asyncio.sleep(load.random.uniform(0.5, 1.5) * every_secs)
        server = load.random.choice(town.servers)
        server.kill()
        await start_again(server)
        load.check_readers()
        town.say(f"killed {number} of {times}: accepted {load.oracle.acknowledged}")
    town.show(f"{times} kills, {load.refusals.retried} sends took more than one try")
    return await town.conclude(load)


async def stall(town: Town, load: Load, times: int, secs: float, rate: float = RATE) -> tuple[Verdict, float]:
    """The loop of the first server stands still; the verdict, and how long what came meanwhile took at most."""
    load.speak(rate)
    slowest = 0.0
    for number in range(1, times + 1):
        process = town.servers[0].process
        assert process is not None
        begun = time.monotonic()
        process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(secs)
        finally:
            process.send_signal(signal.SIGCONT)
        await asyncio.sleep(2.0)
        await load.delivered()
        slowest = max(slowest, *delays(load.oracle.records(), begun))
        load.check_readers()
        town.say(f"stalled {number} of {times}: the slowest delivery so far {slowest:.2f} s")
    verdict = await town.conclude(load)
    town.show(f"stopped {times} times for {secs} s; the slowest delivery {slowest:.2f} s")
    return verdict, slowest


async def drain_in_turn(town: Town, load: Load, rounds: int, rate: float = RATE) -> Stops:
    """SIGTERM to one server after another under load, each back before the next goes."""
    since = load.oracle.note("drains begin")
    load.speak(rate)
    found = Stops(Verdict())
    for number in range(rounds):
        before = load.oracle.acknowledged
        await eventually(lambda before=before: load.oracle.acknowledged > before + rate)
        server = town.servers[number % len(town.servers)]
        begun = time.monotonic()
        server.terminate()
        code = await asyncio.to_thread(server.wait)
        found.exits.append(time.monotonic() - begun)
        assert code == 0, server.log()[-2000:]
        await start_again(server)
        load.check_readers()
    found.verdict = await town.conclude(load)
    found.cut = load.tally.cut + load.poll_tally.cut
    found.unanswered = load.tally.unanswered + load.poll_tally.unanswered
    found.p99 = percentile(delays(load.oracle.records(), since), 99)
    town.show(str(found))
    return found


async def _swap(server: ServerProcess, env: dict[str, str]) -> None:
    """The same server with other settings."""
    if not _ended(server):
        server.terminate()
        await asyncio.to_thread(server.wait)
    server.env = server.env | env
    await start_again(server)


def _ended(server: ServerProcess) -> bool:
    return server.process is None or server.process.poll() is not None
