"""Two chats that have nothing to do with one another may share a broker: their ids are the same, their bells are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.client import Client, Device, unique
from tests.support.mongo import MongoNode
from tests.support.rabbit import RabbitNode
from tests.support.server import ServerProcess
from tests.support.waiting import held


@pytest.fixture
def installations(mongo: MongoNode, rabbit: RabbitNode) -> Iterator[list[ServerProcess]]:
    made = [
        ServerProcess(
            mongodb_uri=mongo.uri, amqp_url=rabbit.url, env={"CHATSERVER_MONGODB_DATABASE": unique("one")}
        )
        for _ in range(2)
    ]
    for server in made:
        server.start()
    yield made
    for server in made:
        server.stop()
        server.forget()


async def pair(server: ServerProcess) -> tuple[Client, Device, Device]:
    client = Client([server.base])
    ann = await client.sign_up("ann")
    bob = await client.sign_up("bob")
    await ann.sent(bob, f"the first on {server.port}")
    await bob.here()
    await bob.next(wait=0)
    return client, ann, bob


@pytest.mark.gen_test
async def test_another_installation_on_the_same_broker_is_not_heard(
    installations: list[ServerProcess], io_loop: Any
) -> None:
    ours, _, bob = await pair(installations[0])
    theirs, ann, their_bob = await pair(installations[1])
    assert (bob.id, bob.username) != (their_bob.id, their_bob.username) and bob.id == their_bob.id
    poll = await held(bob.next(wait=2))
    their_poll = await held(their_bob.next(wait=40))

    await ann.typing(their_bob)

    assert (await their_poll).of("typing")
    assert (await poll).events == []
    ours.close()
    theirs.close()
