"""DESIGN §2, promise 6: the database or the broker is away, and everyone is told the truth."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Answer, Client, Device, unique
from tests.support.waiting import eventually, held, together
from tests.system.delivery.conftest import TWO, World


def assert_unavailable(answer: Answer) -> None:
    assert (answer.status, answer["code"]) == (503, "unavailable"), answer
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.took <= 3.3, answer.took


async def accepted(device: Device, to: Device, key: str) -> Answer:
    answer = await device.send(to, key, client_id=key)
    assert answer.status in (200, 201), answer
    return answer


@pytest.mark.gen_test(timeout=60)
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
        refused = await together(*(ann.send(bob, key, client_id=key) for key in keys))
        for answer in refused:
            assert_unavailable(answer)
        default, short, place = await asyncio.wait_for(together(*polls), 8)
        for ended, hold in ((default, 5.5), (short, 4.0), (place, 5.5)):
            assert (ended.status, ended.events) == (200, []), ended
            assert abs(ended.took - hold) <= 0.8, ended.took
        assert default["cursor"] == short["cursor"] == bob.cursor
        assert_unavailable(await ann.get("chats/conversations/"))
        looks = await together(*(ann.poll(cursor=ann.cursor, base=base) for base in fresh.bases))
        for look in looks:
            assert look.status == 200 or assert_unavailable(look) is None
        await eventually(lambda: not any(server.is_ready() for server in fresh.servers), within=8)
    finally:
        fresh.thaw()
    await eventually(settled, within=15)
    for key in keys:
        await eventually(lambda key=key: accepted(ann, bob, key), within=10)
    assert sorted(m["message"] for m in await bob.until(len(keys))) == sorted(keys)
    assert [m["seq"] for m in (await bob.history(ann))["messages"]] == list(range(21, 0, -1))


@pytest.mark.gen_test(timeout=90)
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
    await eventually(lambda: len(said) > before + 20, within=20)
    done = True
    await together(*speaking)
    await eventually(settled, within=10)

    seen: list[dict[str, Any]] = (await bob.history(ann, limit=200))["messages"]
    while seen[-1]["seq"] > 1:
        seen += (await bob.history(ann, limit=200, before_id=seen[-1]["id"]))["messages"]
    assert [m["seq"] for m in reversed(seen)] == list(range(1, len(seen) + 1))
    assert set(said) <= {m["message"] for m in seen}


@pytest.mark.parametrize("shape", [TWO], indirect=True, scope="session")  # one alone has no broker
@pytest.mark.gen_test(timeout=120)
async def test_without_the_broker_sends_are_accepted_and_arrive_within_a_second(
    fresh: World, fresh_client: Client
) -> None:
    ann, bob = await fresh_client.people("ann", "bob")
    await bob.here()

    async def hand_over(count: int, limit: float) -> list[float]:
        """Messages one by one across the processes: how long each took from accepted to received."""
        times = []
        for _ in range(count):
            waiting = await held(bob.poll(cursor=bob.cursor, wait=5, base=fresh.last), for_secs=0.2)
            key = unique("message")
            body = {"receiver_id": bob.id, "message": key}
            sent = await ann.post("chats/", body, base=fresh.first)
            assert sent.status == 201, sent
            begun = time.monotonic()
            answer = await asyncio.wait_for(waiting, 5)
            times.append(time.monotonic() - begun)
            assert [m["message"] for m in answer.of("message")] == [key]
            bob.cursor = answer["cursor"]
        assert max(times) < limit, times
        return times

    async def quick() -> bool:
        return max(await hand_over(3, 5.0)) < 0.15

    await eventually(quick, within=15, why="with the broker the bell is what wakes the other process")
    fresh.rabbit.kill()
    try:
        await hand_over(6, 1.0)
        assert all(server.is_ready() for server in fresh.servers), "later, never refused"
        revoked = await (await bob.another()).here()
        poll = await held(revoked.poll(cursor=revoked.cursor, wait=20, base=fresh.last))
        await revoked.client.call("DELETE", f"auth/sessions/{revoked.session['id']}/", token=bob.token)
        assert (await asyncio.wait_for(poll, 5.5)).status == 401
    finally:
        fresh.rabbit.start()
    await eventually(quick, within=40, why="the bell rings again after the broker came back")
