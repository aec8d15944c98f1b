"""A server to be abused, with what can be seen of it from outside: metrics, memory, descriptors, processor, log."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import re
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
from pymongo import MongoClient

from tests.support.client import Device, unique
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

# Limits of calls would hide what lies behind them; F7, E9 and F12 switch them on.
OPEN = {"CHATSERVER_RATE_LIMITS": "off", "CHATSERVER_LOG_FORMAT": "json"}
# Whatever can be switched on is there to be attacked.
HOST_SECRET = "a-secret-of-the-application-around-it"
OPEN |= {"CHATSERVER_HOST_SECRET": HOST_SECRET, "CHATSERVER_GUESTS": "true"}
OPEN |= {"CHATSERVER_REGISTRATION": "open"}
SETTLE_SECS = 10.0
_session_ids = itertools.count(1 << 30)  # far above those the server gives


@dataclass(frozen=True)
class Vitals:
    rss_bytes: int
    fds: int
    cpu_secs: float


class Victim(ServerProcess):
    def __init__(self, mongo: MongoNode, amqp_url: str | None = None, env: dict[str, str] | None = None):
        self.database = unique("abuse")
        self.mongodb_uri = mongo.uri
        more = {"CHATSERVER_MONGODB_DATABASE": self.database, **OPEN, **(env or {})}
        super().__init__(mongodb_uri=mongo.uri, amqp_url=amqp_url, env=more)
        (self.admin_port,) = free_ports(1)
        self.arguments += ["--admin-port", str(self.admin_port)]

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    def metric(self, name: str) -> float:
        """The sum over all labels."""
        found = re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", self.metrics(), re.MULTILINE)
        return sum(map(float, found))

    def series(self) -> int:
        return sum(not line.startswith("#") for line in self.metrics().splitlines())

    def vitals(self) -> Vitals:
        assert self.process is not None
        process = psutil.Process(self.process.pid)
        cpu = process.cpu_times()
        return Vitals(process.memory_info().rss, process.num_fds(), cpu.user + cpu.system)

    async def settled(self, before: Vitals, fds: int = 12, within: float = SETTLE_SECS) -> Vitals:
        """When nothing is held any more and the descriptors are back."""

        async def calm() -> bool:
            held = await asyncio.to_thread(self.metric, "chat_held_polls")
            return held == 0 and self.vitals().fds <= before.fds + fds

        await eventually(calm, within=within, why=f"still held, or more than {before.fds} descriptors")
        return self.vitals()

    def assert_clean_log(self) -> None:
        """As for every server, but shows no more than the first failure: a debug log is long."""
        bad = [line for line in self.log().splitlines() if "Traceback" in line or "never retrieved" in line]
        assert not bad, f"{len(bad)} failures, the first: {json.loads(bad[0]).get('exception', bad[0])}"

    def collection(self, noun: str) -> Any:
        return Documents(self.mongodb_uri, self.database, noun)

    def plant_sessions(self, device: Device, count: int) -> list[str]:
        """More tokens for somebody who signed in once: a thousand real sign-ins would mean a thousand hashes."""
        tokens = ["cht_" + secrets.token_urlsafe(32) for _ in range(count)]
        with self.collection("sessions") as sessions:
            known = sessions.find_one({"token_hash": _hash(device.token)})
            sessions.insert_many(
                {**known, "_id": next(_session_ids), "token_hash": _hash(token)} for token in tokens
            )
        return tokens


class Documents:
    """A collection of the server's database, while the block lasts."""

    def __init__(self, uri: str, database: str, noun: str) -> None:
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(uri)
        self._collection = self._mongo[database][noun]

    def __enter__(self) -> Any:
        return self._collection

    def __exit__(self, *_: object) -> None:
        self._mongo.close()


@contextmanager
def running(mongo: MongoNode, **settings: Any) -> Iterator[Victim]:
    """One that is started, and put away with its database at the end."""
    made = Victim(mongo, **settings)
    made.start()
    yield made
    made.stop()
    made.forget()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
