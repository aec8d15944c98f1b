"""Nodes die at random while people write: the application is told of every message, in order within its conversation.

Small as it stands; `make told` runs it with four nodes and 100,000 events.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from tests.support.client import Client, Device, unique
from tests.support.host import NODE_SETTINGS, by_host, claims_of_host
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.rabbit import RabbitNode
from tests.support.receiver import Receiver
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

NODES = int(os.environ.get("TOLD_NODES", "2"))
EVENTS = int(os.environ.get("TOLD_EVENTS", "300"))
KILLS = int(os.environ.get("TOLD_KILLS", "3"))
PAIRS = 10
WITHIN_SECS = 240 + EVENTS / 20


@pytest.fixture
def nodes(mongo: MongoNode, rabbit: RabbitNode) -> Iterator[list[ServerProcess]]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("kills"),
        **NODE_SETTINGS,
        "CHATSERVER_RATE_LIMITS": "off",
    }
    made = [ServerProcess(mongodb_uri=mongo.uri, amqp_url=rabbit.url, env=env).start() for _ in range(NODES)]
    yield made
    for node in made:
        node.stop()
        node.forget()


async def said(sender: Device, receiver: Device, text: str) -> int:
    """Repeated until it is answered, as a client does."""
    key = unique("key")

    async def answered() -> Any:
        try:
            answer = await sender.send(receiver, text, client_id=key)
        except (OSError, HTTPClientError):
            return None
        return answer if answer.status in (200, 201) else None

    return int((await eventually(answered, WITHIN_SECS))["id"])


@pytest.mark.gen_test(timeout=WITHIN_SECS * 2)
@pytest.mark.timeout(WITHIN_SECS * 3)
async def test_10_whatever_node_is_killed_every_message_is_told_in_order(nodes: list[ServerProcess]) -> None:
    receiver = Receiver(free_ports(1)[0])
    client = Client([node.base for node in nodes])
    body = {"url": receiver.url, "events": ["message.created"]}
    made = await by_host(client, claims_of_host("webhooks"), "POST", "webhooks/", body)
    assert made.status == 201, made
    people = await client.people(*["p"] * (PAIRS + 1))
    ids: list[int] = []

    async def talk(pair: int) -> None:
        for n in range(EVENTS // PAIRS):
            sender, other = (people[pair], people[pair + 1])[:: -1 if n % 2 else 1]
            ids.append(await said(sender, other, f"{pair} {n}"))

    talking = [asyncio.ensure_future(talk(pair)) for pair in range(PAIRS)]
    chosen = random.Random(EVENTS)
    for kill in range(KILLS):
        await eventually(lambda kill=kill: len(ids) >= (kill + 1) * EVENTS // (KILLS + 2), WITHIN_SECS)
        node = chosen.choice(nodes)
        node.kill()
        await asyncio.to_thread(node.start)
    await asyncio.gather(*talking)
    wanted = set(ids)
    await eventually(lambda: wanted <= {told.data["id"] for told in receiver.taken}, WITHIN_SECS)
    first: dict[int, list[int]] = {}
    seen: set[str] = set()
    for told in receiver.taken:
        if told.id not in seen:
            seen.add(told.id)
            first.setdefault(told.data["conversation_id"], []).append(told.data["seq"])
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in first.values()), first
    print(
        f"{len(wanted)} events, {len(receiver.taken) - len(seen)} told twice, {KILLS} kills of {NODES} nodes"
    )
    client.close()
    await receiver.close()
