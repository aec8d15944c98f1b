"""What a node does: those of the role `web` tell nobody and do no jobs, those of `tasks` serve nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.test_import import ended
from tests.support.client import Client, unique
from tests.support.host import NODE_SETTINGS, by_host, claims_of_host
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.rabbit import RabbitNode
from tests.support.receiver import Receiver
from tests.support.server import ServerProcess
from tests.support.waiting import eventually


@pytest.fixture
def start(mongo: MongoNode, rabbit: RabbitNode) -> Iterator[Any]:
    """Call it with a role: a node of one cluster."""
    env = {"CHATSERVER_MONGODB_DATABASE": unique("roles"), **NODE_SETTINGS}
    with ExitStack() as stack:

        def node(role: str) -> ServerProcess:
            made = ServerProcess(mongodb_uri=mongo.uri, amqp_url=rabbit.url, env=env)
            made.arguments += ["--roles", role]
            made.start()
            stack.callback(made.forget)
            stack.callback(made.stop)
            return made

        yield node


@pytest.mark.gen_test
async def test_a_web_node_leaves_webhooks_and_jobs_to_a_node_for_tasks(start: Any) -> None:
    receiver = Receiver(free_ports(1)[0])
    client = Client([start("web").base])
    key = claims_of_host("webhooks export")
    body = {"url": receiver.url, "events": ["message.created"]}
    made = await by_host(client, key, "POST", "webhooks/", body)
    job = await by_host(client, key, "POST", "jobs/", {"kind": "export"})
    assert (made.status, job.status) == (201, 201)
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "who tells of it?")

    async def deliveries() -> list[Any]:
        answer = await by_host(client, key, "GET", f"webhooks/{made['id']}/deliveries/")
        return list(answer["results"])

    async def state_of_job() -> str:
        return str((await by_host(client, key, "GET", f"jobs/{job['id']}/"))["state"])

    (waits,) = await eventually(deliveries)
    assert (waits["attempts"], await state_of_job(), receiver.came) == (0, "waiting", [])

    worker = start("tasks")
    (told,) = await receiver.until(1)
    assert told.text == "who tells of it?"
    assert (await ended(client, job["id"], key))["state"] == "done"
    here = Client([worker.base])
    assert (await here.call("GET", "/healthz")).status == 200
    assert_problem(await here.call("GET", "users/me/", token=ann.token), 404, "not_found")
    here.close()
    client.close()
    await receiver.close()
