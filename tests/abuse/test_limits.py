"""F12: a limit is one limit, however many processes a client spreads its calls over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.abuse.bench.crowd import guests
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import Victim
from tests.support.client import Client
from tests.support.mongo import MongoNode

WINDOW_SECS = sized(6, 12)
LIMIT = sized(40, 300)
RATES = {
    "CHATSERVER_RATE_LIMITS": "on",
    "CHATSERVER_SEND_RATE": f"{LIMIT}/{WINDOW_SECS} seconds",
    "CHATSERVER_REGISTER_RATE": "off",
}


@pytest.fixture(scope="module")
def three(mongo: MongoNode, rabbit: Any) -> Iterator[list[Victim]]:
    first = Victim(mongo, amqp_url=rabbit.url, env=RATES)
    shared = RATES | {"CHATSERVER_MONGODB_DATABASE": first.database}
    nodes = [first, *(Victim(mongo, amqp_url=rabbit.url, env=shared) for _ in range(2))]
    for node in nodes:
        node.start(wait=False)
    for node in nodes:
        node.wait_ready()
    yield nodes
    for node in nodes:
        node.stop()
        node.forget()


@pytest.mark.gen_test
async def test_F12_five_times_the_limit_over_three_processes_passes_once(
    three: list[Victim], io_loop: Any, row: Row
) -> None:
    client = Client([node.base for node in three], seed=12)
    flooder, other = await guests(client, 2)
    count, accepted = LIMIT * 5, 0
    loop = asyncio.get_running_loop()
    begun = loop.time()

    async def one(number: int) -> None:
        nonlocal accepted
        await asyncio.sleep(begun + number * (WINDOW_SECS * 0.9) / count - loop.time())
        answer = await flooder.send(other, f"number {number}")
        row.saw(answer.status, "a send above the limit", retry_after="Retry-After" in answer.headers)
        if answer.status == 201:
            accepted += 1
        elif answer.status != 429 or int(answer.headers.get("Retry-After", 0)) < 1:
            row.violation(f"{answer.status} without Retry-After: {dict(answer.headers.get_all())}")

    await asyncio.gather(*(one(number) for number in range(count)))
    took = loop.time() - begun
    # On a machine that cannot keep up the window moves on meanwhile.
    allowed = LIMIT * max(1.0, took / WINDOW_SECS)
    row.show(f"{accepted} of {count} accepted in {took:.1f} s, the limit being {LIMIT} in {WINDOW_SECS} s")
    assert LIMIT * 0.8 <= accepted <= allowed * 1.2
    client.close()
    row.assert_clean()
