"""A node of this release beside one of a newer: what only the other knows is stepped over, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from tornado.ioloop import IOLoop

from tests.support.client import Client, Device, unique
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually, held

# What a newer node may push: further letters with fields of any kind, and shapes that are neither number nor document.
NEW_ENTRIES: list[Any] = [
    {"k": "w", "c": 7, "f": 1, "t": 400, "key": "wave:7"},
    {"k": "mm"},
    {"of": "another shape"},
    {"k": 5, "t": "text"},
    "a text",
    [1, 2],
]


@pytest.fixture(scope="module")
def database(mongo: MongoNode) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo.uri) as other:
        yield other[unique("newer")]


@pytest.fixture(scope="module")
def older(mongo: MongoNode, database: Database[dict[str, Any]]) -> Iterator[ServerProcess]:
    env = {"CHATSERVER_MONGODB_DATABASE": database.name}
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def client(older: ServerProcess, io_loop: IOLoop) -> Iterator[Client]:
    made = io_loop.run_sync(lambda: _client(older))
    yield made
    made.close()


async def _client(server: ServerProcess) -> Client:
    return Client([server.base])


def push(database: Database[dict[str, Any]], device: Device, *entries: Any) -> None:
    """One by one, as nodes do."""
    for entry in entries:
        step = {"$inc": {"version": 1}, "$push": {"ring": {"$each": [entry]}}}
        assert database.inboxes.update_one({"_id": device.id}, step).modified_count == 1


@pytest.mark.gen_test
@pytest.mark.parametrize("entry", NEW_ENTRIES, ids=str)
async def test_an_unknown_entry_is_one_step_and_no_event(
    client: Client, database: Database[dict[str, Any]], entry: Any
) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    await ann.sent(bob, "before")
    push(database, bob, entry)
    await ann.sent(bob, "after")

    answer = await bob.next()

    assert [m["message"] for m in answer.of("message")] == ["before", "after"]
    assert len(answer.events) == 2 and not answer["more"]
    push(database, bob, entry)
    assert (await bob.next(wait=0)).events == []
    await ann.sent(bob, "and later")
    assert [m["message"] for m in (await bob.next()).of("message")] == ["and later"]


@pytest.mark.gen_test
async def test_a_held_poll_stays_held_over_unknown_entries_and_page_after_page_of_them_is_passed(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    poll = await held(bob.next(wait=30, limit=3))

    push(database, bob, *NEW_ENTRIES)
    await ann.sent(bob, "after them all")

    assert [m["message"] for m in (await poll).of("message")] == ["after them all"]


@pytest.mark.gen_test
async def test_clients_without_a_cursor_pass_unknown_entries_too(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    ann, bob = await client.people("ann", "bob")
    push(database, bob, *NEW_ENTRIES)
    await ann.sent(bob, "hello")

    assert [m["message"] for m in (await bob.poll()).of("message")] == ["hello"]


@pytest.mark.gen_test
async def test_a_cursor_inside_what_a_newer_node_gave_in_parts_goes_on_behind_it(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    push(database, bob, {"k": "w", "f": 1, "t": 400})
    await ann.sent(bob, "behind it")

    answer = await bob.poll(cursor=f"{bob.cursor}:250", wait=5)

    assert answer.status == 200, answer
    assert [m["message"] for m in answer.of("message")] == ["behind it"]


@pytest.mark.gen_test
async def test_a_session_that_ended_together_with_something_unknown_is_over(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    await ann.sent(bob, "hello")
    await bob.next()
    database.sessions.delete_one({"_id": bob.session["id"]})
    push(database, bob, {"k": "e", "i": bob.session["id"]})

    async def is_over() -> bool:
        await ann.sent(bob, "are you still there?")
        return (await bob.poll(cursor=bob.cursor, wait=0)).status == 401

    await eventually(is_over)


@pytest.mark.gen_test
async def test_an_account_in_an_unknown_state_is_let_in_nowhere_and_costs_nobody_anything(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "hello")
    database.users.update_one({"_id": bob.id}, {"$set": {"state": "of tomorrow"}})

    assert (await client.login(bob.username)).status == 401
    assert [c["other_user"]["id"] for c in await ann.conversations()] == [bob.id]
    assert (await ann.history(bob)).status == 200
    assert (await ann.send(bob, "still")).status == 201


@pytest.mark.gen_test
async def test_a_conversation_of_an_unknown_kind_does_not_take_the_others_with_it(
    client: Client, database: Database[dict[str, Any]]
) -> None:
    ann, bob, cat = await client.people("ann", "bob", "cat")
    strange = (await ann.sent(bob, "hello"))["conversation_id"]
    database.conversations.update_one({"_id": strange}, {"$set": {"kind": "of tomorrow", "shape": 5}})
    await cat.here()
    await ann.sent(cat, "hello too")

    assert cat.id in [c["other_user"]["id"] for c in await ann.conversations()]
    assert (await ann.get("snapshot/")).status == 200
    assert (await ann.get("chats/unread-count/")).status == 200
    assert (await ann.get("chats/search/", query={"q": "hello"})).status == 200
    assert len((await cat.next()).of("message")) == 1
