"""Promises 1 and 8 around a process that ends: asked to, or killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from tests.support.client import Answer, Client, Device, unique
from tests.support.waiting import eventually, held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY_FRESH, World

KEEP_ALIVE = {"Connection": "keep-alive"}


async def held_with_keep_alive(device: Device, base: str, **query: Any) -> asyncio.Task[Answer]:
    return await held(device.get("poll/events/", query=query, headers=KEEP_ALIVE, base=base), for_secs=0.1)


async def tell(device: Device, to: Device, key: str, base: str | None = None) -> Answer | None:
    """A send that may meet a closed door: None then."""
    try:
        body = {"receiver_id": to.id, "message": key, "client_id": key}
        return await device.post("chats/", body, base=base, headers=KEEP_ALIVE)
    except (OSError, HTTPClientError):
        return None


@pytest.mark.gen_test
async def test_shutdown_answers_every_held_poll_and_finishes_every_send(
    fresh: World, fresh_client: Client
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await together(ann.here(), bob.here())
    usual = await bob.get("poll/events/", query={"cursor": bob.cursor, "wait": 0}, headers=KEEP_ALIVE)
    assert usual.headers.get("Connection") != "close", "otherwise the assertion below means nothing"
    # Without a cursor, and asking for more than the 5.5 s of an original client, which are soon over here.
    originals = [await bob.another() for _ in range(3)]
    polls = [await held_with_keep_alive(bob, fresh.first, cursor=bob.cursor, wait=40) for _ in range(8)]
    polls += [await held_with_keep_alive(original, fresh.first, wait=40) for original in originals]

    keys = [unique("key") for _ in range(60)]
    sends = [asyncio.ensure_future(tell(ann, bob, key, fresh.first)) for key in keys]
    await asyncio.wait(sends, return_when=asyncio.FIRST_COMPLETED)
    fresh.servers[0].terminate()
    for answer in await in_time(together(*polls)):
        assert answer.status == 200, answer
        assert answer.headers.get("Connection") == "close" or answer.events, (answer, answer.took)
        assert isinstance(answer.json["timestamp"], float)
    answers = await together(*sends)
    accepted = [key for key, answer in zip(keys, answers, strict=True) if answer and answer.status == 201]
    assert all(answer is None or answer.status in (201, 503) for answer in answers), answers
    assert accepted
    assert fresh.servers[0].wait() == 0
    fresh.servers[0].assert_clean_log()
    assert await tell(ann, bob, unique("late"), fresh.first) is None, "the listener is closed"

    fresh.servers[0].start()
    found = [m["message"] for m in await bob.until(len(accepted))]
    assert set(accepted) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.gen_test
async def test_a_drained_process_sends_idle_polls_away_with_connection_close(
    fresh: World, fresh_client: Client
) -> None:
    (bob,) = await fresh_client.people("bob")
    await bob.here()
    polls = [await held_with_keep_alive(bob, fresh.first, cursor=bob.cursor, wait=40) for _ in range(12)]
    fresh.servers[0].terminate()
    for answer in await in_time(together(*polls)):
        assert (answer.status, answer.events, answer["cursor"]) == (200, [], bob.cursor)
        assert answer.headers["Connection"] == "close"
    assert fresh.servers[0].wait() == 0
    fresh.servers[0].start()


@EITHER_WAY_FRESH
@pytest.mark.gen_test
async def test_a_restart_keeps_messages_sessions_places_and_cursors(
    fresh: World, fresh_client: Client
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    original = await bob.another()
    await bob.here()
    key = unique("key")
    first = await ann.sent(bob, "before", client_id=key)
    for server in fresh.servers:
        server.stop()
        server.start()

    assert [m["id"] for m in (await bob.next(wait=1)).of("message")] == [first["id"]]
    assert [m["id"] for m in (await original.poll()).of("message")] == [first["id"]]
    again = await ann.send(bob, "before", client_id=key)
    assert (again.status, again["id"]) == (200, first["id"]), again
    second = await ann.sent(bob, "after")
    assert second["seq"] == 2
    assert [m["id"] for m in (await bob.next(wait=1)).of("message")] == [second["id"]]
    assert await bob.unread() == 2
    assert (await fresh_client.login(bob.username)).status == 200


@EITHER_WAY_FRESH
@pytest.mark.gen_test
async def test_what_a_killed_process_had_accepted_is_delivered_and_the_rest_can_be_repeated(
    fresh: World, fresh_client: Client, settled: Callable[[], bool]
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await bob.here()
    keys = [unique("key") for _ in range(60)]
    sends = [asyncio.ensure_future(tell(ann, bob, key, fresh.first)) for key in keys]
    pending: set[Any] = set(sends)
    while len(pending) > len(keys) // 2:
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    fresh.servers[0].kill()
    answers = await together(*sends)
    accepted = {key for key, answer in zip(keys, answers, strict=True) if answer and answer.status == 201}
    assert accepted

    if fresh.first == fresh.last:
        fresh.servers[0].start()
    by_now = {
        m["message"] for m in (await bob.poll(cursor=bob.cursor, wait=1, base=fresh.last)).of("message")
    }
    repeated = await together(*(tell(ann, bob, key, fresh.last) for key in keys))
    assert all(answer and answer.status in (200, 201) for answer in repeated), repeated
    for key, answer in zip(keys, repeated, strict=True):
        assert answer.status == 200 or key not in accepted
    if fresh.servers[0].process is None:
        fresh.servers[0].start()
    await eventually(settled)

    got = await bob.until(len(keys))
    assert by_now <= set(keys)
    assert [m["seq"] for m in got] == list(range(1, len(keys) + 1)), "one order, no gap, no repeat"
    assert {m["message"] for m in got} == set(keys)
