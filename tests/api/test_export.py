"""Everything can be taken out, in lines that an import elsewhere takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import call
from tests.api.test_import import KEY as IMPORT_KEY
from tests.api.test_import import School, ended, imported, lines_of, signed_in
from tests.support.client import Client
from tests.support.host import by_host, claims_of_host

KEY = claims_of_host("export")


async def exported(client: Client) -> list[dict[str, Any]]:
    job = (await by_host(client, KEY, "POST", "jobs/", {"kind": "export"}))["id"]
    done = await ended(client, job, KEY)
    assert (done["state"], done["error_count"], done["total"]) == ("done", 0, done["done"]), done
    lines: list[dict[str, Any]] = []
    for number in range(1, done["parts"] + 1):
        part = await by_host(client, KEY, "GET", f"jobs/{job}/parts/{number}/")
        assert part.headers["Content-Type"] == "application/jsonl"
        lines += map(json.loads, part.body.splitlines())
    assert len(lines) == done["done"]
    assert_problem(
        await by_host(client, KEY, "GET", f"jobs/{job}/parts/{done['parts'] + 1}/"), 404, "not_found"
    )
    return lines


def about(lines: list[dict[str, Any]], s: School, talk: str) -> list[dict[str, Any]]:
    """Those of this school: its people, its class, and the talk, which has the server's own name."""
    people, rooms = {s.ann, s.bob, s.cid}, {s.room, talk}
    named = ("external_id", "conversation")
    return [
        line
        for line in lines
        if (line["type"] == "user" and line["sub"] in people)
        or any(line.get(name) in rooms for name in named)
    ]


@pytest.mark.gen_test
async def test_what_was_said_comes_out_and_goes_in_elsewhere_as_it_was(shop: Client) -> None:
    s = School()
    texts = [s.message(n, (s.ann, s.bob)[n % 2], f"word {n}") for n in range(20)]
    talk = [s.message(n, (s.ann, s.bob)[n % 2], f"hello {n}", s.talk) for n in range(10)]
    reads = [s.read(s.bob, 10), s.read(s.cid, None), s.read(s.bob, 4, s.talk)]
    assert (await imported(shop, lines_of(*s.lines(), *texts, *talk, *reads)))["state"] == "done"
    ann, cid = await signed_in(shop, s.ann), await signed_in(shop, s.cid)
    listed = {one["kind"]: one["id"] for one in (await ann.get("conversations/"))["results"]}
    sent = [await ann.post("chats/", {"conversation_id": listed["group"], "message": text}) for text in "abc"]
    await call(ann, "PATCH", f"chats/message/{sent[0]['id']}/", {"message": "edited"})
    await call(ann, "DELETE", f"chats/message/{sent[1]['id']}/")

    lines = about(await exported(shop), s, f"id:{listed['direct']}")
    said = [line for line in lines if line["type"] == "message"]
    assert [one["message"] for one in said if one["conversation"] == s.room] == [
        *(one["message"] for one in texts), "edited", "c",
    ]  # fmt: skip
    assert [one["created_at"][:19] for one in said[:20]] == [one["created_at"][:19] for one in texts]

    other = School()
    names = {getattr(s, part): getattr(other, part) for part in ("ann", "bob", "cid", "room")}
    names[f"id:{listed['direct']}"] = other.talk
    text = lines_of(*lines).decode()
    for old, new in names.items():
        text = text.replace(json.dumps(old), json.dumps(new))
    assert (await imported(shop, text.encode()))["state"] == "done"
    cids = await signed_in(shop, other.cid)
    there, here = [(await one.get("conversations/"))["results"][0] for one in (cids, cid)]
    for name in ("name", "preset", "member_count"):
        assert there[name] == here[name]
    assert (there["my"]["role"], there["my"]["unread_count"]) == ("moderator", 22)
    bobs = {
        one["kind"]: one
        for one in (await (await signed_in(shop, other.bob)).get("conversations/"))["results"]
    }
    assert (bobs["group"]["my"]["unread_count"], bobs["direct"]["my"]["unread_count"]) == (6, 2)


@pytest.mark.gen_test
async def test_an_export_takes_its_scope_and_gives_no_part_of_an_import(shop: Client) -> None:
    refused = await by_host(shop, IMPORT_KEY, "POST", "jobs/", {"kind": "export"})
    assert_problem(refused, 403, "forbidden")
    job = (await by_host(shop, IMPORT_KEY, "POST", "jobs/", {"kind": "import"}))["id"]
    assert_problem(await by_host(shop, KEY, "GET", f"jobs/{job}/parts/1/"), 404, "not_found")
    once = {"kind": "export", "client_id": "once"}
    first = await by_host(shop, KEY, "POST", "jobs/", once)
    again = await by_host(shop, KEY, "POST", "jobs/", once)
    assert (first.status, again.status, first["id"]) == (201, 200, again["id"])
