"""The servers under test, started pinned to their core: the references, and ours with a mongod of its own."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench import machine
from chatserver.clock import Clock
from chatserver.cursor import Cursor
from chatserver.guard.credentials import new_token, token_hash
from chatserver.model import Session, User
from chatserver.settings import Settings
from chatserver.storage import Storage
from chatserver.storage.mongod import cache_gb
from tests.support.mongo import MongoNode

IN_FLIGHT = 8


@dataclass
class Target:
    """A running server: where it listens, who may talk to it, and which processes its work is done by."""

    name: str
    port: int
    process: psutil.Popen
    people: list[tuple[int, str]]  # (user id, token), partners beside each other
    stop: Callable[[], None]
    helpers: dict[str, psutil.Process] = field(default_factory=dict)
    mongodb_uri: str = ""
    admin_port: int = 0  # of the metrics, where they are needed
    command: Sequence[str] = ()
    taken_pairs: int = 0  # of strangers, who have written to one another by now

    def restart(self) -> None:
        """The server alone, as after an upgrade: it knows nobody, and the database is as it was."""
        machine.stop(self.process)
        self.process = machine.start(self.command, machine.SERVER_CORE, self.name)
        machine.wait_for_port(self.port, self.process)

    @property
    def processes(self) -> dict[str, psutil.Process]:
        return {"server": self.process, **self.helpers}


def reference(name: str, users: int = 1_000) -> Target:
    """One of bench.references. Their users need no accounts: the token is the id."""
    port = machine.free_port()
    command = [sys.executable, "-m", "bench.references", name, "--port", str(port)]
    process = machine.start(command, machine.SERVER_CORE, name)
    machine.wait_for_port(port, process)
    people = [(id, str(id)) for id in range(1, users + 1)]
    return Target(name, port, process, people, stop=lambda: machine.stop(process))


def command_of(port: int, directory: str, mongodb_uri: str, amqp_url: str) -> list[str]:
    """What starts this server there; without `amqp_url` it is alone."""
    command = [sys.executable, str(machine.ROOT / "run.py"), "--port", str(port), "--data-dir", directory]
    command += ["--log-level", "warning", "--rate-limits", "off", "--mongodb-uri", mongodb_uri]
    return command + (["--amqp-url", amqp_url] if amqp_url else [])


async def ours(users: int = 1_000, amqp_url: str = "", flags: Sequence[str] = ()) -> Target:
    """This server with an empty database, like the embedded one; its mongod is on the load generator's core."""
    mongo = MongoNode(directory=Path(tempfile.gettempdir()), cache_gb=cache_gb()).start()
    assert mongo.process is not None
    machine.favour(mongo.process.pid, psutil.Process().nice())
    people = await settle(mongo.uri, users)
    port = machine.free_port()
    directory = tempfile.mkdtemp(prefix="bench")
    command = [*command_of(port, directory, mongo.uri, amqp_url), *flags]
    process = machine.start(command, machine.SERVER_CORE, "ours")

    def stop() -> None:
        machine.stop(target.process)
        mongo.stop()
        shutil.rmtree(directory, ignore_errors=True)

    helpers: dict[str, psutil.Process] = {"mongod": psutil.Process(mongo.process.pid)}
    target = Target("ours", port, process, people, stop, helpers, mongo.uri, command=command)
    try:
        machine.wait_for_port(port, process)
    except RuntimeError:
        stop()
        raise
    return target


async def settle(uri: str, count: int) -> list[tuple[int, str]]:
    """Put people with a session each straight into the database: 10,000 password hashes would take minutes."""
    storage = Storage(uri, Settings(mongodb_in_flight=IN_FLIGHT, mongodb_timeout_secs=30.0), Clock())
    at = Clock().now()
    people: list[tuple[int, str]] = []
    left = iter(range(count))

    async def some() -> None:
        for _ in left:
            id, token = await storage.marks.next_id("user"), new_token()
            user = User(id, f"person{id}", f"Person {id}", None)
            await storage.users.create(user, "nobody signs in with this", at)
            await storage.inboxes.ensure(id)
            [tail] = (await storage.inboxes.tails({id: None})).values()
            place = Cursor(tail.epoch, tail.version)
            await storage.sessions.create(Session(id, id, "bench", at, at), token_hash(token), place)
            people.append((id, token))

    try:
        await storage.prepare()
        await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))
    finally:
        await storage.close()
    return sorted(people)
