"""E12, F16: a person with far too many conversations, and one who begins them as fast as can be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.abuse.bench.crowd import guests
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.others import Others
from tests.abuse.bench.size import FULL, sized
from tests.abuse.bench.victim import Victim, running
from tests.support.client import Answer, Client, Device
from tests.support.mongo import MongoNode

LISTED = sized(40, 500)
MANY = sized(60, 3000)
ROW_BYTES = 600  # of one conversation in an answer, at most: names of guests are short
RATE = 20
LIMITS = {
    "CHATSERVER_CONVERSATIONS_LISTED": str(LISTED),
    "CHATSERVER_RATE_LIMITS": "on",
    "CHATSERVER_CONVERSATION_RATE": f"{RATE}/hour",
    "CHATSERVER_HISTORY_RATE": "off",
}


@pytest.fixture(scope="module")
def victim(mongo: MongoNode) -> Iterator[Victim]:
    with running(mongo, env=LIMITS) as made:
        yield made


async def patiently(sender: Device, receiver: Device, text: str) -> Answer:
    """On a busy machine the database may have too much to do."""
    while True:
        answer = await sender.send(receiver, text)
        if answer.status != 503:
            return answer


@pytest.mark.gen_test(timeout=400)
async def test_E12_lists_of_a_person_with_thousands_of_conversations_stay_small(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, eve = await guests(client, 2)
    for _ in range(0, MANY, 10):
        people = await guests(client, 10)
        await asyncio.gather(*(patiently(one, ann, "hello") for one in people))
    # Holding large answers against the contract takes longer than making them, and others are timed in this process too.
    plain = Client([victim.base])
    asking = Device(plain, ann.token, ann.user, ann.session)
    others = Others(Device(plain, eve.token, eve.user, eve.session), row)
    calm = await others.calm(sized(1, 5))
    sizes, took = [0], [0.0]

    async def ask(path: str) -> None:
        for _ in range(sized(3, 30)):
            answer = await asking.get(path)
            row.saw(answer.status, path, retry_after="Retry-After" in answer.headers)
            sizes.append(len(answer.body))
            took.append(answer.took)

    paths = ("snapshot/", "chats/conversations/", "chats/unread-count/", "chats/online-users/")
    for path in paths:
        assert (await ann.get(path)).status == 200
    async with others.meanwhile():
        await asyncio.gather(*(ask(path) for path in paths * 2))
    plain.close()
    row.show(f"{MANY} conversations, {LISTED} listed: answers of {max(sizes) // 1000} kB at most")
    row.show(f"the slowest took {max(took):.1f} s with {len(paths) * 2} at once")
    assert max(sizes) <= LISTED * ROW_BYTES + 1000
    if FULL:
        others.assert_unharmed(calm, times=20)
    row.assert_clean()


@pytest.mark.gen_test
async def test_F16_conversations_begun_all_at_once_are_no_more_than_those_of_an_hour(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, *strangers = await guests(client, 3 * RATE + 1)
    answers: list[Answer] = []
    while left := strangers[len(answers) :]:
        answers += await asyncio.gather(*(patiently(ann, one, "buy this") for one in left[:10]))
    for answer in answers:
        row.saw(answer.status, "a first message", retry_after="Retry-After" in answer.headers)
    passed = sum(answer.status == 201 for answer in answers)
    row.show(f"{passed} of {len(strangers)} begun, the limit being {RATE}")
    assert passed == RATE
    assert {answer["code"] for answer in answers if answer.status != 201} == {"limit_reached"}
    row.assert_clean()
