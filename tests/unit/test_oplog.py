"""Who waits at the end of the oplog of a database that stands alone."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from pymongo import MongoClient

from chatserver.clock import Clock
from chatserver.storage import oplog
from chatserver.storage.oplog import OplogReader
from tests.support.mongo import MongoNode
from tests.support.waiting import eventually


def waiting(node: MongoNode) -> list[Any]:
    with MongoClient(node.uri) as client:
        looks = {"appName": "chatserver oplog", "op": "getmore", "ns": "local.oplog.rs"}
        return list(client.admin.aggregate([{"$currentOp": {"allUsers": True}}, {"$match": looks}]))


@contextlib.asynccontextmanager
async def reading(node: MongoNode) -> Any:
    task = asyncio.create_task(OplogReader(node.uri, "", Clock()).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.gen_test(timeout=60)
async def test_a_reader_waits_at_the_oplog_also_after_the_database_was_killed(io_loop: Any) -> None:
    node = MongoNode().start()
    try:
        async with reading(node):
            await eventually(lambda: waiting(node), within=20)
            node.kill()
            await asyncio.to_thread(node.start)
            await eventually(lambda: waiting(node), within=20)
    finally:
        node.stop()


@pytest.mark.gen_test(timeout=60)
async def test_no_reader_waits_while_there_is_much_to_write(
    io_loop: Any, mongo: MongoNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(mongo):
        await eventually(lambda: waiting(mongo), within=20)
        monkeypatch.setattr(oplog, "BUSY", -1)  # whatever is written now is much
        await eventually(lambda: not waiting(mongo), within=20)
        monkeypatch.undo()
        await eventually(lambda: waiting(mongo), within=20)
