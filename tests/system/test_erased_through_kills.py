"""Somebody is erased while the server is killed again and again: afterwards no collection holds a word of theirs."""

from __future__ import annotations

from typing import Any

import bson
import pymongo
import pytest

from tests.support.client import Client, unique
from tests.support.host import SECRET, by_host, claims_of_host, device, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually, together

KEY = claims_of_host("users:write users:read erase messages:write conversations:write")
MESSAGES = 600
AT_ONCE = 20
KILLS = 2  # whoever goes on waits for a lease of a minute each time


def collections_with(mongo: MongoNode, database: str, word: str) -> set[str]:
    with pymongo.MongoClient(mongo.uri) as client:
        stored = client[database]
        return {
            name
            for name in stored.list_collection_names()
            for document in stored[name].find()
            if word.encode() in bson.encode(document)
        }


async def write(client: Client, sub: str, word: str, first: int) -> None:
    """In a group and to one person, in turns."""
    for n in range(first, MESSAGES, AT_ONCE):
        to = {"conversation": "class"} if n % 2 else {"receiver_sub": "bob"}
        said = {"as": {"sub": sub}, "message": f"{word} {n}", "client_id": f"n-{n}", **to}
        assert (await by_host(client, KEY, "POST", "messages/", said)).status == 201


@pytest.mark.gen_test(timeout=300)
async def test_8_whoever_is_erased_by_a_server_that_is_killed_leaves_no_word(
    mongo: MongoNode, io_loop: Any
) -> None:
    database, word = unique("erased"), unique("secret")
    env = {"CHATSERVER_HOST_SECRET": SECRET, "CHATSERVER_MONGODB_DATABASE": database}
    server = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    client = Client([server.base])
    try:
        ann = {"name": f"Ann {word}", "email": f"{word}@example.org", "data": {"class": word}}
        for sub, said in (("ann", ann), ("bob", {"name": "Bob"})):
            assert (await by_host(client, KEY, "PUT", f"users/{sub}/", said)).status == 201
        group = {"title": "Class", "members": ["ann", "bob"]}
        assert (await by_host(client, KEY, "PUT", "conversations/class/", group)).status == 201
        await together(*(write(client, "ann", word, n) for n in range(AT_ONCE)))
        bob = device(client, await sign_in(client, signed(sub="bob")))
        begun = await by_host(client, KEY, "DELETE", "users/ann/", query={"messages": "erase"})
        assert begun.status == 202, begun
        done = 0

        async def has_moved() -> Any:
            told = await by_host(client, KEY, "GET", f"jobs/{begun['id']}/")
            return told if told["done"] > done else None

        for _ in range(KILLS):
            told = await eventually(has_moved, within=90)
            done = told["done"]
            assert told["state"] != "done" or done == MESSAGES
            server.kill()
            server.start()

        async def is_over() -> Any:
            told = await by_host(client, KEY, "GET", f"jobs/{begun['id']}/")
            return told if told["state"] == "done" else None

        assert (await eventually(is_over, within=120))["done"] >= MESSAGES
        listed = await bob.get("conversations/")
        assert {one["my"]["unread_count"] for one in listed["results"]} == {MESSAGES // 2}
        assert collections_with(mongo, database, word) == set()
    finally:
        client.close()
        server.stop()
        server.forget()
