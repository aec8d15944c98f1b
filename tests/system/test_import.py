"""An import that is killed at random and repeated: count, order, unread and search are exact. By the command, too."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.command import chatserver
from tests.support.host import SECRET, by_host, claims_of_host, device, sign_in, signed
from tests.support.server import ROOT, ServerProcess, clean_environment
from tests.support.waiting import eventually

MESSAGES = int(
    os.environ.get("CHATSERVER_TEST_IMPORT", "3000")
)  # test 5 of the host's side asks for a million
ROOMS = 7
PEOPLE = 9
KILLS = 3


def written(path: Path, messages: int) -> dict[int, list[int]]:
    """Room → the numbers of its messages, in order. The file holds them in turns."""
    pick = random.Random(5)
    rooms: dict[int, list[int]] = {room: [] for room in range(ROOMS)}
    with path.open("w") as file:

        def say(**line: Any) -> None:
            file.write(json.dumps(line) + "\n")

        for person in range(PEOPLE):
            say(type="user", sub=f"p{person}", name=f"Person {person}")
        for room in range(ROOMS):
            say(type="conversation", external_id=f"r{room}", name=f"Room {room}")
            for person in range(PEOPLE):
                say(
                    type="member",
                    conversation=f"r{room}",
                    sub=f"p{person}",
                    role="admin" if not person else "member",
                )
        for n in range(messages):
            room = pick.randrange(ROOMS)
            rooms[room].append(n)
            at = f"2024-01-01T{n // 3600000:02}:{n // 60000 % 60:02}:{n // 1000 % 60:02}.{n % 1000:03}Z"
            text = f"message {n} word{n % 97}"
            say(
                type="message",
                id=str(n),
                conversation=f"r{room}",
                sender=f"p{n % PEOPLE}",
                message=text,
                created_at=at,
            )
        say(type="read", conversation="r0", sub="p1", read_at=None)
    return rooms


async def is_exact(client: Client, rooms: dict[int, list[int]]) -> None:
    person = device(client, await sign_in(client, signed(sub="p1")))
    listed = {one["external_id"]: one for one in (await person.get("conversations/"))["results"]}
    assert len(listed) == ROOMS
    for room, numbers in rooms.items():
        one = listed[f"r{room}"]
        unread = sum(n % PEOPLE != 1 for n in numbers) if room == 0 else 0
        assert one["my"]["unread_count"] == unread, (room, one["my"])
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            query = {"limit": 200, "after_id": after or (one["id"] << 23)}
            page = await person.get(f"conversations/{one['id']}/messages/", query=query)
            found += reversed(page["messages"])
            if not page["has_more"]:
                break
            after = found[-1]["id"]
        assert [m["message"].split()[1] for m in found] == [str(n) for n in numbers]
        assert [m["seq"] for m in found] == list(range(1, len(numbers) + 1))
    hits: list[int] = []
    before = None
    while True:
        page = await person.get("chats/search/", query={"q": "word5", "limit": 100, "before_id": before})
        hits += [int(m["message"].split()[1]) for m in page["messages"]]
        if not page["has_more"]:
            break
        before = page["messages"][-1]["id"]
    assert sorted(hits) == sorted(n for numbers in rooms.values() for n in numbers if n % 97 == 5)


@pytest.mark.gen_test(timeout=600)
async def test_5_an_import_killed_at_random_and_repeated_is_exact(tmp_path: Path, io_loop: Any) -> None:
    file = tmp_path / "old.jsonl"
    rooms = written(file, MESSAGES)
    server = ServerProcess(env={"CHATSERVER_HOST_SECRET": SECRET}).start()
    client = Client([server.base])
    try:
        key = claims_of_host("import users:read")
        job = (await by_host(client, key, "POST", "jobs/", {"kind": "import"}))["id"]
        lines = file.read_bytes().splitlines(keepends=True)
        for number, start in enumerate(range(0, len(lines), 5000), 1):
            part = b"".join(lines[start : start + 5000])
            headers = {"Authorization": f"Bearer {key}"}
            put = await client.call("PUT", f"host/jobs/{job}/parts/{number}/", body=part, headers=headers)
            assert put.status == 201, put
        await by_host(client, key, "POST", f"jobs/{job}/commit/", {})
        seen: set[str] = set()

        async def has_moved(since: tuple[Any, ...]) -> Any:
            told = await by_host(client, key, "GET", f"jobs/{job}/")
            now = told["phase"], told["done"], told["state"]
            return now if now != since and told["phase"] else None

        place: Any = ()
        for _ in range(KILLS):
            place = await eventually(lambda place=place: has_moved(place), within=120)
            seen.add(place[0])
            if place[2] == "done":
                break
            server.kill()
            server.start()
        assert seen

        async def is_done() -> Any:
            told = await by_host(client, key, "GET", f"jobs/{job}/")
            assert told["state"] != "failed", told
            return told["state"] == "done"

        await eventually(is_done, within=300)
        await is_exact(client, rooms)
    finally:
        client.close()
        server.stop()
        server.forget()


@pytest.mark.gen_test(timeout=300)
async def test_the_command_checks_imports_and_goes_on_after_a_kill(tmp_path: Path, io_loop: Any) -> None:
    file, where = tmp_path / "old.jsonl", ("--data-dir", str(tmp_path / "data"))
    rooms = written(file, 2000)
    checked = chatserver("import", file, "--check", "--json", *where)
    assert checked.json == {
        "file": str(file),
        "lines": len(file.read_bytes().splitlines()),
        "imported": False,
    }
    arguments = [sys.executable, "-m", "chatserver", "import", str(file), *where]
    first = subprocess.Popen(arguments, cwd=ROOT, env=clean_environment())  # noqa: ASYNC220
    await eventually(lambda: (tmp_path / "data").is_dir())
    first.kill()
    first.wait()
    assert chatserver("import", file, "--json", *where).json["imported"]
    assert chatserver("import", file, *where).code == 0
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"type": "user", "sub": "p1"}\n{"type": "read"}\n')
    for more in ([], ["--check"]):
        refused = chatserver("import", wrong, *more, *where)
        assert refused.code == 65 and "\n2     " in refused.out, refused
    server = ServerProcess(env={"CHATSERVER_HOST_SECRET": SECRET}, data_dir=tmp_path / "data").start()
    client = Client([server.base])
    try:
        await is_exact(client, rooms)
    finally:
        client.close()
        server.stop()
