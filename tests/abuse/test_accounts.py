"""F7, F8: passwords that are guessed, and sessions that are over."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator
from typing import Any

import pytest

from tests.abuse.bench.crowd import guests
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.others import Others
from tests.abuse.bench.size import FULL, SLACK_SECS, sized
from tests.abuse.bench.victim import Victim, running
from tests.support.client import PASSWORD, Client, Device, unique
from tests.support.mongo import MongoNode

ACCOUNT_LIMIT, ADDRESS_LIMIT = 10, 60
LIMITED = {
    "CHATSERVER_RATE_LIMITS": "on",
    "CHATSERVER_LOGIN_RATE": f"{ACCOUNT_LIMIT}/5 minutes",
    "CHATSERVER_LOGIN_ACCOUNT_RATE": "100/5 minutes",
    "CHATSERVER_LOGIN_ADDRESS_RATE": f"{ADDRESS_LIMIT}/5 minutes",
    "CHATSERVER_REGISTER_RATE": "1000/hour",
    "CHATSERVER_RATE_EXEMPT": "",
}


@pytest.fixture(scope="module")
def limited(mongo: MongoNode) -> Iterator[Victim]:
    with running(mongo, env=LIMITED) as made:
        yield made


@pytest.mark.gen_test(timeout=300)
async def test_F7_a_guesser_gets_a_few_tries_and_disturbs_nobody(
    limited: Victim, io_loop: Any, row: Row
) -> None:
    client = Client([limited.base])
    ann, eve = await client.people("ann", "eve")
    others = Others(eve, row)
    calm = await others.calm(sized(1, 5))
    count = sized(160, 10_000)
    verified: dict[bool, int] = {True: 0, False: 0}

    async def guess(number: int) -> None:
        against_ann = number % 2 == 0
        name = ann.username if against_ann else f"nobody{number}"
        answer = await client.login(name, f"guess number {number}")
        row.saw(answer.status, "a guess", retry_after="Retry-After" in answer.headers)
        if answer.status == 401:
            verified[against_ann] += 1
        elif answer.status not in (429, 503) or "Retry-After" not in answer.headers:
            row.violation(f"a guess was answered {answer}")

    async with others.meanwhile():
        for start in range(0, count, 20):
            await asyncio.gather(*(guess(number) for number in range(start, start + 20)))
    row.show(f"{count:,} guesses, verified {verified[True]} of one account, {sum(verified.values())} in all")
    assert 0 < verified[True] <= ACCOUNT_LIMIT
    assert sum(verified.values()) <= ADDRESS_LIMIT
    others.assert_unharmed(calm, times=1.5)
    # Who was guessed at is not locked out for those already in, and may come back later.
    assert (await ann.get("users/me/")).status == 200
    client.close()
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F7_an_unknown_name_takes_as_long_as_a_wrong_password(
    victim: Victim, client: Client, row: Row
) -> None:
    (ann,) = await client.people("ann")
    took: dict[str, list[float]] = {"unknown": [], "wrong": []}
    bodies = set()
    for number in range(sized(12, 200)):
        for kind, name in (("unknown", unique("nobody")), ("wrong", ann.username)):
            answer = await client.login(name, f"not this one {number}")
            row.saw(answer.status, kind)
            took[kind].append(answer.took)
            bodies.add((answer.status, answer["detail"], answer["code"], str(sorted(answer.headers))))
    assert len(bodies) == 1, bodies
    # Medians, since a busy machine spoils a mean with one answer.
    unknown, wrong = (statistics.median(took[kind]) for kind in ("unknown", "wrong"))
    apart = abs(unknown - wrong) / wrong
    row.show(f"unknown {unknown * 1000:.1f} ms, wrong {wrong * 1000:.1f} ms: {apart:.1%} apart")
    if FULL:
        assert apart < 0.05
    row.assert_clean()


@pytest.fixture(scope="module")
def pair_of_nodes(mongo: MongoNode, rabbit: Any) -> Iterator[tuple[Victim, Victim]]:
    one = Victim(mongo, amqp_url=rabbit.url)
    two = Victim(mongo, amqp_url=rabbit.url, env={"CHATSERVER_MONGODB_DATABASE": one.database})
    for node in (one, two):
        node.start(wait=False)
    for node in (one, two):
        node.wait_ready()
    yield one, two
    for node in (one, two):
        node.stop()
        node.forget()


@pytest.mark.gen_test(timeout=300)
async def test_F8_a_session_that_is_over_holds_no_poll_on_any_node(
    pair_of_nodes: tuple[Victim, Victim], io_loop: Any, row: Row
) -> None:
    here, there = pair_of_nodes
    client = Client([here.base])
    leaving = await guests(client, sized(6, 100))
    # A few at a time: more at once would be told that too many are signing in.
    changing = [one for _ in range(sized(2, 100) // 2) for one in await client.people("changes", "changes")]
    (writer,) = await guests(client, 1)
    loop = asyncio.get_running_loop()
    slowest = 0.0

    async def end(device: Device, over: Device, ended_by: Any) -> None:
        """`over` loses its session by what `device` does; four polls of it are held on the other node."""
        nonlocal slowest
        await over.here()
        polls = [
            asyncio.create_task(
                over.poll(base=there.base, cursor=over.cursor, wait=30, client=f"tab-{number}")
            )
            for number in range(4)
        ]
        await asyncio.sleep(0.5)
        begun = loop.time()
        answer = await ended_by(device)
        assert answer.status == 200, answer
        for poll in await asyncio.gather(*polls):
            row.saw(poll.status, "a poll of a session that is over")
            if poll.status != 401:
                row.violation(f"not ended but {poll}")
        slowest = max(slowest, loop.time() - begun)
        await writer.sent(over.id, "not for who is gone")
        for base in (here.base, there.base):
            late = await over.poll(base=base, wait=0)
            row.saw(late.status)
            if late.status != 401:
                row.leak(f"a session that is over was answered {late}")

    async def change_password(device: Device) -> Any:
        return await device.post(
            "users/me/password/", {"password": PASSWORD, "new_password": unique("another one ")}
        )

    for start in range(0, len(leaving), 10):
        batch = leaving[start : start + 10]
        await asyncio.gather(*(end(one, one, lambda device: device.logout()) for one in batch))
    for start in range(0, len(changing), 4):
        batch = changing[start : start + 4]
        others = await asyncio.gather(*(one.another() for one in batch))
        await asyncio.gather(
            *(end(one, other, change_password) for one, other in zip(batch, others, strict=True))
        )
    row.show(
        f"{len(leaving)} sign-outs, {len(changing)} new passwords, the last poll ended after {slowest:.2f} s"
    )
    assert slowest <= 1 + 2 * SLACK_SECS
    client.close()
    row.assert_clean()
