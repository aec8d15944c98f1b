"""What a stream of events is in for while it is open: stopping servers, other processes, a database that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.client import Client
from tests.support.event_stream import EventStream, open_stream
from tests.support.slow_reader import cut, too_much
from tests.support.waiting import eventually, in_time, together
from tests.system.delivery.conftest import World


def names(stream_told: list) -> list[str]:
    return [told.name for told in stream_told if told.name not in ("", "connected", "heartbeat")]


@pytest.mark.gen_test
async def test_shutdown_ends_every_stream_in_order_and_says_when_to_come_again(
    fresh: World, fresh_client: Client
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await bob.here()
    streams = [
        await open_stream(bob, base=fresh.first, **how)
        for how in ({}, {"cursor": bob.cursor}, {"cursor": bob.cursor, "client": "tab"})
    ]
    await ann.sent(bob, "before")
    for stream in streams:
        await stream.until(1)
    fresh.servers[0].terminate()
    for stream in streams:
        assert names(await stream.rest()) == []
        assert 1000 <= (stream.retry_ms or 0) <= 2000
        stream.close()
    assert fresh.servers[0].wait() == 0
    fresh.servers[0].assert_clean_log()
    fresh.servers[0].start()
    await ann.sent(bob, "after")
    for how in ({}, {"headers": {"Last-Event-ID": str(streams[1].cursor)}, "cursor": bob.cursor}):
        async with await open_stream(bob, **how) as stream:
            assert [m["message"] for m in await stream.until(1)] == ["after"]


@pytest.mark.gen_test
async def test_the_newest_stream_of_a_client_wins_whatever_process_it_is_at(
    world: World, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    for older_at, newer_at in {(world.first, world.first), (world.first, world.last)}:
        await bob.here()
        async with await open_stream(bob, base=older_at, cursor=bob.cursor, client="tab") as older:
            await in_time(older.batch())
            async with await open_stream(bob, base=newer_at, cursor=bob.cursor, client="tab") as newer:
                assert names(await older.rest()) == ["superseded"]
                await ann.sent(bob, "for the newest")
                assert (await newer.until(1))[0]["message"] == "for the newest"
                assert not newer.over


@pytest.mark.gen_test
async def test_a_session_that_is_ended_elsewhere_ends_its_streams(world: World, client: Client) -> None:
    (ann,) = await client.people("ann")
    other = await ann.another()
    async with await open_stream(other, base=world.first) as stream:
        await stream.event()
        path = f"{world.last}/api/v1/communication/auth/sessions/{other.session['id']}/"
        ended = await client.http.fetch(
            path, method="DELETE", headers={"Authorization": f"Token {ann.token}"}
        )
        assert ended.code in (200, 204)
        assert names(await stream.rest()) == ["error"]


@pytest.mark.gen_test
async def test_a_stream_outlasts_a_database_that_is_away(
    fresh: World, fresh_client: Client, settled: Callable[[], bool]
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await bob.here()
    async with (
        await open_stream(bob, base=fresh.last) as original,
        await open_stream(bob, base=fresh.last, cursor=bob.cursor) as stream,
    ):
        await ann.sent(bob, "before")
        for one in (original, stream):
            await one.until(1)
        fresh.freeze()
        try:
            await eventually(lambda: not any(server.is_ready() for server in fresh.servers))
            (ended,) = await together(open_and_read(fresh_client, bob, fresh.last))
            assert ended.retry_ms in (None, 2000) and ended.status == 200
        finally:
            fresh.thaw()
        await eventually(settled)
        await ann.sent(bob, "after")
        for one in (original, stream):
            assert [m["message"] for m in await one.until(1)] == ["after"]


async def open_and_read(client: Client, device, base: str) -> EventStream:
    """One that comes in the middle of it: held until the database is back, or sent away for a moment."""
    stream = await open_stream(device, base=base)
    reading = asyncio.ensure_future(stream.rest())
    await asyncio.wait({reading}, timeout=5)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    stream.close()
    return stream


@pytest.mark.gen_test
async def test_without_a_cursor_what_a_cut_stream_did_not_take_is_given_again(
    world: World, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    texts = await too_much(ann, bob)
    # At a process itself: a proxy takes all, and what it does with it nobody is told.
    stream = await open_stream(bob, base=world.first, narrow=True)
    assert stream.status == 200
    cut(stream.writer)
    async with await open_stream(bob) as again:
        got = [m["message"] for m in await again.until(1)]
        while got[-1] != texts[-1]:
            got += [m["message"] for m in await again.until(1)]
    assert got == texts


@pytest.mark.gen_test
async def test_a_reader_that_takes_nothing_is_let_go_and_nobody_waits_for_it(
    world: World, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    await too_much(ann, bob)
    slow = await open_stream(bob, base=world.first, narrow=True)
    async with await open_stream(await bob.another()) as other:
        await ann.sent(bob, "to the others")
        assert [m["message"] for m in await other.until(1)] == ["to the others"]

    async def gone() -> bool:
        """What the system still holds for it comes; and then, instead of the rest, the end."""
        try:
            return await slow.block() is None
        except ConnectionError:
            return True

    await asyncio.sleep(11)  # it is given ten seconds
    await eventually(gone)
    slow.close()
