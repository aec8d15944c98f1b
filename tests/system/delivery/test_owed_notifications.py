"""What the host tells a person reaches them, whatever strangers write meanwhile: it is owed until a device has it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.api.test_host_notifications import notify
from tests.support.client import Answer, Client, Device, unique
from tests.support.host import SECRET, device, sign_in, signed
from tests.system.delivery.conftest import World, build

FLOOD = 105  # more than an inbox keeps
ENV = {
    "CHATSERVER_HOST_SECRET": SECRET,
    "CHATSERVER_REGISTRATION": "open",
    "CHATSERVER_RATE_LIMITS": "off",
    "CHATSERVER_GUESTS": "true",
}


@pytest.fixture(scope="module")
def world(shape: str, request: pytest.FixtureRequest) -> Iterator[World]:
    made = build(shape, request, ENV)
    yield made
    made.stop()


async def told(client: Client, person: Device, title: str) -> int:
    answer = await notify(client, receiver_id=person.id, title=title, message="is on its way")
    assert answer.status == 201, answer
    return int(answer["id"])


async def flood(client: Client, person: Device) -> None:
    """By somebody who has no part in it."""
    guest = await client.call("POST", "auth/guest/", json_body={"full_name": "Stranger"})
    stranger = device(client, guest)
    for number in range(FLOOD):  # one after the other: those of a moment share an entry
        await stranger.sent(person, f"flood {number}")


def titles(answer: Answer) -> list[str]:
    return [notification["title"] for notification in answer.of("notification")]


async def shown(person: Device) -> list[str]:
    """What a snapshot has, whose cursor the device keeps."""
    answer = await person.get("snapshot/")
    assert answer.status == 200, answer
    person.cursor = answer["cursor"]
    return [notification["title"] for notification in answer["notifications"]]


async def nothing_more(*devices: Device) -> None:
    """On any process, with a cursor and without."""
    for one in devices:
        for base in one.client.bases:
            assert titles(await one.poll(wait=0, base=base)) == []
        assert await shown(one) == []


@pytest.mark.gen_test
async def test_a_notification_that_a_flood_pushed_out_stands_in_the_snapshot_after_the_410(
    client: Client,
) -> None:
    (bob,) = await client.people("bob")
    await bob.here()
    await told(client, bob, "Order 7")
    await flood(client, bob)
    expired = await bob.poll(cursor=bob.cursor, wait=0)
    assert (expired.status, expired["code"]) == (410, "cursor_expired"), expired
    assert await shown(bob) == ["Order 7"]
    assert await shown(bob) == ["Order 7"], "until the device goes on from there: that answer may be lost"
    answer = await bob.poll(cursor=expired["cursor"], wait=0)
    assert titles(answer) == []
    await nothing_more(bob)


@pytest.mark.gen_test
async def test_who_polls_on_before_the_lists_are_reloaded_loses_nothing(client: Client) -> None:
    (bob,) = await client.people("bob")
    await bob.here()
    await told(client, bob, "Order 7")
    await flood(client, bob)
    expired = await bob.poll(cursor=bob.cursor, wait=0)
    assert expired.status == 410
    bob.cursor = expired["cursor"]
    for base in client.bases * 2:
        assert (await bob.next(wait=0.1, base=base)).events == []
    assert await shown(bob) == ["Order 7"]
    await bob.next(wait=0)
    await told(client, bob, "Order 8")
    assert titles(await bob.next(wait=5)) == ["Order 8"]
    await bob.next(wait=0)
    await nothing_more(await bob.another())


@pytest.mark.gen_test
async def test_without_a_cursor_it_comes_as_an_event_before_what_the_ring_still_has(client: Client) -> None:
    (bob,) = await client.people("bob")
    original = await bob.another()
    await bob.here()
    id = await told(client, bob, "Order 7")
    (event,) = (await bob.next(wait=5)).events  # and that is the last of this device: it may not have got it
    await flood(client, bob)
    first = await original.poll()
    assert first.events[0] == event, "the same event, so that a repeat can be told apart"
    assert event["data"]["id"] == id
    texts = [message["message"] for message in first.of("message")]
    while more := (await original.poll(wait=0)).of("message"):
        texts += [message["message"] for message in more]
    assert len(texts) == 100
    await nothing_more(original, bob)


@pytest.mark.gen_test
async def test_what_an_answer_brought_just_now_is_not_in_a_snapshot_of_the_same_process(
    shape: str, request: pytest.FixtureRequest
) -> None:
    servers = build(shape, request, {**ENV, "CHATSERVER_FAILPOINTS": "before_given=sleep:0.5"})
    client = Client(servers.bases)
    try:
        (bob,) = await client.people("bob")
        base = client.bases[0]
        await bob.poll(wait=0, base=base)
        await told(client, bob, "Order 7")
        assert titles(await bob.poll(wait=5, base=base)) == ["Order 7"]
        assert (await bob.get("snapshot/", base=base))["notifications"] == []
    finally:
        client.close()
        servers.stop()


@pytest.mark.gen_test
async def test_who_was_signed_out_finds_it_at_the_next_sign_in_with_a_cursor_and_without(
    client: Client,
) -> None:
    for keeps_a_cursor in (True, False):
        sub = unique("sub")
        bob = device(client, await sign_in(client, signed(sub=sub, jti=unique("jti"))))
        await bob.logout()
        await told(client, bob, "Order 7")
        await flood(client, bob)
        bob = device(client, await sign_in(client, signed(sub=sub, jti=unique("jti"))))
        if keeps_a_cursor:
            assert await shown(bob) == ["Order 7"]
            await bob.next(wait=0)
        else:
            answer = await bob.poll(wait=0)
            assert titles(answer) == ["Order 7"]
            assert answer.of("message") == [], "which are for the history"
        await nothing_more(bob)


@pytest.mark.gen_test
async def test_an_answer_that_was_lost_before_the_flood_leaves_it_owed(client: Client) -> None:
    (bob,) = await client.people("bob")
    await bob.here()
    await told(client, bob, "Order 7")
    lost = await bob.poll(cursor=bob.cursor, wait=5)
    assert titles(lost) == ["Order 7"]
    await flood(client, bob)
    assert (await bob.poll(cursor=bob.cursor, wait=0)).status == 410
    assert await shown(bob) == ["Order 7"]


@pytest.mark.gen_test
async def test_what_a_device_has_is_told_to_none_again(client: Client) -> None:
    (bob,) = await client.people("bob")
    original = await bob.another()
    await bob.here()
    await told(client, bob, "Order 7")
    assert titles(await bob.next(wait=5)) == ["Order 7"]
    holding = asyncio.ensure_future(bob.next(wait=3))  # the page is just open, and nothing comes
    late = await bob.another()
    for _ in range(50):
        if not await shown(late):
            break
        await asyncio.sleep(0.05)
    assert await shown(late) == [], "while the first device goes on polling"
    assert titles(await original.poll(wait=0)) == ["Order 7"], "this one was there when it came"
    assert (await holding).events == []
    await told(client, bob, "Order 8")
    for base in client.bases:
        assert titles(await original.poll(wait=2, base=base)) == (
            ["Order 8"] if base == client.bases[0] else []
        )
    await flood(client, bob)
    another = await bob.another()
    assert titles(await another.poll(wait=0)) == []
    await nothing_more(original, another)


@pytest.mark.gen_test
async def test_what_is_owed_outlasts_a_restart(shape: str, request: pytest.FixtureRequest) -> None:
    servers = build(shape, request, ENV)
    client = Client(servers.bases)
    try:
        bob, cat = await client.people("bob", "cat")
        original = await cat.another()
        await bob.here()
        for person in (bob, cat):
            await told(client, person, "Order 7")
            await flood(client, person)
        assert (await bob.poll(cursor=bob.cursor, wait=0)).status == 410
        for server in servers.servers:
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
        assert (await bob.poll(cursor=bob.cursor, wait=0)).status == 410
        assert await shown(bob) == ["Order 7"]
        await bob.next(wait=0)
        assert titles(await original.poll(wait=0)) == ["Order 7"]
        await nothing_more(bob, original)
    finally:
        client.close()
        servers.stop()
