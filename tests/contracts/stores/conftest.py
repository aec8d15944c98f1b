"""The stores as the services see them, on a real mongod, with each of the drivers that may be set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from tornado.ioloop import IOLoop

from chatserver.clock import Clock
from chatserver.model import Message, message_id
from chatserver.settings import Settings
from chatserver.storage import Storage
from tests.support.client import unique
from tests.support.mongo import MongoNode

DRIVERS = ("motor", "pymongo")
DATABASE = unique("stores")  # one for both: what either driver writes, the other reads
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stores(mongo: MongoNode, driver: str, io_loop: IOLoop) -> Iterator[Storage]:
    async def open_all() -> Storage:
        settings = Settings(mongodb_uri=mongo.uri, mongodb_database=DATABASE, mongodb_driver=driver)
        made = Storage(mongo.uri, settings, Clock())
        await made.prepare()
        return made

    opened = io_loop.run_sync(open_all)
    yield opened
    io_loop.run_sync(opened.close)


@pytest.fixture
def database(mongo: MongoNode) -> Iterator[Database[dict[str, Any]]]:
    """The documents themselves, for what no store tells."""
    with MongoClient[dict[str, Any]](mongo.uri, w="majority", readConcernLevel="majority") as client:
        yield client[DATABASE]


async def new(stores: Storage, noun: str = "conversation") -> int:
    """An id that no other test has."""
    return await stores.marks.next_id(noun)


async def inboxes(stores: Storage, count: int, conversation_id: int) -> list[int]:
    """New people who are in this conversation, in which nothing was said."""
    user_ids = [await new(stores, "user") for _ in range(count)]
    for user_id in user_ids:
        await stores.inboxes.ensure(user_id)
    await stores.inboxes.join(user_ids, conversation_id, 0)
    return user_ids


def message(conversation_id: int, seq: int, sender_id: int = 1, **more: Any) -> Message:
    fields: dict[str, Any] = {"session_id": 1, "client_id": unique("key"), "text": f"number {seq}", **more}
    id = message_id(conversation_id, seq)
    return Message(id, conversation_id, seq, sender_id, attachment=None, created_at=NOW, **fields)
