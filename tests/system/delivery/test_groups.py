"""Promises 1, 2 and 8 in groups: each member once and in order, from their floor on, until they go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.groups import at, begin, call, said, say
from tests.support.client import Client, Device
from tests.support.event_stream import open_stream
from tests.support.waiting import eventually, held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY, World


async def everything(device: Device, last_id: int) -> list[dict[str, Any]]:
    """What comes up to this message."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["id"] < last_id:
        found += await device.until(1)
    return found


async def settled(device: Device) -> list[dict[str, Any]]:
    """All messages that come until nothing does."""
    found: list[dict[str, Any]] = []
    while (answer := await device.next(wait=1)).events:
        found += answer.of("message")
    return found


async def kick(device: Device, group: dict[str, Any], who: Device) -> None:
    answer = await call(device, "DELETE", at(group, "members", who.id))
    assert answer.status == 200, answer


async def add(device: Device, group: dict[str, Any], who: Device) -> None:
    answer = await call(device, "PUT", at(group, "members", who.id))
    assert answer.status in (200, 201), answer


@EITHER_WAY
@pytest.mark.gen_test
async def test_what_is_sent_into_a_group_reaches_every_device_of_each_member_once_and_in_one_order(
    client: Client,
) -> None:
    ann, bob, cid = await client.people("ann", "bob", "cid")
    group = await begin(ann, bob, cid)
    readers = await together(*(one.another() for one in (ann, bob, bob, cid)))
    await together(*(reader.here() for reader in readers))
    each = 15

    async def speak(device: Device, name: str) -> None:
        for number in range(each):
            await said(device, group, f"{name} {number}")

    arrived = asyncio.gather(*(reader.until(3 * each) for reader in readers))
    await together(speak(ann, "ann"), speak(bob, "bob"), speak(cid, "cid"))
    first, *others = await arrived
    assert [m["seq"] for m in first] == list(range(first[0]["seq"], first[0]["seq"] + 3 * each))
    for name in ("ann", "bob", "cid"):
        theirs = [m["message"] for m in first if m["message"].startswith(name)]
        assert theirs == [f"{name} {number}" for number in range(each)]
    for other in others:
        assert [m["id"] for m in other] == [m["id"] for m in first]
    for reader in readers:
        assert (await reader.next(wait=0.3)).of("message") == [], "nothing comes twice"
        shown = (await reader.get(at(group, "messages"), query={"limit": 3 * each}))["messages"]
        assert [m["id"] for m in reversed(shown)] == [m["id"] for m in first]


