"""What was written elsewhere comes in with its times and read marks, once, however often it is tried."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support.client import Answer, Client, Device, unique
from tests.support.host import by_host, claims_of_host, device, sign_in, signed
from tests.support.waiting import eventually

KEY = claims_of_host("import users:write users:read")


def at(minute: int) -> str:
    return f"2024-05-04T{minute // 60:02}:{minute % 60:02}:00.000Z"


def lines_of(*lines: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


async def begun(client: Client, **said: Any) -> int:
    answer = await by_host(client, KEY, "POST", "jobs/", {"kind": "import", **said})
    assert answer.status in (200, 201), answer
    return int(answer["id"])


async def put(client: Client, job: int, part: int, data: bytes, key: str = KEY) -> Answer:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/jsonl"}
    return await client.call("PUT", f"host/jobs/{job}/parts/{part}/", body=data, headers=headers)


async def ended(client: Client, job: int, key: str = KEY) -> Answer:
    async def over() -> Answer | None:
        answer = await by_host(client, key, "GET", f"jobs/{job}/")
        return answer if answer["state"] in ("done", "failed", "cancelled") else None

    found: Answer = await eventually(over)
    return found


async def imported(client: Client, *parts: bytes) -> Answer:
    job = await begun(client)
    for number, data in enumerate(parts, 1):
        assert (await put(client, job, number, data)).status == 201
    committed = await by_host(client, KEY, "POST", f"jobs/{job}/commit/")
    assert committed.status == 202, committed
    return await ended(client, job)


async def signed_in(client: Client, sub: str) -> Device:
    return device(client, await sign_in(client, signed(sub=sub)))


class School:
    """Ann and Bob, who talk, and a class of both and Cid."""

    def __init__(self) -> None:
        self.ann, self.bob, self.cid = unique("ann"), unique("bob"), unique("cid")
        self.room, self.talk = unique("class"), unique("talk")

    def lines(self) -> list[dict[str, Any]]:
        people = [
            {"type": "user", "sub": sub, "name": sub[:3].title()} for sub in (self.ann, self.bob, self.cid)
        ]
        members = [
            {"type": "member", "conversation": self.room, "sub": self.ann, "role": "owner"},
            {"type": "member", "conversation": self.room, "sub": self.bob},
            {"type": "member", "conversation": self.room, "sub": self.cid, "role": "moderator"},
        ]
        return [
            *people,
            {"type": "conversation", "external_id": self.room, "name": "5b"},
            {
                "type": "conversation",
                "external_id": self.talk,
                "preset": "direct",
                "members": [self.ann, self.bob],
            },
            *members,
        ]

    def message(self, n: int, sender: str, text: str, where: str = "") -> dict[str, Any]:
        where = where or self.room
        ids = {"type": "message", "id": f"{where}-{n}", "conversation": where, "sender": sender}
        return {**ids, "message": text, "created_at": at(n)}

    def read(self, sub: str, minute: int | None, where: str = "") -> dict[str, Any]:
        when = at(minute) if minute is not None else None
        return {"type": "read", "conversation": where or self.room, "sub": sub, "read_at": when}


@pytest.mark.gen_test
async def test_messages_come_with_their_times_order_unread_and_words(shop: Client) -> None:
    s = School()
    texts = [s.message(n, (s.ann, s.bob)[n % 2], f"word{n} of {s.room}") for n in range(150)]
    talk = [s.message(n, (s.ann, s.bob)[n % 2], f"hello {n}", s.talk) for n in range(10)]
    reads = [s.read(s.bob, 100), s.read(s.cid, None), s.read(s.bob, 4, s.talk)]
    done = await imported(shop, lines_of(*s.lines(), *texts[:70]), lines_of(*texts[70:], *talk, *reads))
    assert (done["state"], done["error_count"], done["done"]) == ("done", 0, done["total"]), done
    ann, bob, cid = [await signed_in(shop, sub) for sub in (s.ann, s.bob, s.cid)]
    listed = {one["kind"]: one for one in (await cid.get("conversations/"))["results"]}
    assert (listed["group"]["name"], listed["group"]["my"]["unread_count"]) == ("5b", 150)
    assert listed["group"]["my"]["role"] == "moderator" and listed["group"]["member_count"] == 3
    of_bob = {one["kind"]: one for one in (await bob.get("conversations/"))["results"]}
    assert of_bob["group"]["my"]["unread_count"] == 24  # 102, 104 … 148: those of Ann
    assert of_bob["direct"]["my"]["unread_count"] == 2  # 6 and 8
    assert {one["my"]["unread_count"] for one in (await ann.get("conversations/"))["results"]} == {0}
    room = of_bob["group"]["id"]
    page = await ann.get(f"conversations/{room}/messages/", query={"limit": 200})
    assert [m["message"] for m in page["messages"]] == [t["message"] for t in reversed(texts)]
    assert [m["created_at"] for m in page["messages"]] == [t["created_at"] for t in reversed(texts)]
    assert [m["seq"] for m in page["messages"]] == list(range(150, 0, -1))
    (hit,) = (await bob.get("chats/search/", query={"q": f"word7 {s.room}"}))["messages"]
    assert hit["message"] == texts[7]["message"]
    history = await ann.history(bob)
    assert [m["is_read"] for m in history["messages"]] == [True, False, True, False] + [True] * 6
    sent = await bob.post("chats/", {"conversation_id": room, "message": "and on"})
    assert (sent.status, sent["seq"]) == (201, 151)
    assert (await cid.get("conversations/"))["results"][0]["my"]["unread_count"] == 151
    assert (await by_host(shop, KEY, "GET", f"users/{s.cid}/unread/"))["total_unread"] == 151


@pytest.mark.gen_test
async def test_members_who_are_there_are_told_once_and_the_host_never(shop: Client) -> None:
    s = School()
    key = claims_of_host("users:write webhooks")
    await by_host(shop, key, "PUT", f"users/{s.cid}/", {"name": "Cid the Kid"})
    events = ["message.created", "conversation.created", "member.added", "user.created"]
    hook = await by_host(shop, key, "POST", "webhooks/", {"kind": "pull", "events": events})
    cid = await signed_in(shop, s.cid)
    place = (await cid.here()).cursor
    done = await imported(shop, lines_of(*s.lines(), s.message(1, s.ann, "hello"), s.message(2, s.cid, "ho")))
    assert done["state"] == "done", done
    seen = await cid.poll(cursor=place, wait=5)
    assert [event["event"] for event in seen["events"]] == ["conversation_changed"]
    assert seen["events"][0]["data"]["conversation"]["last_message"]["message"] == "ho"
    sent = await cid.post(
        "chats/", {"conversation_id": seen["events"][0]["data"]["conversation"]["id"], "message": "x"}
    )
    assert sent.status == 201, sent
    heard: list[Any] = []

    async def of_ours() -> list[Any]:
        query = {"wait": "1", "limit": "100"}
        told = await by_host(shop, key, "GET", f"webhooks/{hook['id']}/events/", query=query)
        heard.extend(e for e in told["results"] if s.room in json.dumps(e) or s.ann in json.dumps(e))
        return heard

    (only,) = await eventually(of_ours)
    assert only["type"] == "message.created" and only["data"]["seq"] == sent["seq"] == 3
    named = await by_host(shop, claims_of_host("users:read"), "GET", f"users/{s.cid}/")
    assert named["name"] == "Cid the Kid"


@pytest.mark.gen_test
async def test_every_wrong_line_is_named_and_nothing_is_written(shop: Client) -> None:
    s = School()
    late, early = s.message(9, s.ann, "late"), s.message(3, s.ann, "before the one before")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"type": "what"}, "type"),
        ({"type": "user"}, "sub"),
        ({"type": "user", "sub": "1", "email": "nobody"}, "email"),
        ({"type": "conversation", "external_id": s.room}, "external_id"),
        ({"type": "conversation", "external_id": unique("x"), "preset": "direct"}, "members"),
        ({"type": "member", "conversation": unique("x"), "sub": s.ann}, "conversation"),
        ({"type": "member", "conversation": s.room, "sub": unique("x")}, "sub"),
        ({"type": "member", "conversation": s.room, "sub": s.bob, "role": "owner"}, "role"),
        (late, ""),
        (early, "created_at"),
        ({**s.message(10, s.ann, "x"), "created_at": "2100-01-01T00:00:00Z"}, "created_at"),
        (s.message(11, s.ann, " "), "message"),
        (s.message(12, s.ann, "x" * 4001), "message"),
        (s.message(13, s.cid, "not my talk", s.talk), "sender"),
        (s.read(unique("x"), 1), "sub"),
    ]
    before = s.lines()
    data = lines_of(*before, *(line for line, _ in wrong)) + b"no json\n"
    failed = await imported(shop, data)
    assert failed["state"] == "failed", failed
    bad = [(len(before) + n, field) for n, (_, field) in enumerate(wrong, 1) if field]
    told = [(error["line"], error["detail"]) for error in failed["errors"]]
    assert [line for line, _ in told] == [*(line for line, _ in bad), len(before) + len(wrong) + 1]
    for (line, detail), (_, field) in zip(told, bad, strict=False):
        assert field in detail, (line, detail)
    for sub in (s.ann, s.cid):
        nobody = await by_host(shop, claims_of_host("users:read"), "GET", f"users/{sub}/")
        assert_problem(nobody, 404, "not_found")
    again = await imported(shop, lines_of(*before))
    assert again["state"] == "done", again
    there = await imported(shop, lines_of(*before))
    assert [error["line"] for error in there["errors"]][:2] == [4, 5]


@pytest.mark.gen_test
async def test_a_byte_order_mark_before_the_first_line_is_stepped_over(shop: Client) -> None:
    done = await imported(shop, BOM_UTF8 + lines_of(*School().lines()))
    assert (done["state"], done["errors"]) == ("done", []), done


@pytest.mark.gen_test
async def test_parts_and_jobs_may_be_repeated_and_other_bytes_are_refused(shop: Client) -> None:
    s, client_id = School(), unique("job")
    job = await begun(shop, client_id=client_id)
    assert await begun(shop, client_id=client_id) == job
    data = lines_of(*s.lines())
    assert_problem(await by_host(shop, KEY, "POST", f"jobs/{job}/commit/"), 409, "conflict")
    assert [(await put(shop, job, 1, data)).status for _ in range(2)] == [201, 200]
    assert_problem(await put(shop, job, 1, data + b"\n"), 409, "conflict")
    assert_problem(await put(shop, job, 1001, data), 400, "validation_error", "part")
    assert_problem(await put(shop, job, 2, b""), 400, "validation_error", "body")
    assert_problem(await put(shop, job, 2, b"{}\n" * 10_001), 400, "validation_error", "body")
    assert_problem(await put(shop, job, 2, b"x" * ((8 << 20) + 1)), 413, "payload_too_large")
    assert (await put(shop, job, 3, data)).status == 201
    assert_problem(await by_host(shop, KEY, "POST", f"jobs/{job}/commit/"), 409, "conflict")
    assert (await put(shop, job, 2, lines_of(s.message(1, s.ann, "hello")))).status == 201
    cancelled = await by_host(shop, KEY, "DELETE", f"jobs/{job}/")
    assert cancelled["state"] in ("cancelling", "cancelled")
    assert (await ended(shop, job))["state"] == "cancelled"
    assert_problem(await put(shop, job, 4, data), 409, "conflict")
    for call in (("GET", ""), ("DELETE", ""), ("POST", "commit/"), ("PUT", "parts/1/")):
        nobody = await by_host(shop, KEY, call[0], f"jobs/999999/{call[1]}", {} if call[0] != "GET" else None)
        assert_problem(nobody, 404, "not_found")
