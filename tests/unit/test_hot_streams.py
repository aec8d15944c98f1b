"""The stream of a hot connection, over a real pair of sockets."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import termios
from array import array
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tornado.httputil import HTTPInputError
from tornado.iostream import IOStream, StreamClosedError

from chatserver.clock import Clock
from chatserver.cursor import Cursor
from chatserver.model import Actor
from chatserver.polls.waiter import Ended, Waiter
from chatserver.services.events import PollAnswer
from chatserver.settings import Settings
from handlers.connections.own_address import OwnAddress
from handlers.hot.answer_bytes import AnswerBytes
from handlers.hot.polls import Polls
from handlers.hot.replayed import CHUNK_BYTES, FREE_CHUNKS, Replayed
from handlers.hot.request import END_OF_HEAD, HotRequest
from handlers.hot.stream import AHEAD_BYTES, READ_BYTES, HotStream
from tests.support.waiting import eventually

HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Pair:
    """`ours` and the bare socket of the client."""

    def __init__(self) -> None:
        connection, self.client = socket.socketpair()
        self.client.setblocking(False)
        self.ours = HotStream(connection)

    def head(self, max_bytes: int = 1_000) -> asyncio.Future[bytes]:
        return self.ours.read_until_regex(END_OF_HEAD, max_bytes)

    def unread(self) -> int:
        """Bytes that came and that ours has not taken from the system."""
        counted = array("i", [0])
        fcntl.ioctl(self.ours.socket, termios.FIONREAD, counted)
        return counted[0]

    async def take(self, size: int) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self.client, size)


@pytest.fixture
def pair(io_loop: object) -> Iterator[Pair]:
    made: list[Pair] = []

    async def make() -> None:
        made.append(Pair())

    io_loop.run_sync(make)  # type: ignore[attr-defined]
    yield made[0]
    made[0].ours.close()
    made[0].client.close()


@pytest.mark.gen_test
async def test_a_head_that_comes_byte_by_byte_is_read_and_what_follows_it_stays(pair: Pair) -> None:
    reading = pair.head()
    for number in range(len(HEAD)):
        assert not reading.done()
        pair.client.send(HEAD[number : number + 1])
        await eventually(lambda: pair.unread() == 0)
    assert await reading == HEAD

    pair.client.send(HEAD + b"body" + HEAD)
    assert await pair.head() == HEAD
    assert await pair.ours.read_bytes(4) == b"body"
    assert await pair.head() == HEAD


@pytest.mark.gen_test
@pytest.mark.parametrize("handed_over", [False, True])
async def test_of_a_head_that_is_too_long_all_that_came_is_given_so_that_it_can_be_answered(
    pair: Pair, handed_over: bool
) -> None:
    stream = pair.ours.hand_over() if handed_over else pair.ours
    for end in (b"", b"\r\n\r\n"):
        sent = b"GET / HTTP/1.1\r\nX: " + b"x" * 100 + end
        reading = stream.read_until_regex(END_OF_HEAD, max_bytes=64)
        pair.client.send(sent)
        assert await reading == sent
    assert not stream.closed()
    stream.close()


@pytest.mark.gen_test
async def test_a_client_that_sends_ahead_is_read_again_only_when_it_is_its_turn(pair: Pair) -> None:
    pair.client.send(HEAD)
    assert await pair.head() == HEAD
    body = b"x" * (4 * AHEAD_BYTES)
    sent = 0

    def ahead() -> int:
        """So much of what was sent, as far as the system takes it, has ours read."""
        nonlocal sent
        with suppress(BlockingIOError):
            while sent < len(body):
                sent += pair.client.send(body[sent : sent + READ_BYTES])
        return sent - pair.unread()

    await eventually(lambda: ahead() > AHEAD_BYTES)
    for _ in range(20):
        assert await pair.ours.read_bytes(100) == body[:100]
        await asyncio.sleep(0)
        assert AHEAD_BYTES < ahead() <= AHEAD_BYTES + READ_BYTES, "enough is there: no more is read"
    rest = pair.ours.read_bytes(len(body) - 2_000)
    await eventually(lambda: ahead() == len(body))
    assert await rest == body[2_000:]


@pytest.mark.gen_test
async def test_an_answer_that_does_not_fit_at_once_is_written_to_its_end(pair: Pair) -> None:
    answer = bytes(range(256)) * 16_384
    written = pair.ours.write(answer)
    assert pair.ours.writing() and not written.done()

    came = bytearray()
    while len(came) < len(answer):
        came += await pair.take(1 << 20)

    await written
    assert not pair.ours.writing() and pair.ours.sent_bytes == len(answer) and bytes(came) == answer


@pytest.mark.gen_test
async def test_who_hangs_up_is_noticed_by_all_who_wait_even_with_bytes_unread(pair: Pair) -> None:
    told: list[str] = []
    pair.client.send(HEAD + b"stray")
    assert await pair.head() == HEAD
    written = pair.ours.write(b"x" * (4 << 20))
    pair.ours.set_close_callback(lambda: told.append("closed"))

    pair.client.close()

    with pytest.raises(StreamClosedError):
        await written
    assert told == ["closed"] and pair.ours.closed() and not pair.ours.writing()
    pair.ours.set_close_callback(lambda: told.append("afterwards"))
    assert told == ["closed", "afterwards"]
    for late in (pair.ours.write(b"more"), pair.ours.read_bytes(100)):
        with pytest.raises(StreamClosedError):
            await late
    with pytest.raises(StreamClosedError):
        pair.ours.hand_over()


@pytest.mark.gen_test
async def test_handed_over_it_is_an_iostream_that_has_what_was_read_ahead(pair: Pair) -> None:
    pair.client.send(HEAD + b"ahead")
    assert await pair.head() == HEAD

    stream = pair.ours.hand_over()
    try:
        pair.client.send(b" and more")
        assert isinstance(stream, IOStream) and await stream.read_bytes(14) == b"ahead and more"
        await stream.write(b"answer")
        assert await pair.take(100) == b"answer"
        pair.client.close()
        with pytest.raises(StreamClosedError):
            await stream.read_bytes(1)
    finally:
        stream.close()


@pytest.mark.gen_test
async def test_a_poll_is_not_held_for_who_hung_up_before_it_was(pair: Pair) -> None:
    ended: list[Ended | None] = []

    async def authenticate(token: str, polling: bool) -> Actor:
        pair.client.close()
        await eventually(pair.ours.closed)
        return Actor(1, 1)

    async def poll(actor: Actor, request: Any, started: Any) -> PollAnswer:
        waiter = Waiter(None, None, 0.0, 0)  # type: ignore[arg-type]
        started(waiter)
        ended.append(waiter.ended)
        return PollAnswer([], Cursor("e", 1), False, waiter.ended, 0.0, delivered)

    async def delivered(written: bool) -> None:
        ended.append(None if written else Ended.GONE)

    services = SimpleNamespace(
        sessions=SimpleNamespace(authenticate=authenticate), events=SimpleNamespace(poll=poll)
    )
    limits = SimpleNamespace(take=lambda *_: None, buckets={})
    runtime: Any = SimpleNamespace(
        services=services, limits=limits, clock=Clock(), settings=Settings(rate_limits="off"), draining=False
    )
    polls = Polls(runtime, AnswerBytes(runtime, secure=False), OwnAddress(runtime.settings, secure=False))
    assert await polls.answer(HotRequest("token", b"cursor=e:1", 0, b"id", False), pair.ours, "127.0.0.1")
    assert ended == [Ended.GONE, Ended.GONE]


class Dripping:
    """A stream of which each read brings one byte."""

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> bytes:
        return b"1" + delimiter

    def read_bytes(self, num_bytes: int, partial: bool = False) -> bytes:
        return b"x" * (1 if partial else num_bytes)


def test_a_chunk_that_drips_is_counted_once_and_buys_no_crumbs() -> None:
    replayed: Any = Replayed(cast(Any, Dripping()), b"", b"")
    replayed.read_until(b"\r\n")
    for left in range(60_000, 0, -1):
        replayed.read_bytes(left, partial=True)
    bought = 60_000 // CHUNK_BYTES

    with pytest.raises(HTTPInputError):
        for _ in range(2 * (FREE_CHUNKS + bought)):
            replayed.read_until(b"\r\n")
            replayed.read_bytes(1, partial=True)
            replayed.read_bytes(2)
