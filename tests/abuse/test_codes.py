"""F7, F16: codes of invites guessed by many accounts from many addresses, and people who flood the doors of a group."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import Victim, running
from tests.api.groups import at, begin, call
from tests.support.client import Answer, Client, Device
from tests.support.mongo import MongoNode

STRICT = {
    "CHATSERVER_RATE_LIMITS": "on",
    "CHATSERVER_TRUSTED_PROXIES": "127.0.0.1",
    "CHATSERVER_JOIN_RATE": "8/hour",
}


@pytest.fixture
def strict(mongo: MongoNode) -> Iterator[Victim]:
    with running(mongo, env=STRICT) as made:
        yield made


@pytest.fixture
def client(strict: Victim, io_loop: Any) -> Iterator[Client]:
    made = Client([strict.base])
    yield made
    made.close()


async def shows(device: Device, code: str, address: str, what: str = "preview") -> Answer:
    return await device.client.call(
        "POST",
        f"invites/{what}/",
        token=device.token,
        json_body={"code": code},
        headers={"X-Forwarded-For": address},
    )


@pytest.mark.gen_test(timeout=300)
async def test_F7_who_guesses_codes_is_slowed_down_by_person_and_by_address(client: Client, row: Row) -> None:
    ann, bob, eve, dan = await client.people("ann", "bob", "eve", "dan")
    crowd = await client.people(*(f"eve{n}" for n in range(sized(6, 20))))
    group = await begin(ann)
    code = (await ann.post(at(group, "invites"), {})).json["code"]

    async def guesses(*tries: tuple[Device, str]) -> Counter[int]:
        answers = await asyncio.gather(
            *(shows(who, secrets.token_urlsafe(16), address) for who, address in tries)
        )
        for answer in answers:
            row.saw(answer.status, "a guess", retry_after="Retry-After" in answer.headers)
            if answer.status not in (404, 429) or b"name" in answer.body:
                row.violation(f"{answer}")
        return Counter(answer.status for answer in answers)

    # One account, an address for each guess: no more than ten, however many at once.
    assert await guesses(*((eve, f"203.0.113.{n}") for n in range(40))) == {404: 10, 429: 30}
    # Many accounts at one address: the count is looked at before each, so those at once slip by, one each.
    here = "198.51.100.9"
    ends = [await guesses(*((one, here) for one in crowd)) for _ in range(5)]
    assert sum(end[404] for end in ends) <= 10 + len(crowd)
    assert ends[-1] == {429: len(crowd)}
    # Who has the right code: not kept out elsewhere, and the guesser not let in with it for now.
    assert (await shows(bob, code, "192.0.2.7", "accept")).status == 201
    blocked = await shows(eve, code, "192.0.2.8")
    assert blocked.status == 429 and int(blocked.headers["Retry-After"]) >= 1
    # Right codes are not counted: a whole class comes by one link at one address.
    for _ in range(15):
        assert (await shows(dan, code, "192.0.2.9")).status == 200
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F16_who_joins_and_leaves_in_a_loop_is_stopped(client: Client, row: Row) -> None:
    ann, eve, bob = await client.people("ann", "eve", "bob")
    group = await begin(ann, preset="public", name="Open")
    statuses = []
    for _ in range(12):
        answer = await eve.post(at(group, "join"))
        row.saw(answer.status, "joining", retry_after=True)
        statuses.append(answer.status)
        if answer.status == 201:
            assert (await call(eve, "DELETE", at(group, "members", "me"))).status == 200
    assert statuses == [201] * 8 + [409] * 4
    assert answer["limit"] == "joins"
    assert (await bob.post(at(group, "join"))).status == 201, "each person for themselves"
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F7_no_log_holds_a_code(strict: Victim, client: Client, row: Row) -> None:
    ann, eve = await client.people("ann", "eve")
    group = await begin(ann)
    code = (await ann.post(at(group, "invites"), {})).json["code"]
    assert (await shows(eve, code, "192.0.2.1", "accept")).status == 201
    assert (await shows(eve, "B" * 22, "192.0.2.1", "accept")).status == 404
    log = strict.log()
    if code in log:
        row.leak("the log holds a code")
    row.assert_clean()