@pytest.mark.gen_test
async def test_without_a_cursor_nothing_of_a_group_ever_comes(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    waiting = await held(bob.poll())
    async with await open_stream(await bob.another()) as stream:
        group = await begin(ann, bob)
        await said(ann, group, "to the group")
        await call(ann, "PATCH", at(group), {"name": "Renamed"})
        await ann.sent(bob, "to you")
        got = (await in_time(waiting)).events
        while not got:
            got = (await bob.poll()).events
        assert [event["data"]["message"] for event in got] == ["to you"]
        told = await stream.event(but=("heartbeat", "connected", "presence"))
        assert (told.name, told.data["message"]) == ("message", "to you")
    assert [c["last_message"] for c in await bob.conversations()] == ["to you"]


@EITHER_WAY
@pytest.mark.gen_test
async def test_who_is_removed_while_polling_is_told_and_gets_nothing_that_is_sent_from_then_on(
    world: World, client: Client
) -> None:
    ann, bob, cid = await client.people("ann", "bob", "cid")
    group = await begin(ann, bob, cid)
    for reader in (bob, cid):
        await reader.here()
    waiting = await held(bob.next(wait=40, base=world.last))
    await kick(ann, group, bob)
    secret = await said(ann, group, "among ourselves")
    removed = (await in_time(waiting)).of("conversation_removed")
    assert removed == [{"conversation_id": group["id"], "reason": "removed"}]
    assert secret["id"] not in [m["id"] for m in await settled(bob)]
    assert (await everything(cid, secret["id"]))[-1]["id"] == secret["id"]
    for answer in await together(
        bob.get(at(group, "messages")), bob.get(f"chats/message/{secret['id']}/"), say(bob, group, "hello?")
    ):
        assert answer.status == 404, answer


@EITHER_WAY
@pytest.mark.gen_test
async def test_who_is_removed_while_others_send_has_all_before_it_and_nothing_after_it(
    client: Client,
) -> None:
    ann, bob, cid = await client.people("ann", "bob", "cid")
    group = await begin(ann, bob, cid)
    await bob.here()
    before, after = [], []
    gone = asyncio.Event()

    async def speak(device: Device) -> None:
        for number in range(20):
            known = gone.is_set()
            message = await said(device, group, str(number))
            (after if known else before).append(message["seq"])

    async def remove() -> int:
        await eventually(lambda: len(before) > 8)
        last = max(before)
        await kick(ann, group, bob)
        gone.set()
        return last

    *_, last_before = await together(speak(ann), speak(cid), remove())
    got = [m["seq"] for m in await settled(bob)]
    assert got == list(range(got[0], got[0] + len(got))), "in order, without a gap"
    assert got[-1] >= last_before
    assert after and not set(after) & set(got)


@EITHER_WAY
@pytest.mark.gen_test
async def test_who_joins_while_others_send_has_all_from_their_floor_on_and_nothing_below(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    for _ in range(2):  # into a group that they never were in, and into one that they come back to
        (cid,) = await client.people("cid")
        for _ in range(2):
            await cid.here()
            below = await said(ann, group, "below")

            async def speak(device: Device) -> None:
                for number in range(10):
                    await said(device, group, str(number))

            await together(speak(ann), speak(bob), add(ann, group, cid))
            last = await said(bob, group, "the last")
            got = [m["seq"] for m in await everything(cid, last["id"])]
            assert got == list(range(got[0], last["seq"] + 1)), "once, in order, to the end"
            assert got[0] > below["seq"]
            page = (await cid.get(at(group, "messages"), query={"limit": 200}))["messages"]
            assert [m["seq"] for m in reversed(page)] == got, "the history begins at the same floor"
            await kick(ann, group, cid)
            await settled(cid)


@pytest.mark.gen_test
async def test_a_ring_that_groups_have_filled_still_has_the_direct_messages_of_the_original_clients(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    modern = await (await bob.another()).here()
    direct = [f"to you {number}" for number in range(30)]
    for number, text in enumerate(direct):
        await ann.sent(bob, text)
        for more in range(5):
            await said(ann, group, f"{number} {more}")
    got: list[str] = []
    while more := (await bob.poll(wait=0)).of("message"):
        got += [m["message"] for m in more]
    assert got == direct, "exactly these, whatever was said in groups"
    expired = await modern.poll(cursor=modern.cursor)
    assert (expired.status, expired["code"]) == (410, "cursor_expired")

    many = [f"more {number}" for number in range(120)]
    for number, text in enumerate(many):
        await ann.sent(bob, text)
        if number % 4 == 0:
            await said(ann, group, text)
    got = []
    while more := (await bob.poll(wait=0)).of("message"):
        got += [m["message"] for m in more]
    assert got == many[-len(got) :], "the newest, in order, to the end"
    assert 75 <= len(got) <= 100


@pytest.mark.gen_test
async def test_what_nobody_wrote_is_never_unread(client: Client) -> None:
    ann, bob, cid = await client.people("ann", "bob", "cid")
    group = await begin(ann, bob)
    for name in ("One", "Two"):
        await call(ann, "PATCH", at(group), {"name": name})
    await add(ann, group, cid)

    async def unread(device: Device) -> int:
        return int((await device.get(at(group)))["my"]["unread_count"])

    assert [await unread(one) for one in (ann, bob, cid)] == [0, 0, 0]
    message = await said(ann, group, "written by somebody")
    await kick(ann, group, cid)
    await call(ann, "PATCH", at(group), {"name": "Three"})
    assert [await unread(one) for one in (ann, bob)] == [0, 1]
    await bob.post(at(group, "read"), {"message_id": message["id"]})
    assert await unread(bob) == 0, "what came behind it was written by nobody"
