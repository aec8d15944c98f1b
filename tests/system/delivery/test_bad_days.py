"""Promise 6: the database or the broker is away, and everyone is told the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Answer, Client, Device, unique
from tests.support.waiting import eventually, held, in_time, together
from tests.system.delivery.conftest import EITHER_WAY_FRESH, TWO, World


def assert_unavailable(answer: Answer) -> None:
    assert (answer.status, answer["code"]) == (503, "unavailable"), answer
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def accepted(device: Device, to: Device, key: str) -> Answer:
    answer = await device.send(to, key, client_id=key)
    assert answer.status in (200, 201), answer
    return answer


@pytest.mark.gen_test
async def test_a_frozen_database_means_503_in_time_and_held_polls_end_as_if_nothing_happened(
    fresh: World, fresh_client: Client, settled: Callable[[], bool]
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await ann.sent(bob, "before")
    await together(ann.here(), bob.here())
    original = await bob.another()
    polls = [
        await held(bob.poll(cursor=bob.cursor), for_secs=0.1),
        await held(bob.poll(cursor=bob.cursor, wait=4, client="tab"), for_secs=0.1),
        await held(original.poll(), for_secs=0.1),
    ]
    keys = [unique("key") for _ in range(20)]
    fresh.freeze()
    try:
        # Not one of these waits until the database is back: it is given back when all of them are answered.
        refused = await in_time(together(*(ann.send(bob, key, client_id=key) for key in keys)))
        for answer in refused:
            assert_unavailable(answer)
        default, short, place = await in_time(together(*polls))
        for ended, hold in ((default, 5.5), (short, 4.0), (place, 5.5)):
            assert (ended.status, ended.events) == (200, []), ended
            assert ended.took >= hold * 0.85, ended.took
        assert default["cursor"] == short["cursor"] == bob.cursor
        assert_unavailable(await ann.get("chats/conversations/"))
        looks = await together(*(ann.poll(cursor=ann.cursor, base=base) for base in fresh.bases))
        for look in looks:
            assert look.status == 200 or assert_unavailable(look) is None
        await eventually(lambda: not any(server.is_ready() for server in fresh.servers))
    finally:
        fresh.thaw()
    await eventually(settled)
    for key in keys:
        await eventually(lambda key=key: accepted(ann, bob, key))
    assert sorted(m["message"] for m in await bob.until(len(keys))) == sorted(keys)
    assert [m["seq"] for m in (await bob.history(ann))["messages"]] == list(range(21, 0, -1))


@EITHER_WAY_FRESH
@pytest.mark.gen_test
async def test_a_database_that_dies_and_comes_back_has_lost_nothing_that_was_accepted(
    fresh: World, fresh_client: Client, settled: Callable[[], bool]
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await ann.sent(bob, "the first of all")
    await bob.here()
    said: list[str] = []
    refused: list[Answer] = []
    done = False

    async def speak(mouth: int) -> None:
        number = 0
        while not done:
            key = f"{mouth} {number}"
            answer = await ann.send(bob, key, client_id=unique(key))
            if answer.status == 201:
                said.append(key)
                number += 1
            else:
                assert_unavailable(answer)
                refused.append(answer)
                await asyncio.sleep(0.1)

    speaking = [asyncio.ensure_future(speak(mouth)) for mouth in range(4)]
    await eventually(lambda: len(said) > 20)
    fresh.kill_database()
    if fresh.mongo:
        fresh.mongo.start()
    before = len(said)
    await eventually(lambda: len(said) > before + 20)
    done = True
    await together(*speaking)
    await eventually(settled)

    seen: list[dict[str, Any]] = (await bob.history(ann, limit=200))["messages"]
    while seen[-1]["seq"] > 1:
        seen += (await bob.history(ann, limit=200, before_id=seen[-1]["id"]))["messages"]
    assert [m["seq"] for m in reversed(seen)] == list(range(1, len(seen) + 1))
    assert set(said) <= {m["message"] for m in seen}


@pytest.mark.parametrize("shape", [TWO], indirect=True, scope="session")  # one alone has no broker
@EITHER_WAY_FRESH
@pytest.mark.gen_test
async def test_without_the_broker_sends_are_accepted_and_arrive_and_with_it_again_they_do_so_as_before(
    fresh: World, fresh_client: Client
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await bob.here()

    async def hand_over(count: int) -> None:
        """Messages one by one from one process to the other, each to a poll that is held."""
        for _ in range(count):
            waiting = await held(bob.poll(cursor=bob.cursor, wait=40, base=fresh.last), for_secs=0.2)
            key = unique("message")
            body = {"receiver_id": bob.id, "message": key}
            sent = await ann.post("chats/", body, base=fresh.first)
            assert sent.status == 201, sent
            answer = await in_time(waiting)
            assert [m["message"] for m in answer.of("message")] == [key]
            bob.cursor = answer["cursor"]

    async def bus_is_up() -> bool:
        answers = [await fresh_client.call("GET", "/readyz", base=base) for base in fresh.bases]
        return {answer["components"]["bus"] for answer in answers} == {"up"}

    await eventually(bus_is_up)
    await hand_over(3)
    fresh.rabbit.kill()
    try:
        await hand_over(6)
        assert all(server.is_ready() for server in fresh.servers), "later, never refused"
        revoked = await (await bob.another()).here()
        poll = await held(revoked.poll(cursor=revoked.cursor, wait=40, base=fresh.last))
        await revoked.client.call("DELETE", f"auth/sessions/{revoked.session['id']}/", token=bob.token)
        assert (await in_time(poll)).status == 401
    finally:
        fresh.rabbit.start()
    await eventually(bus_is_up)
    await hand_over(3)
