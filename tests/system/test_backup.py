"""A backup taken while people write, and what they meet after it was restored."""

from __future__ import annotations

import asyncio
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from chatserver.clock import Clock
from chatserver.errors import EX_CANTCREAT, EX_DATAERR, EX_UNAVAILABLE, StartupError
from chatserver.settings import Settings
from chatserver.storage import Storage
from chatserver.storage.archive import Reading
from chatserver.storage.backup import open_copies
from tests.api.multipart import multipart
from tests.support.client import Client, Device, unique
from tests.support.command import Outcome, chatserver
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually, held

SWEEPS = {"CHATSERVER_SWEEP_SECS": "0.3"}


async def typed(*arguments: str | Path, env: dict[str, str] | None = None) -> Outcome:
    return await asyncio.to_thread(chatserver, *arguments, env=env)


async def keep_writing(ann: Device, bob: Device, stop: asyncio.Event) -> list[tuple[float, int]]:
    """When each message was answered, and its seq."""
    answered = []
    while not stop.is_set():
        message = await ann.sent(bob, "still writing")
        answered.append((time.monotonic(), message["seq"]))
    return answered


async def all_messages(reader: Device, other: Device) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = None
    while True:
        page = (await reader.history(other, limit=200, before_id=before)).json
        found += page["messages"]
        if not page["has_more"]:
            return found
        before = found[-1]["id"]


