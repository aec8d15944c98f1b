"""The cursor: what is not covered any more, what never was, and how a client goes on."""

from __future__ import annotations

import pytest

from tests.support.client import API, Answer, Client, Device
from tests.support.waiting import together
from tests.system.delivery.conftest import EITHER_WAY


def assert_expired(answer: Answer) -> str:
    assert answer.status == 410, answer
    assert answer["code"] == "cursor_expired"
    assert isinstance(answer["cursor"], str) and answer["cursor"]
    return str(answer["cursor"])


async def say(ann: Device, bob: Device, count: int) -> None:
    for number in range(count):
        await ann.sent(bob, str(number))


@EITHER_WAY
@pytest.mark.gen_test
async def test_who_was_away_too_long_gets_410_and_everything_from_the_history(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    original = await bob.another()
    await say(ann, bob, 130)

    bob.cursor = assert_expired(await bob.poll(cursor=bob.cursor))
    assert (await bob.next(wait=0)).events == [], "the fresh cursor stands at the end"
    page = await bob.history(ann, limit=100)
    assert page["has_more"] is True
    rest = await bob.history(ann, limit=100, before_id=page["messages"][-1]["id"])
    assert rest["has_more"] is False
    found = [m["message"] for m in reversed(page["messages"] + rest["messages"])]
    assert found == [str(number) for number in range(130)]
    await ann.sent(bob, "and on it goes")
    assert [m["message"] for m in await bob.until(1)] == ["and on it goes"]

    last = [m["message"] for m in (await original.poll()).of("message")]
    while more := (await original.poll(wait=0)).of("message"):
        last += [m["message"] for m in more]
    assert last == [str(number) for number in range(31, 130)] + ["and on it goes"], (
        "without a cursor: the last 100"
    )


@EITHER_WAY
@pytest.mark.gen_test
async def test_a_cursor_within_the_ring_is_never_refused(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    await say(ann, bob, 95)
    assert [m["message"] for m in await bob.until(95)] == [str(number) for number in range(95)]


@EITHER_WAY
@pytest.mark.gen_test
async def test_a_cursor_from_the_future_or_of_somebody_else_is_expired(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    for _ in range(3):
        await eve.sent(ann, "to move the place of ann")
    await together(ann.here(), bob.here())
    epoch, version = bob.cursor.split(":")
    other = f"{int(epoch, 16) ^ 1:0{len(epoch)}x}"
    for forged in (f"{epoch}:{int(version) + 7}", ann.cursor, f"{epoch}:{2**52}", f"{other}:{version}"):
        fresh = assert_expired(await bob.poll(cursor=forged))
        assert fresh == bob.cursor


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "a:b", ":", "1", "x" * 5000, "é:1", "%s:-1", "%s:1:-1", "%s:1:1:1", "%s:1.5"],
)
async def test_a_cursor_that_never_was_one_is_a_400_that_says_so(client: Client, cursor: str) -> None:
    (bob,) = await client.people("bob")
    await bob.here()
    answer = await bob.poll(cursor=cursor.replace("%s", bob.cursor.split(":")[0]))
    assert (answer.status, answer["code"]) == (400, "cursor_invalid"), answer
    assert answer.headers["Content-Type"].startswith("application/problem+json")


@EITHER_WAY
@pytest.mark.gen_test
async def test_the_snapshot_and_the_events_after_its_cursor_make_the_whole(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "already there")
    snapshot = await bob.get("snapshot/")
    assert snapshot.status == 200, snapshot
    assert [c["last_message"] for c in snapshot["conversations"]] == ["already there"]
    bob.cursor = snapshot["cursor"]
    await ann.sent(bob, "new")
    assert [m["message"] for m in (await bob.next()).of("message")] == ["new"]


@pytest.mark.gen_test
async def test_an_event_keeps_its_id_and_its_shape_however_it_is_fetched(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    bob2 = await bob.another()
    await together(bob.here(), bob2.here())
    await say(ann, bob, 3)
    whole = (await bob.next()).events
    single = [(await bob2.next(limit=1)).events[0] for _ in range(3)]
    assert [event["id"] for event in single] == [event["id"] for event in whole]
    assert [event["data"] for event in single] == [event["data"] for event in whole]
    assert len({event["id"] for event in whole}) == 3
    url = f"{API}poll/events/?cursor={bob2.cursor}&wait=0&token={bob2.token}"
    assert (await client.call("GET", url)).events == []
