"""Promises 4 and 5: an answer that never arrived is given again, and a poll always ends."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.client import API, Client, Device
from tests.support.slow_reader import connect_narrow, cut, too_much
from tests.support.waiting import held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY, World


async def raw_poll(
    device: Device, base: str, query: str = ""
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A poll of an original client on a socket of its own, with almost no room for the answer."""
    reader, writer = await connect_narrow(base)
    request = (
        f"GET {API}poll/events/{query} HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {device.token}\r\n\r\n"
    )
    writer.write(request.encode())
    await writer.drain()
    return reader, writer


@EITHER_WAY
@pytest.mark.gen_test
async def test_an_answer_that_never_arrived_is_given_again_for_the_same_cursor(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    for text in ("one", "two", "three"):
        await ann.sent(bob, text)
    answers = [await bob.poll(cursor=bob.cursor, wait=2) for _ in range(4)]
    assert [m["message"] for m in answers[0].of("message")] == ["one", "two", "three"]
    for again in answers[1:]:
        assert again.events == answers[0].events
        assert again["cursor"] == answers[0]["cursor"]
    moved = await bob.poll(cursor=answers[0]["cursor"], wait=0)
    assert moved.events == []


@pytest.mark.gen_test
async def test_without_a_cursor_an_answer_cut_in_the_middle_is_given_again(
    world: World, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    texts = await too_much(ann, bob)
    # At a process itself: a proxy takes the whole answer, and what it does with it nobody is told.
    reader, writer = await raw_poll(bob, world.first, "?limit=200")
    status = await in_time(reader.readline())
    assert status.startswith(b"HTTP/1.1 200"), status
    cut(writer)
    got: list[str] = []
    while len(got) < len(texts):
        answer = await bob.poll(limit=200)
        assert answer.of("message"), f"{len(got)} of {len(texts)} given again"
        got += [m["message"] for m in answer.of("message")]
    assert got == texts


@pytest.mark.gen_test
@pytest.mark.parametrize("stray", [b"", b"x"], ids=["clean", "with a stray byte behind the request"])
async def test_without_a_cursor_a_poll_abandoned_while_held_loses_nothing(
    client: Client, stray: bytes
) -> None:
    ann, bob = await client.people("ann", "bob")
    reader, writer = await raw_poll(bob, client.bases[0])
    writer.write(stray)
    await held(reader.readline())
    cut(writer)
    await ann.sent(bob, "are you there?")
    answer = await bob.poll()
    assert [m["message"] for m in answer.of("message")] == ["are you there?"]


@pytest.mark.gen_test
async def test_without_a_cursor_nothing_between_login_and_the_first_poll_is_missed(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    late = await bob.another()
    before = await ann.sent(bob, "before your first poll")
    for device in (bob, late):
        answer = await device.poll()
        assert [m["id"] for m in answer.of("message")] == [before["id"]]
    newcomer = await bob.another()
    after = await ann.sent(bob, "after")
    for device in (bob, late, newcomer):
        assert [m["id"] for m in (await device.poll()).of("message")] == [after["id"]], (
            "each place is a session's own"
        )


@pytest.mark.gen_test
async def test_without_a_cursor_a_steady_poller_sees_each_message_once_and_in_order(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    texts = [str(number) for number in range(30)]

    async def speak() -> None:
        for text in texts:
            await ann.sent(bob, text)

    speaking = asyncio.ensure_future(speak())
    got: list[str] = []
    while len(got) < len(texts):
        got += [m["message"] for m in (await bob.poll()).of("message")]
    await speaking
    assert got == texts


@pytest.mark.gen_test
async def test_an_idle_poll_ends_empty_at_its_hold_time(client: Client) -> None:
    (ann,) = await client.people("ann")
    ann2, ann3, ann4 = await together(ann.another(), ann.another(), ann.another())
    await together(ann2.here(), ann3.here(), ann4.here())
    original, default, second, none = await in_time(
        together(
            ann.poll(),
            ann2.poll(cursor=ann2.cursor),
            ann3.poll(cursor=ann3.cursor, wait=1),
            ann4.poll(cursor=ann4.cursor, wait=0),
        )
    )
    assert original.status == default.status == second.status == none.status == 200
    assert original.events == default.events == second.events == none.events == []
    for ended, hold in ((original, 5.5), (default, 5.5), (second, 1.0)):
        assert ended.took >= hold * 0.85, ended.took
    assert [answer["wait"] for answer in (default, second, none)] == [5.5, 1, 0]
    assert default["cursor"] == ann2.cursor


@EITHER_WAY
@pytest.mark.gen_test
async def test_the_newest_poll_of_a_client_wins_and_the_older_one_is_told(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    for older_at, newer_at in {(client.bases[0], client.bases[0]), (client.bases[0], client.bases[-1])}:
        start = bob.cursor
        older = await held(bob.poll(cursor=start, wait=40, client="tab", base=older_at))
        newer = asyncio.ensure_future(bob.poll(cursor=start, wait=40, client="tab", base=newer_at))
        ended = await in_time(older)
        assert (ended.status, ended.events, ended["superseded"]) == (200, [], True)
        assert ended["cursor"] == start
        assert not newer.done()
        await ann.sent(bob, "for the newest")
        answer = await in_time(newer)
        assert [m["message"] for m in answer.of("message")] == ["for the newest"]
        assert answer["superseded"] is False
        bob.cursor = answer["cursor"]


@EITHER_WAY
@pytest.mark.gen_test
async def test_polls_of_other_clients_or_of_none_coexist(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    start = bob.cursor
    names = ["tab 1", "tab 2", None, None, None]
    polls = [await held(bob.poll(cursor=start, wait=40, client=name), for_secs=0.1) for name in names]
    bob2 = await bob.another()
    original = [await held(bob2.poll(wait=40), for_secs=0.1) for _ in range(2)]
    assert not any(poll.done() for poll in (*polls, *original))
    await ann.sent(bob, "to every tab")
    for answer in await in_time(together(*polls)):
        assert [m["message"] for m in answer.of("message")] == ["to every tab"]
        assert answer["superseded"] is False
    shared = [m["message"] for answer in await together(*original) for m in answer.of("message")]
    assert shared and set(shared) == {"to every tab"}, "tabs of one token share its place: one of them has it"


@pytest.mark.gen_test
async def test_a_poll_asked_in_pages_gives_everything_once_and_says_when_there_is_more(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    for number in range(25):
        await ann.sent(bob, str(number))
    got: list[str] = []
    more: list[bool] = []
    for _ in range(3):
        answer = await bob.next(limit=10, wait=1)
        got += [m["message"] for m in answer.of("message")]
        more.append(answer["more"])
    assert got == [str(number) for number in range(25)]
    assert more == [True, True, False]
