"""`chatserver demo`, as who tries the product for the first time meets it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from chatserver.errors import EX_CANTCREAT
from tests.support.client import Client, unique
from tests.support.command import chatserver
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually


@pytest.mark.gen_test
async def test_the_demonstration_is_a_server_full_of_people_who_have_talked(
    mongo: MongoNode, request: pytest.FixtureRequest
) -> None:
    env = {"CHATSERVER_MONGODB_DATABASE": unique("demo")}
    server = ServerProcess(mongodb_uri=mongo.uri, env=env)
    request.addfinalizer(server.forget)
    request.addfinalizer(server.stop)
    await asyncio.to_thread(server.start)
    client = Client([server.base])
    request.addfinalizer(client.close)
    there = ("demo", "--json", "--mongodb-uri", mongo.uri)

    people = (await asyncio.to_thread(chatserver, *there, env=env)).json

    assert len(people) >= 5
    signed_in = await client.login(people[0]["username"], people[0]["password"])
    conversations = await eventually(lambda: _conversations(client, signed_in["token"]))
    names = [conversation["other_user"]["full_name"] for conversation in conversations]
    assert len(conversations) >= 4 and all(re.fullmatch(r"\w+ \w+", name) for name in names)
    moments = [conversation["last_message_at"] for conversation in conversations]
    assert moments == sorted(moments, reverse=True) and moments[0][:10] > moments[-1][:10]
    unread = [conversation["unread_count"] for conversation in conversations]
    assert sum(unread) >= 4 and 0 in unread
    listed = (
        await client.call("GET", "conversations/", token=signed_in["token"], query={"kind": "group"})
    ).json
    (group,) = listed["results"]
    assert group["member_count"] == len(people) and group["my"]["unread_count"] > 0
    again = await asyncio.to_thread(chatserver, *there, env=env)
    assert again.code == EX_CANTCREAT and "already" in again.err


async def _conversations(client: Client, token: str) -> Any:
    answer = await client.call("GET", "chats/conversations/", token=token)
    assert answer.status == 200
    return answer.json
