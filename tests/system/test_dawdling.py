"""Clients that hold a connection by sending or taking in drops, and a person who holds too many polls."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.support import contract
from tests.support.client import API, Client, unique
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import GENEROUS_SECS, eventually

LIMIT_SECS = 2


@pytest.fixture(scope="module")
def impatient(mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("dawdling"),
        "CHATSERVER_HEADERS_SECS": str(LIMIT_SECS),
        "CHATSERVER_BODY_SECS": str(LIMIT_SECS),
        "CHATSERVER_TAKING_SECS": str(LIMIT_SECS),
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def client(impatient: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([impatient.base], check=contract.check)
    yield made
    made.close()


async def connect(server: ServerProcess) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = urlsplit(server.base)
    return await asyncio.open_connection(url.hostname, url.port)


async def closed_after(reader: asyncio.StreamReader, drip: Callable[[], Awaitable[None]]) -> float:
    """Seconds until the server closes, with a drop every 0.1 s."""
    begun = time.monotonic()
    ended = asyncio.ensure_future(_rest(reader))
    while not ended.done():
        assert time.monotonic() - begun < GENEROUS_SECS, "still open"
        await drip()
        await asyncio.wait({ended}, timeout=0.1)
    return time.monotonic() - begun


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def dripping(writer: asyncio.StreamWriter, drop: bytes) -> Callable[[], Awaitable[None]]:
    async def drip() -> None:
        try:
            writer.write(drop)
            await writer.drain()
        except ConnectionError:
            pass

    return drip


@pytest.mark.gen_test
async def test_headers_that_come_in_drops_end_the_connection(impatient: ServerProcess) -> None:
    reader, writer = await connect(impatient)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: chat\r\nX-Slow: ")
    took = await closed_after(reader, dripping(writer, b"a"))
    assert took >= LIMIT_SECS / 2, took
    writer.close()


@pytest.mark.gen_test
async def test_a_connection_that_only_rests_between_requests_stays(impatient: ServerProcess) -> None:
    reader, writer = await connect(impatient)
    request = b"GET /healthz HTTP/1.1\r\nHost: chat\r\n\r\n"
    for pause in (LIMIT_SECS + 1, 0):
        writer.write(request)
        assert b"200 OK" in await reader.readuntil(b'{"status":"ok"}')
        await asyncio.sleep(pause)
    writer.close()


@pytest.mark.parametrize("type", ["application/json", "multipart/form-data; boundary=between"])
@pytest.mark.gen_test
async def test_a_body_that_comes_in_drops_ends_the_connection(
    impatient: ServerProcess, client: Client, type: str
) -> None:
    (ann,) = await client.people("ann")
    reader, writer = await connect(impatient)
    head = f"POST {API}chats/ HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {ann.token}\r\n"
    writer.write(f"{head}Content-Type: {type}\r\nContent-Length: 60000\r\n\r\n".encode())
    took = await closed_after(reader, dripping(writer, b"a"))
    assert took >= LIMIT_SECS / 2, took
    writer.close()


@pytest.mark.gen_test
async def test_a_file_over_a_poor_line_gets_through_however_long_it_takes(
    impatient: ServerProcess, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    part = "--between\r\nContent-Disposition: form-data; name="
    body = f'{part}"receiver_id"\r\n\r\n{bob.id}\r\n{part}"attachment"; filename="a.txt"\r\n\r\n'.encode()
    body += b"slowly " * 8000 + b"\r\n--between--\r\n"
    reader, writer = await connect(impatient)
    head = f"POST {API}chats/ HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {ann.token}\r\n"
    head += f"Content-Type: multipart/form-data; boundary=between\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode())
    begun = time.monotonic()
    for at in range(0, len(body), 2000):
        writer.write(body[at : at + 2000])
        await writer.drain()
        await asyncio.sleep(0.2)
    assert time.monotonic() - begun > 2 * LIMIT_SECS
    assert b"201 Created" in await reader.readline()
    writer.close()


@pytest.mark.gen_test
async def test_an_answer_that_is_not_taken_ends_the_connection(
    impatient: ServerProcess, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    for _ in range(100):
        await ann.sent(bob, "x" * 4000)
    url = urlsplit(impatient.base)
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect((url.hostname, url.port))
        head = f"GET {API}chats/conversation/{bob.id}/?limit=100 HTTP/1.1\r\nHost: chat\r\n"
        asked = f"{head}Authorization: Bearer {ann.token}\r\n\r\n".encode()
        reader.sendall(asked * 12)  # some 5 MB of answers: more than the system keeps for us

        async def ended() -> bool:
            counted = (await client.call("GET", "/healthz")).status == 200
            connections = [c for c in _connections(impatient) if c.raddr and c.raddr.port == mine]
            return counted and not connections

        mine = reader.getsockname()[1]
        assert _connections(impatient)
        await eventually(ended)


def _connections(server: ServerProcess) -> list[Any]:
    assert server.process is not None
    return psutil.Process(server.process.pid).net_connections("tcp")


@pytest.mark.gen_test
async def test_of_many_polls_of_one_person_the_newest_twelve_are_held_and_the_others_answered_at_once(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    cursor = (await ann.here()).cursor
    await bob.here()
    bobs = asyncio.ensure_future(bob.poll(cursor=bob.cursor, wait=50))
    polls = [asyncio.ensure_future(ann.poll(cursor=cursor, wait=50)) for _ in range(50)]

    async def answered() -> bool:
        return sum(poll.done() for poll in polls) == 38

    await eventually(answered)
    for poll in polls:
        if poll.done():
            answer = poll.result()
            assert (answer.status, answer.events, answer["cursor"]) == (200, [], cursor), answer
            assert answer["superseded"] is False
    still_held = [poll for poll in polls if not poll.done()]
    assert not bobs.done(), "others are not concerned"
    await bob.sent(ann, "for all of them")
    told = await asyncio.gather(*still_held)
    assert len(told) == 12 and all(len(answer.of("message")) == 1 for answer in told)
    bobs.cancel()
