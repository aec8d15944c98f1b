"""Processes with a clock that is wrong, with too few files, and with little memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from chatserver.clock import Clock
from chatserver.cursor import Cursor
from chatserver.guard.credentials import new_token, token_hash
from chatserver.model import Session, User
from chatserver.settings import Settings
from chatserver.storage import Storage
from tests.faults.bench.load import Load
from tests.faults.bench.town import Town
from tests.faults.bench.wire import API, Line, Tally
from tests.support.client import Device
from tests.support.server import ServerProcess

RATE = 40.0
SIGNING_UP = 16  # people put into the database at once
LONGEST_SECS = 50
LONG_TEXT = 4000
CALM_POLLS = 4
# libfaketime takes the end of a sleep on the monotonic clock, as Python asks for it, for one on the wall clock.
SLEEP = "import select, time\ntime.sleep = lambda secs: select.select([], [], [], secs) and None\n"


class WrongClock:
    """The wall clock of a server started with `env`, as far ahead or behind as the file says. Others are right."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "clock"
        (directory / "sitecustomize.py").write_text(SLEEP)
        self.set(0)

    @staticmethod
    def library() -> Path | None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        return found[0] if found else None

    @staticmethod
    def missing() -> str | None:
        """Why no clock can be moved here, with the cure, or None."""
        return (
            None if WrongClock.library() else "libfaketime is not installed: apt-get install -y libfaketime"
        )

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library()),
            "PYTHONPATH": str(self._file.parent),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, secs: int) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{secs:+d}\n")
        new.replace(self._file)


async def jump(
    town: Town, load: Load, clock: WrongClock, device: Device, base: str, times: int = 16
) -> tuple[list[float], list[float]]:
    """The clock of the server at `base` goes an hour forth, two back, and then five seconds to and fro each second.

    How long polls of two seconds took there before it did, and while it did.
    """
    load.speak(RATE)
    calm = [await empty_poll(device, base) for _ in range(CALM_POLLS)]
    took = []
    jumps = [3600, -3600, *(5 if n % 2 else -5 for n in range(times)), 0]
    for secs in jumps:
        clock.set(secs)
        took.append(await empty_poll(device, base))
        load.check_readers()
        if abs(secs) > 5:
            await town.passes(2.0)
            town.say(f"clock off by {secs} s: a poll of 2 s took {took[-1]:.2f} s")
    return calm, took


async def empty_poll(device: Device, base: str) -> float:
    """How long one of two seconds takes to which nothing comes."""
    begun = time.monotonic()
    answer = await device.poll(cursor=device.cursor, wait=2, base=base)
    assert answer.status == 200, answer
    return time.monotonic() - begun


@dataclass
class Crowd:
    """Raw connections to one server, each with one request sent and nothing more done for it."""

    sockets: list[socket.socket]

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()
        self.sockets.clear()


@asynccontextmanager
async def crowd(base: str, requests: list[bytes], receive_bytes: int = 0) -> AsyncIterator[Crowd]:
    """Connected by the system, whether the server takes them or not."""
    place = urlsplit(base)
    made = Crowd([])
    loop = asyncio.get_running_loop()
    try:
        for request in requests:
            sock = socket.socket()
            if receive_bytes:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            sock.setblocking(False)
            await asyncio.wait_for(loop.sock_connect(sock, (place.hostname, place.port)), 10)
            with contextlib.suppress(OSError):
                sock.send(request)
            made.sockets.append(sock)
        yield made
    finally:
        made.close()


def poll_request(token: str, cursor: str, wait: int, client: str) -> bytes:
    path = f"{API}poll/events/?cursor={cursor}&wait={wait}&client={client}&limit=200"
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {token}\r\n\r\n".encode()


def limit_files(server: ServerProcess, count: int) -> None:
    assert server.process is not None
    psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_NOFILE, (count, count))


async def cpu_share(server: ServerProcess, secs: float) -> float:
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    process.cpu_percent()
    await asyncio.sleep(secs)
    return process.cpu_percent() / 100


async def heaviest(town: Town, secs: float) -> int:
    """The most bytes that the first server had resident."""
    most, end = 0, time.monotonic() + secs
    while time.monotonic() < end:
        most = max(most, *(bytes for bytes, _ in town.weights().values()))
        await asyncio.sleep(0.25)
    return most


async def settle(town: Town, count: int) -> list[tuple[str, str]]:
    """Token and cursor of so many people, put straight into the database: their passwords would take minutes."""
    name = town.servers[0].env["CHATSERVER_MONGODB_DATABASE"]
    clock = Clock()
    settings = Settings(mongodb_uri=town.mongo.uri, mongodb_database=name, mongodb_timeout_secs=30.0)
    storage = Storage(town.mongo.uri, settings, clock)
    found: list[tuple[str, str]] = []
    numbers = iter(range(count))

    async def some() -> None:
        for _ in numbers:
            id, token, at = await storage.marks.next_id("user"), new_token(), clock.now()
            await storage.users.create(User(id, f"settler{id}", f"Settler {id}", None), "no password", at)
            await storage.inboxes.ensure(id)
            inbox = await storage.inboxes.inbox(id)
            assert inbox is not None
            place = Cursor(inbox.epoch, inbox.version)
            session = Session(await storage.marks.next_id("session"), id, "settler", at, at)
            await storage.sessions.create(session, token_hash(token), place)
            found.append((token, str(place)))

    try:
        await asyncio.gather(*(some() for _ in range(SIGNING_UP)))
    finally:
        await storage.close()
    return found


@asynccontextmanager
async def idle_polls(base: str, people: list[tuple[str, str]], seed: int) -> AsyncIterator[Tally]:
    """One held poll for each, again and again."""
    tally = Tally()
    lines = [Line([base], tally, seed + number) for number in range(len(people))]

    async def hold(line: Line, token: str, cursor: str) -> None:
        await asyncio.sleep(random.uniform(0, 5))
        while True:
            query = {"cursor": cursor, "wait": LONGEST_SECS, "client": "idle"}
            reply = await line.call("GET", "poll/events/", token, limit_secs=LONGEST_SECS + 20, **query)
            assert reply.status == 200, reply
            cursor = reply.json["cursor"]

    tasks = [asyncio.ensure_future(hold(line, *person)) for line, person in zip(lines, people, strict=True)]
    try:
        yield tally
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in lines:
            line.close()


async def fill_ring(base: str, sender: str, receiver_id: int) -> None:
    """A hundred of the longest messages for one person: 400 KB for whoever asks from the beginning."""
    line = Line([base], Tally(), 0)
    for number in range(100):
        body = {"receiver_id": receiver_id, "message": f"{number:03d}" + "x" * (LONG_TEXT - 3)}
        reply = await line.call("POST", "chats/", sender, body)
        assert reply.status == 201, json.dumps(reply.json)
    line.close()
