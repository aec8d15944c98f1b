"""The servers of a fault test, what stands behind them, and how the test talks to the one who watches it run."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.faults.bench.load import Load
from tests.faults.bench.oracle import Oracle
from tests.faults.bench.summary import Row
from tests.faults.bench.verdict import Verdict, delays, judge, percentile
from tests.support.client import unique
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import GENEROUS_SECS

SHORT_SECS = 280.0  # of a whole test in its short form: a little less than `make test` gives any
_runs = itertools.count(1)


def seed() -> int:
    """FAULTS_SEED plays a run again."""
    return int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1, 1_000_000))


def scaled(count: int) -> int:
    """A number of the test plan times FAULTS_SCALE: 1 is the plan, less is quicker and proves less."""
    return max(1, round(count * float(os.environ.get("FAULTS_SCALE") or 1)))


@dataclass
class Town:
    """Some server processes on one database and one broker."""

    mongo: MongoNode
    rabbit: Any
    directory: Path
    row: Row
    servers: list[ServerProcess] = field(default_factory=list)
    seed: int = field(default_factory=seed)
    _begun: float = field(default_factory=time.monotonic)

    @property
    def bases(self) -> list[str]:
        return [server.base for server in self.servers]

    def say(self, what: str) -> None:
        """A line of progress: shown as it comes with -s, else only beside a failure."""
        print(f"[{time.monotonic() - self._begun:6.1f} s] {what}", flush=True)

    def show(self, figures: str) -> None:
        """As `say`, and kept for the summary of the run."""
        self.say(figures)
        self.row.figures.append(figures)

    def start(
        self,
        count: int = 2,
        env: dict[str, str] | None = None,
        *,
        envs: list[dict[str, str]] | None = None,
        mongodb_uri: str | None = None,
        amqp_url: str | None = None,
        wait: bool = True,
    ) -> Town:
        """`envs` gives each server its own settings beside `env`."""
        self.say(f"seed {self.seed}; FAULTS_SEED={self.seed} plays it again")
        shared = {
            "CHATSERVER_MONGODB_DATABASE": unique("faults"),
            "CHATSERVER_RATE_LIMITS": "off",
            **(env or {}),
        }
        for number in range(count):
            own = shared | (envs[number] if envs else {})
            uri, url = mongodb_uri or self.mongo.uri, amqp_url or (self.rabbit and self.rabbit.url)
            server = ServerProcess(mongodb_uri=uri, amqp_url=url, env=own)
            self.servers.append(server.start(wait=False))
        if wait:
            for server in self.servers:
                server.wait_ready()
        return self

    async def ready(self) -> None:
        """As `start` with `wait`, where what they wait for is in this loop."""
        for server in self.servers:
            await asyncio.to_thread(server.wait_ready)

    async def end(self) -> None:
        """`stop`, where what the servers need to end well is in this loop."""
        await asyncio.to_thread(self.stop)
        self.servers.clear()

    def weights(self) -> dict[int, tuple[int, int]]:
        """Process → resident bytes and open files. A server started anew is another process."""
        processes = [psutil.Process(server.process.pid) for server in self.servers if server.process]
        return {process.pid: (process.memory_info().rss, process.num_fds()) for process in processes}

    async def passes(self, secs: float) -> None:
        """Time under load or fault: the one thing that is no condition."""
        await asyncio.sleep(secs)

    def stop(self) -> None:
        """Every server ends well, and none of them ever wrote a traceback."""
        with ExitStack() as stack:
            for server in self.servers:
                stack.callback(server.forget)
                stack.callback(server.assert_clean_log)
                stack.callback(server.stop)

    @contextmanager
    def oracle(self) -> Iterator[Oracle]:
        made = Oracle(self.directory / f"records-{next(_runs)}.jsonl")
        try:
            yield made
        finally:
            made.close()

    async def conclude(
        self,
        load: Load,
        within: float = GENEROUS_SECS,
        arrive_secs: float = GENEROUS_SECS,
        since: float = 0.0,
    ) -> Verdict:
        """Hush, let everything arrive, read all back, and judge; only what happened `since`, if told so."""
        await load.hush(within)
        await load.delivered(arrive_secs)
        load.check_readers()
        await load.read_back()
        verdict = judge(
            record
            for record in load.oracle.records()
            if record["at"] >= since or record["kind"] in ("reader", "intent", "group")
        )
        self.row.add(verdict)
        self.say(f"{verdict}; sends {dict(load.tally.statuses)}, {load.resets} cursor resets")
        assert not load.tally.faults() + load.poll_tally.faults()
        return verdict


async def calm_p99(load: Load, rate: float, secs: float = 2.0) -> float:
    """p99 from acknowledged to received with nothing wrong: what this machine can do right now."""
    since = time.monotonic()
    load.speak(rate)
    await asyncio.sleep(secs)
    await load.hush()
    await load.delivered()
    return percentile(delays(load.oracle.records(), since), 99)