@pytest.mark.gen_test
async def test_a_restored_backup_has_all_from_before_it_and_sends_every_client_to_reload(
    server: ServerProcess, mongo: MongoNode, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file, database = tmp_path / "chat.backup", unique("restored")
    before = Client([server.base])
    request.addfinalizer(before.close)
    ann, bob, carol = await before.people("ann", "bob", "carol")
    await carol.here()  # to whom nothing happens at all
    form = multipart({"receiver_id": str(bob.id)}, ("notes.txt", b"kept" * 100_000, "text/plain"))
    picture = await ann.post("chats/", **form)
    assert picture.status == 201, picture
    stop = asyncio.Event()
    writing = asyncio.create_task(keep_writing(ann, bob, stop))
    await ann.sent(bob, "written before")
    begun = time.monotonic()

    made = (await typed("backup", file, "--data-dir", server.data_dir, "--json")).json

    stop.set()
    assert (await typed("backup", file, "--data-dir", server.data_dir)).code == EX_CANTCREAT
    answered = await writing
    assert made["documents"]["fs.files"] >= 1 and file.stat().st_mode & 0o777 == 0o600
    late = await before.sign_up("late")
    lost = await late.sent(bob, "written after the backup")
    await asyncio.gather(ann.here(), bob.here())
    refused = await typed("restore", file, "--replace", "--yes", "--data-dir", server.data_dir)
    assert refused.code == EX_UNAVAILABLE and "in use by process" in refused.err

    there = ("--mongodb-uri", mongo.uri, "--mongodb-database", database)
    assert (await typed("restore", file, *there)).code == 0
    restored = ServerProcess(mongodb_uri=mongo.uri, env={**SWEEPS, "CHATSERVER_MONGODB_DATABASE": database})
    request.addfinalizer(restored.forget)
    request.addfinalizer(restored.stop)
    await asyncio.to_thread(restored.start)
    after = Client([restored.base])
    request.addfinalizer(after.close)
    ann, bob, carol = (Device(after, d.token, d.user, d.session, d.cursor) for d in (ann, bob, carol))

    for person in (carol, bob):
        poll = await person.poll(cursor=person.cursor, wait=30)
        assert poll.status == 410, poll
    bob.cursor = poll["cursor"]
    messages = await all_messages(bob, ann)
    seqs = [message["seq"] for message in messages]
    assert seqs == list(range(len(seqs), 0, -1)), "a log without gaps"
    assert set(seqs) >= {seq for at, seq in answered if at < begun}
    await eventually(lambda: _unread_is(bob, len(seqs)))
    download = await bob.get(messages[-1]["attachment_url"])
    assert download.body == b"kept" * 100_000
    # The moment of the backup may lie between a message and its inboxes: the sweeper has mended that by now.
    holding = await held((await bob.here()).next(wait=30))
    again = await ann.sent(bob, "and on it goes")
    assert again["seq"] == len(seqs) + 1
    assert [m["id"] for m in (await holding).of("message")] == [again["id"]]
    newcomer = await after.sign_up("newcomer")
    assert newcomer.id > late.id
    assert (await newcomer.sent(bob, "hello"))["conversation_id"] > lost["conversation_id"]

    refused = await typed("restore", file, "--replace", "--yes", *there, env=SWEEPS)
    assert refused.code == EX_UNAVAILABLE and "stop them all" in refused.err
    await asyncio.to_thread(refuse_what_is_no_backup, file)
    refused = await typed("restore", file, *there)
    assert refused.code == EX_CANTCREAT and "--replace" in refused.err


async def _unread_is(device: Device, count: int) -> bool:
    return await device.unread() == count


def refuse_what_is_no_backup(file: Path) -> None:
    whole = file.read_bytes()
    middle = whole.index(b"messages.bson") + 200
    bent = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for content in (whole[: len(whole) // 2], bent, b"not a backup at all", b""):
        copy = file.with_name("damaged")
        copy.write_bytes(content)
        with pytest.raises(StartupError, match="damaged cannot be used") as refused:
            Reading(copy).check(lambda _: None)
        assert refused.value.exit_code == EX_DATAERR


@pytest.mark.gen_test
async def test_a_backup_is_of_one_moment(mongo: MongoNode, tmp_path: Path) -> None:
    settings = Settings(mongodb_uri=mongo.uri, mongodb_database=unique("moment"))
    with MongoClient(mongo.uri) as other:
        database = other[settings.mongodb_database]
        for name in ("early", "later"):
            database[name].insert_one({"_id": 1})

        def write_meanwhile(_: int) -> None:
            database.later.replace_one({"_id": 2}, {"_id": 2}, upsert=True)

        with (tmp_path / "file").open("wb") as file:
            async with open_copies(settings) as copies:
                manifest = await copies.write(file, Clock().now(), write_meanwhile)

        assert database.later.count_documents({}) == 2
    assert {name: part.documents for name, part in manifest.collections.items()} == {"early": 1, "later": 1}
    assert manifest.cluster_time


@pytest.mark.gen_test
async def test_who_holds_a_backup_can_neither_ring_the_bells_nor_sign_the_links_of_what_it_was_made_of(
    mongo: MongoNode, tmp_path: Path
) -> None:
    settings = Settings(mongodb_uri=mongo.uri, mongodb_database=unique("bells"))
    storage = Storage(mongo.uri, settings, Clock())
    name = await storage.marks.installation()
    keys = [await storage.marks.bell_key(), await storage.marks.link_key()]
    assert keys[0] != keys[1]
    async with open_copies(settings) as copies:
        with (tmp_path / "file").open("wb") as file:
            await copies.write(file, Clock().now(), lambda _: None)
        with zipfile.ZipFile(tmp_path / "file") as archive:
            kept = archive.read("marks.bson")
        assert b"installation" in kept and name.encode() in kept
        assert not any(key in kept for key in keys)
        await copies.restore(Reading(tmp_path / "file"), lambda _: None)
    assert await storage.marks.bell_key() != keys[0], "the copy makes one of its own"
    assert await storage.marks.link_key() != keys[1]
    await storage.close()


def test_without_a_running_server_the_database_is_opened_for_the_moment_and_replaced(tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path / "data")
    missing = chatserver("user", "list", *there)
    assert missing.code == EX_UNAVAILABLE and "--data-dir" in missing.err
    assert chatserver("user", "add", "ann", *there).code == 0
    assert chatserver("backup", tmp_path / "one", *there).code == 0
    assert chatserver("user", "add", "bob", *there).code == 0

    assert chatserver("restore", tmp_path / "one", "--replace", "--yes", *there).code == 0

    listed = chatserver("user", "list", *there).out.splitlines()
    assert listed[0].split() == ["ID", "USERNAME", "FULL_NAME", "STATE", "CREATED_AT"]
    assert [line.split()[1] for line in listed[1:]] == ["ann"]
