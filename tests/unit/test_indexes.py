"""A new version's index over what an old one stored."""

from __future__ import annotations

from typing import Any

import pymongo
import pytest

from chatserver.clock import Clock
from chatserver.settings import Settings
from chatserver.storage import Storage
from tests.support.client import unique
from tests.support.mongo import MongoNode


@pytest.mark.gen_test
async def test_an_index_may_take_longer_to_make_than_any_other_call(mongo: MongoNode, io_loop: Any) -> None:
    settings = Settings(mongodb_uri=mongo.uri, mongodb_database=unique("index"), mongodb_timeout_secs=0.4)
    words = " ".join(f"word{number}" for number in range(60))
    with pymongo.MongoClient[dict[str, Any]](mongo.uri) as client:
        texts = [{"_id": number, "text": f"{words} {number}"} for number in range(10_000)]
        client[settings.mongodb_database]["marks"].insert_many(texts)
    storage = Storage(mongo.uri, settings, Clock())
    try:
        await storage._collections["marks"].create_index([("text", "text")])
    finally:
        await storage.close()
