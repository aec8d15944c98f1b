"""The number that says which shape a database has: who may start on it, and where it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chatserver import __version__
from chatserver.clock import Clock
from chatserver.errors import EX_DATAERR, StartupError
from chatserver.settings import Settings
from chatserver.storage import Storage, schema
from tests.support.client import unique
from tests.support.command import chatserver
from tests.support.mongo import MongoNode

NEWER = {"number": 1000, "release": "7.8.9"}


@pytest.fixture
def database(mongo: MongoNode) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo.uri) as client:
        yield client[unique("schema")]


@pytest.fixture
def there(mongo: MongoNode, database: Database[dict[str, Any]]) -> tuple[str, ...]:
    return ("--mongodb-uri", mongo.uri, "--mongodb-database", database.name)


def number_in(database: Database[dict[str, Any]]) -> int | None:
    mark = database.marks.find_one({"_id": "schema"})
    return mark["number"] if mark else None


def make_newer(database: Database[dict[str, Any]]) -> None:
    database.marks.update_one({"_id": "schema"}, {"$set": NEWER}, upsert=True)


def test_the_first_start_writes_the_number_and_the_doctor_tells_it(
    database: Database[dict[str, Any]], there: tuple[str, ...]
) -> None:
    assert "schema: 0; the next start makes it" in chatserver("doctor", *there).out

    assert chatserver("user", "add", "ann", *there).code == 0

    mark = database.marks.find_one({"_id": "schema"})
    assert mark == {"_id": "schema", "number": len(schema.STEPS), "release": __version__}
    assert f"schema: {len(schema.STEPS)}\n" in chatserver("doctor", *there).out


def test_a_database_of_0_1_0_which_kept_no_number_is_taken_over(
    database: Database[dict[str, Any]], there: tuple[str, ...]
) -> None:
    assert chatserver("user", "add", "ann", *there).code == 0
    database.marks.delete_one({"_id": "schema"})

    assert chatserver("user", "list", *there).out.count("active") == 1

    assert number_in(database) == len(schema.STEPS)


def test_a_database_of_a_newer_release_is_refused_in_one_line_and_not_touched(
    database: Database[dict[str, Any]], there: tuple[str, ...]
) -> None:
    make_newer(database)

    refused = chatserver("serve", "--port", "0", *there)

    assert refused.code == EX_DATAERR
    assert refused.err.strip().count("\n") == 0 and "Traceback" not in refused.err
    for word in ("schema 1000", "chatserver 7.8.9", f"this is {__version__}", "start 7.8.9 or newer"):
        assert word in refused.err
    assert database.list_collection_names() == ["marks"]
    assert number_in(database) == 1000
    told = chatserver("doctor", *there).out
    assert "schema 1000 of chatserver 7.8.9" in told and "start 7.8.9 or newer" in told


def test_a_backup_has_the_number_and_one_of_a_newer_release_is_refused_before_anything_is_replaced(
    database: Database[dict[str, Any]], there: tuple[str, ...], tmp_path: Path
) -> None:
    ours, newer = tmp_path / "ours", tmp_path / "newer"
    replace = ("--replace", "--yes", *there)
    quick = {"CHATSERVER_SWEEP_SECS": "0.3"}
    assert chatserver("user", "add", "ann", *there).code == 0
    assert chatserver("backup", ours, *there).code == 0
    make_newer(database)
    assert chatserver("backup", newer, *there).code == 0
    database.marks.delete_one({"_id": "schema"})

    refused = chatserver("restore", newer, *replace, env=quick)
    assert refused.code == EX_DATAERR and "this backup has schema 1000 of chatserver 7.8.9" in refused.err
    assert number_in(database) is None and database.users.count_documents({}) == 1

    assert chatserver("restore", ours, *replace, env=quick).code == 0
    assert number_in(database) == len(schema.STEPS)


@pytest.mark.gen_test
async def test_missing_steps_are_taken_in_order_by_each_who_starts_and_an_interrupted_start_begins_again(
    mongo: MongoNode, database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    powerless = [True]

    def step(number: int) -> schema.Step:
        async def take(_: Any) -> None:
            taken.append(number)
            if number == 4 and powerless.pop():
                raise StartupError("the power is gone", 1)

        return take

    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, *map(step, (2, 3, 4))))
    database.marks.insert_one({"_id": "schema", "number": 2, "release": "0.2.0"})
    settings = Settings(mongodb_uri=mongo.uri, mongodb_database=database.name)
    nodes = [Storage(mongo.uri, settings, Clock()) for _ in range(3)]
    try:
        with pytest.raises(StartupError):
            await nodes[0].prepare()
        assert taken == [3, 4] and number_in(database) == 2
        taken.clear()
        powerless += [False] * 3

        await asyncio.gather(*(node.prepare() for node in nodes))

        assert taken[:1] == [3] and set(taken) == {3, 4} and len(taken) <= 6
        assert number_in(database) == 4
        taken.clear()
        await nodes[0].prepare()
        assert taken == []
    finally:
        for node in nodes:
            await node.close()
