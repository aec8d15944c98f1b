"""What an older version stored is found after an upgrade, without anybody doing anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pymongo
import pytest

from chatserver.word_pages import PAGE
from tests.support.client import Client, Device, unique
from tests.support.command import chatserver
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

Start = Callable[[], ServerProcess]


@pytest.fixture
def database(mongo: MongoNode) -> Iterator[Any]:
    with pymongo.MongoClient[dict[str, Any]](mongo.uri) as client:
        yield client[unique("old")]


@pytest.fixture
def start(mongo: MongoNode, database: Any) -> Iterator[Start]:
    """The server, on this database."""
    env = {"CHATSERVER_MONGODB_DATABASE": database.name, "CHATSERVER_RATE_LIMITS": "off"}
    made: list[ServerProcess] = []

    def begin() -> ServerProcess:
        made.append(ServerProcess(mongodb_uri=mongo.uri, env=env).start())
        return made[-1]

    yield begin
    for server in made:
        server.stop()
        server.forget()


async def found(device: Device, words: str) -> list[str]:
    return [m["message"] for m in (await device.get("chats/search/", query={"q": words}))["messages"]]


async def found_people(device: Device, words: str) -> list[str]:
    return [user["full_name"] for user in (await device.get("users/", query={"search": words}))["users"]]


@pytest.mark.gen_test
async def test_people_and_messages_older_than_search_are_found_after_an_upgrade_and_doctor_tells_how_far_it_is(
    start: Start, database: Any, mongo: MongoNode
) -> None:
    old = start()
    client = Client([old.base])
    dora = await client.sign_up("dora", full_name="Dora Bellweather")
    ann = await client.sign_up("ann", full_name="Ann")
    for number in range(PAGE + 6):
        await ann.sent(dora, f"smørrebrød number {number}" if number in (0, PAGE + 5) else f"line {number}")
    old.stop()
    for noun in ("users", "messages"):
        fields = ("words", "words_rules", "name_words")
        database[noun].update_many({}, {"$unset": dict.fromkeys(fields, "")})
    database["pages"].delete_many({})
    database["conversations"].update_many({}, {"$unset": {"paged": ""}})
    database["marks"].delete_many({"_id": {"$in": ["words of users", "words of messages"]}})
    options = ("--mongodb-uri", mongo.uri, "--mongodb-database", database.name)
    (check,) = [c for c in _checks(*options) if c["check"] == "search"]
    assert check["state"] == "warn" and f"0 of about {PAGE + 6} messages" in check["text"]
    assert "0 of about 2 users" in check["text"]
    client.bases = [start().base]
    assert await eventually(lambda: found_people(ann, "bellw"), 30) == ["Dora Bellweather"]
    said = [f"smørrebrød number {number}" for number in (PAGE + 5, 0)]
    await eventually(lambda: _both(ann, said), 30)
    assert database["pages"].count_documents({"words": "smorrebrod"}) == 1, "full pages are listed, too"
    (check,) = [c for c in _checks(*options) if c["check"] == "search"]
    assert check["state"] == "ok"
    client.close()


async def _both(device: Device, said: list[str]) -> bool:
    return await found(device, "smorrebrod") == said


def _checks(*options: str) -> list[dict[str, str]]:
    checks: list[dict[str, str]] = json.loads(chatserver("doctor", "--json", *options).out)["checks"]
    return checks
