"""A new version's index over what an old one stored."""

from __future__ import annotations

from typing import Any

import pymongo
import pytest

from chatserver.clock import Clock
from chatserver.storage.driver import Collection, make_client, settled
from chatserver.storage.gate import Gate
from tests.support.client import unique
from tests.support.mongo import MongoNode


@pytest.mark.gen_test
async def test_an_index_may_take_longer_to_make_than_any_other_call(
    mongo: MongoNode, driver: str, io_loop: Any
) -> None:
    name = unique("index")
    words = " ".join(f"word{number}" for number in range(60))
    with pymongo.MongoClient[dict[str, Any]](mongo.uri) as old:
        texts = [{"_id": number, "text": f"{words} {number}"} for number in range(10_000)]
        old[name]["marks"].insert_many(texts)
    client = make_client(mongo.uri, driver, timeout_secs=0.4)
    try:
        marks = Collection(client[name]["marks"], Gate(1, Clock()))
        await marks.create_index([("text", "text")])
    finally:
        await settled(client.close())
