"""The proxy does to a connection what each of its habits says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.faults.bench.proxy import Habit, Proxy
from tests.support.waiting import GENEROUS_SECS

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Gives back what it gets, and "end" when it hears the end."""
    while data := await reader.read(1000):
        writer.write(data)
    writer.write(b"end")
    writer.close()


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Proxy, Streams]]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = await Proxy(server.sockets[0].getsockname()[1]).open()
    streams = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await said(streams, b"hello") == b"hello"
    try:
        yield proxy, streams
    finally:
        streams[1].close()
        await proxy.close()
        server.close()


async def said(streams: Streams, data: bytes, within: float = GENEROUS_SECS) -> bytes:
    """What comes back; nothing when nothing does in time."""
    streams[1].write(data)
    try:
        async with asyncio.timeout(within):
            return await streams[0].readexactly(len(data))
    except TimeoutError:
        return b""


@pytest.mark.gen_test
async def test_delayed_bytes_come_late_and_whole(io_loop: Any) -> None:
    async with echoing() as (proxy, streams):
        proxy.behave(Habit.DELAY, secs=0.1)
        begun = time.monotonic()
        assert await said(streams, b"late") == b"late"
        assert time.monotonic() - begun >= 0.2, "once on the way there, once on the way back"


@pytest.mark.gen_test
@pytest.mark.parametrize("habit", [Habit.BLACK_HOLE, Habit.SWALLOW_REQUESTS, Habit.SWALLOW_ANSWERS])
async def test_swallowed_bytes_never_come_and_later_ones_do(io_loop: Any, habit: Habit) -> None:
    async with echoing() as (proxy, streams):
        proxy.behave(habit)
        assert await said(streams, b"gone", within=0.2) == b""
        assert proxy.swallowed_bytes == 4
        proxy.behave(Habit.PASS)
        assert await said(streams, b"here") == b"here"


@pytest.mark.gen_test
async def test_dropped_connections_are_the_new_ones_only(io_loop: Any) -> None:
    async with echoing() as (proxy, streams):
        proxy.behave(Habit.DROP)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await reader.read() == b""
        writer.close()
        assert await said(streams, b"still") == b"still"


@pytest.mark.gen_test
async def test_a_reset_ends_every_connection_with_an_error(io_loop: Any) -> None:
    async with echoing() as (proxy, streams):
        proxy.behave(Habit.RESET)
        with pytest.raises(ConnectionResetError):
            await streams[0].readexactly(1)


@pytest.mark.gen_test
async def test_a_trickle_is_slow_and_loses_nothing(io_loop: Any) -> None:
    async with echoing() as (proxy, streams):
        proxy.behave(Habit.TRICKLE, rate=400)
        begun = time.monotonic()
        assert await said(streams, b"x" * 100) == b"x" * 100
        assert time.monotonic() - begun >= 0.2


@pytest.mark.gen_test
async def test_half_closed_means_the_target_hears_the_end_and_the_client_its_last_words(io_loop: Any) -> None:
    async with echoing() as (proxy, streams):
        proxy.behave(Habit.HALF_CLOSE)
        async with asyncio.timeout(GENEROUS_SECS):
            assert await streams[0].read() == b"end"
