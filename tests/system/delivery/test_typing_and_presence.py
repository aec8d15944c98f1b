"""Promise 7: typing and presence are never stored and never stuck."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support.client import Client, Device
from tests.support.waiting import eventually, held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY

TELLING_SECS = 1.0


async def acquainted(client: Client) -> tuple[Device, Device]:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "hello")
    await together(ann.here(), bob.here())
    for base in client.bases:  # typing is for those who are there, and each process keeps it for those it saw
        await bob.next(wait=0, base=base)
    return ann, bob


async def told_of(viewer: Device, other: Device) -> set[bool]:
    """What the calls say about whether they are online: one thing, but while processes tell one another, in 0.2 s."""
    conversation = await viewer.conversation_with(other)
    listed = other.id in (await viewer.get("chats/online-users/"))["online_users"]
    return {conversation["is_online"], conversation["other_user"]["is_online"], listed}


async def sees_online(viewer: Device, other: Device) -> bool:
    return await told_of(viewer, other) == {True}


async def all_see_online(viewer: Device, other: Device) -> bool:
    """For longer than processes take to tell one another: which of them answers behind an address, nobody chooses."""
    end = time.monotonic() + TELLING_SECS
    while time.monotonic() < end:
        if not await sees_online(viewer, other):
            return False
    return True


async def shows_typing(device: Device, expected: bool) -> None:
    """Follow the events until they say so. Each process a poll reaches may say the same once more."""

    async def told() -> bool:
        said = [typing["is_typing"] for typing in (await device.next(wait=0.5)).of("typing")]
        return bool(said) and said[-1] is expected

    await eventually(told)


async def stays_quiet(device: Device) -> None:
    """Once every process has heard of the end, nothing says any more that somebody types, and that was the last word."""
    last = False

    async def is_quiet() -> bool:
        nonlocal last
        answers = [await device.next(wait=0.2) for _ in range(4)]
        said = [typing["is_typing"] for answer in answers for typing in answer.of("typing")]
        last = said[-1] if said else last
        return not last and not any(said)

    await eventually(is_quiet)


@EITHER_WAY
@pytest.mark.gen_test
async def test_typing_reaches_a_held_poll_and_ends_by_itself_after_six_seconds(client: Client) -> None:
    ann, bob = await acquainted(client)
    away, away_since = await bob.another(), bob.cursor
    waiting = await held(bob.next(wait=40))
    begun = time.monotonic()
    answer = await ann.typing(bob)
    assert (answer.status, answer.json) == (200, {"success": True, "status": "success"})
    (typing,) = (await in_time(waiting)).of("typing")
    assert set(typing) == {"sender_id", "sender_name", "is_typing", "conversation_id"}
    assert (typing["sender_id"], typing["is_typing"]) == (ann.id, True)

    await shows_typing(bob, False)
    assert time.monotonic() - begun >= 5.5
    await stays_quiet(bob)
    later = await away.poll(cursor=away_since, wait=0)
    assert not any(t["is_typing"] for t in later.of("typing")), "never stuck for who comes back"


@EITHER_WAY
@pytest.mark.gen_test
async def test_typing_ends_when_its_author_says_so_or_sends_the_message(client: Client) -> None:
    ann, bob = await acquainted(client)
    for end in (lambda: ann.typing(bob, False), lambda: ann.send(bob, "there")):
        await ann.typing(bob)
        await shows_typing(bob, True)
        await end()
        await shows_typing(bob, False)
        await stays_quiet(bob)


@EITHER_WAY
@pytest.mark.gen_test
async def test_typing_moves_no_cursor_and_is_in_no_history(client: Client) -> None:
    ann, bob = await acquainted(client)
    start = bob.cursor
    waiting = await held(bob.poll(cursor=start, wait=40))
    await ann.typing(bob)
    answer = await in_time(waiting)
    assert answer.of("typing")
    assert answer["cursor"] == start
    assert (await bob.history(ann))["messages"][0]["message"] == "hello"
    assert (await bob.conversation_with(ann))["last_message"] == "hello"


@EITHER_WAY
@pytest.mark.gen_test
async def test_a_poller_is_online_without_flapping_and_offline_at_once_on_disconnect(client: Client) -> None:
    ann, bob = await acquainted(client)
    await bob.next(wait=0)
    await eventually(lambda: all_see_online(ann, bob), why="a poll makes one online")

    async def idle() -> None:
        for _ in range(4):
            await bob.next(wait=0.6)

    polling = asyncio.ensure_future(idle())
    while not polling.done():
        assert await sees_online(ann, bob), "an idle poller must not flap"
    await polling

    gone = await bob.disconnect()
    assert (gone.status, gone["status"], gone["user_id"]) == (200, "disconnected", bob.id)

    async def offline() -> bool:
        return await told_of(ann, bob) == {False}

    await eventually(offline)
    await bob.next(wait=0)
    await eventually(lambda: sees_online(ann, bob), why="the next poll brings one back")


@pytest.mark.gen_test
async def test_nobody_learns_whether_a_stranger_is_online(client: Client) -> None:
    ann, bob = await acquainted(client)
    (eve,) = await client.people("eve")
    await together(eve.poll(cursor=(await eve.here()).cursor, wait=0), bob.next(wait=0))
    await eventually(lambda: all_see_online(ann, bob))
    assert (await ann.get("chats/online-users/"))["online_users"] in ([bob.id], sorted([ann.id, bob.id]))
    assert (await eve.get("chats/online-users/"))["online_users"] in ([], [eve.id])
