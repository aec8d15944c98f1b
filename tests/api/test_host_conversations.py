"""The conversations of the application, as its servers make and change them, and who is in them."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import assert_problem
from tests.support.client import Answer, Client, Device, unique
from tests.support.host import by_host, device, sign_in, signed
from tests.support.waiting import together


async def put(client: Client, key: str, id: str, body: Any = None, **more: Any) -> Answer:
    return await by_host(client, key, "PUT", f"conversations/{quote(id, safe='')}/", body or {}, **more)


async def pupils(client: Client, key: str, count: int) -> list[str]:
    """People who never signed in."""
    subs = [unique("sub") for _ in range(count)]
    users = [{"sub": sub, "name": f"Pupil {n}"} for n, sub in enumerate(subs)]
    await by_host(client, key, "POST", "users/", {"users": users})
    return subs


async def here(client: Client, sub: str) -> Device:
    return device(client, await sign_in(client, signed(sub=sub)))


async def subs_in(client: Client, key: str, id: str) -> set[str]:
    found = await by_host(client, key, "GET", f"conversations/{quote(id, safe='')}/")
    assert found.status == 200, found
    return {member["sub"] for member in found["members"]}


@pytest.mark.gen_test
async def test_a_class_group_is_made_of_the_hosts_own_ids(shop: Client, master: str) -> None:
    subs, id = await pupils(shop, master, 3), unique("class")
    body = {"title": "Class 5b", "data": {"$year": 5}, "members": subs, "policy": {"invite": "nobody"}}
    made = await put(shop, master, id, body)
    assert (made.status, made["title"], made["member_count"], made["added"]) == (201, "Class 5b", 3, 3), made
    assert (made["external_id"], made["data"], made["policy"]["invite"]) == (id, {"$year": 5}, "nobody")
    again = await put(shop, master, id, body)
    assert (again.status, again["rev"], again["added"], again["id"]) == (200, made["rev"], 0, made["id"])
    ann = await here(shop, subs[0])
    (shown,) = (await ann.get("conversations/"))["results"]
    assert (shown["external_id"], shown["name"], shown["owner_id"]) == (id, "Class 5b", None)
    assert "leave" in shown["my"]["can"] and "invite" not in shown["my"]["can"]
    lines = (await ann.get(f"conversations/{made['id']}/messages/"))["messages"]
    assert [line["message"] for line in lines] == ["This group was begun."]  # and nothing of the repeat
    assert await subs_in(shop, master, id) == set(subs)
    (named,) = (await ann.get("conversations/", query={"external_id": id}))["results"]
    assert named["id"] == made["id"]


@pytest.mark.gen_test
async def test_a_conversation_of_the_host_has_no_owner_and_no_heir_and_outlives_its_last_member(
    shop: Client, master: str
) -> None:
    subs, id = await pupils(shop, master, 2), unique("class")
    made = await put(shop, master, id, {"members": subs})
    admin = await by_host(shop, master, "PUT", f"conversations/{id}/members/{subs[0]}/", {"role": "admin"})
    assert admin["role"] == "admin"
    for left, sub in ((1, subs[0]), (0, subs[1])):
        one = await here(shop, sub)
        gone = await shop.call("DELETE", f"conversations/{made['id']}/members/me/", token=one.token)
        assert gone.status == 200, gone
        shown = await by_host(shop, master, "GET", f"conversations/{id}/")
        assert (shown["member_count"], shown["state"]) == (left, "open")
    again = await put(shop, master, id, {"members": subs, "mode": "exact"})
    assert (again.status, again["member_count"]) == (200, 2)
    ann = await here(shop, subs[0])
    (back,) = (await ann.get("conversations/"))["results"]
    assert (back["owner_id"], back["my"]["role"]) == (None, "member")


@pytest.mark.gen_test
async def test_a_conversation_of_the_host_is_found_by_its_id_by_members_alone(
    shop: Client, master: str
) -> None:
    (sub,), id = await pupils(shop, master, 1), unique("class")
    await put(shop, master, id)
    ann = await here(shop, sub)
    for asked in (id, unique("nothing")):
        assert (await ann.get("conversations/", query={"external_id": asked}))["results"] == []


@pytest.mark.gen_test
async def test_what_is_left_out_stays_and_null_clears(shop: Client, master: str) -> None:
    id = unique("class")
    made = await put(shop, master, id, {"title": "One", "data": {"a": 1}, "preset": "announcement"})
    assert made["preset"] == "announcement" and made["policy"]["send"] == "admin"
    other = await put(shop, master, id, {"policy": {"send": "member"}})
    assert (other["title"], other["data"], other["policy"]["send"]) == ("One", {"a": 1}, "member")
    cleared = await put(shop, master, id, {"title": None, "data": None})
    assert (cleared["title"], cleared["data"]) == (None, {})
    assert_problem(await put(shop, master, id, {"preset": "public"}), 400, "validation_error", "preset")
    for name, wrong in (
        ("title", "\u202eevil"), ("title", "x" * 101), ("data", {"x": "y" * 5000}), ("mode", "exact"), ("mode", "other"),
        ("members", ["x"] * 1001), ("members", "x"), ("members", [""]), ("preset", "direct"),
    ):  # fmt: skip
        named = "members" if wrong == "exact" else name
        assert_problem(
            await put(shop, master, unique("class"), {name: wrong}), 400, "validation_error", named
        )
        assert_problem(await put(shop, master, id, {name: wrong}), 400, "validation_error", named)
    assert_problem(await put(shop, master, "x" * 201), 400, "validation_error", "external_id")


@pytest.mark.gen_test
async def test_who_is_nobody_is_named_and_nothing_is_done(shop: Client, master: str) -> None:
    (sub,), id, nobody = await pupils(shop, master, 1), unique("class"), unique("nobody")
    refused = assert_problem(await put(shop, master, id, {"members": [sub, nobody]}), 404, "not_found")
    assert nobody in refused["detail"]
    assert_problem(await by_host(shop, master, "GET", f"conversations/{id}/"), 404, "not_found")
    await put(shop, master, id)
    for method in ("PUT", "DELETE"):
        answer = await by_host(
            shop, master, method, f"conversations/{id}/members/{nobody}/", {} if method == "PUT" else None
        )
        assert nobody in assert_problem(answer, 404, "not_found")["detail"]
        elsewhere = await by_host(
            shop,
            master,
            method,
            f"conversations/{unique('x')}/members/{sub}/",
            {} if method == "PUT" else None,
        )
        assert_problem(elsewhere, 404, "not_found")


@pytest.mark.gen_test
async def test_forty_puts_of_one_id_at_once_make_one_conversation(shop: Client, master: str) -> None:
    id, subs = unique("class"), await pupils(shop, master, 2)

    async def until_done() -> Answer:
        while (answer := await put(shop, master, id, {"members": subs})).status == 503:
            pass
        return answer

    answers = await together(*(until_done() for _ in range(40)))
    assert {answer.status for answer in answers} <= {200, 201}, answers
    assert [answer.status for answer in answers].count(201) <= 1
    assert len({answer["id"] for answer in answers}) == 1 and await subs_in(shop, master, id) == set(subs)


@pytest.mark.gen_test
async def test_ids_may_hold_anything_in_the_path_or_in_the_query(shop: Client, master: str) -> None:
    (sub,) = await pupils(shop, master, 1)
    for id in (unique("a/b?c#d%2F ü"), unique("-")):
        made = await put(shop, master, id)
        assert (made.status, made["external_id"]) == (201, id)
        same = await by_host(
            shop, master, "PUT", "conversations/-/", {"title": "x"}, query={"external_id": id}
        )
        assert (same.status, same["id"]) == (200, made["id"])
        path, query = "conversations/-/members/-/", {"external_id": id, "sub": sub}
        assert (await by_host(shop, master, "PUT", path, {}, query=query)).status == 201
        assert await subs_in(shop, master, id) == {sub}


@pytest.mark.gen_test
async def test_members_come_and_go_by_name_and_joining_begins_at_the_head(shop: Client, master: str) -> None:
    (one, two), id = await pupils(shop, master, 2), unique("class")
    made = await put(shop, master, id, {"members": [one]})
    ann, bob = await here(shop, one), await here(shop, two)
    await ann.post("chats/", {"conversation_id": made["id"], "message": "before"})
    path = f"conversations/{id}/members/{two}/"
    came = await by_host(shop, master, "PUT", path, {"role": "moderator"})
    assert (came.status, came["role"], came["sub"]) == (201, "moderator", two)
    for _ in range(2):
        assert (await by_host(shop, master, "PUT", path, {})).json == {**came.json}
    await ann.post("chats/", {"conversation_id": made["id"], "message": "after"})
    seen = (await bob.get(f"conversations/{made['id']}/messages/"))["messages"]
    assert [m["message"] for m in seen if m["kind"] == "message"] == ["after"]
    await bob.here()
    for _ in range(2):
        assert (await by_host(shop, master, "DELETE", path)).status == 200
    gone = (await bob.next()).of("conversation_removed")
    assert [event["reason"] for event in gone] == ["removed"]
    assert await subs_in(shop, master, id) == {one}
    assert (await bob.get(f"conversations/{made['id']}/")).status == 404
    open_to_all = await put(shop, master, unique("all"), {"policy": {"history": "all"}, "members": [one]})
    await ann.post("chats/", {"conversation_id": open_to_all["id"], "message": "before"})
    await put(shop, master, open_to_all["external_id"], {"members": [two]})
    seen = (await bob.get(f"conversations/{open_to_all['id']}/messages/"))["messages"]
    assert [m["message"] for m in seen if m["kind"] == "message"] == ["before"]


@pytest.mark.gen_test
async def test_exact_takes_out_who_is_not_named_and_add_nobody(shop: Client, master: str) -> None:
    subs, id = await pupils(shop, master, 4), unique("class")
    await put(shop, master, id, {"members": subs[:3]})
    added = await put(shop, master, id, {"members": subs[3:]})
    assert (added["added"], added["removed"]) == (1, 0) and await subs_in(shop, master, id) == set(subs)
    exact = await put(shop, master, id, {"members": subs[2:], "mode": "exact"})
    assert (exact["added"], exact["removed"], exact["member_count"]) == (0, 2, 2)
    assert await subs_in(shop, master, id) == set(subs[2:])
    empty = await put(shop, master, id, {"members": [], "mode": "exact"})
    assert (empty["removed"], empty["member_count"], empty["state"]) == (2, 0, "open")
    back = await put(shop, master, id, {"members": subs, "mode": "exact"})
    assert (back["added"], back["member_count"], back["state"]) == (4, 4, "open")


@pytest.mark.gen_test
async def test_4_exact_racing_sends_and_a_leave_ends_in_the_list_and_tells_the_removed_nothing(
    shop: Client, master: str
) -> None:
    subs, id = await pupils(shop, master, 6), unique("class")
    made = await put(shop, master, id, {"members": subs[:4]})
    staying, named, removed, unnamed = [await here(shop, sub) for sub in subs[:4]]
    await removed.here()
    done = False

    async def sending() -> list[int]:
        sent = []
        while not done:
            answer = await staying.post("chats/", {"conversation_id": made["id"], "message": "hello"})
            assert answer.status == 201, answer
            sent.append(answer["id"])
        return sent

    talk = asyncio.ensure_future(sending())
    wanted = [subs[0], subs[1], subs[4], subs[5]]
    me = f"conversations/{made['id']}/members/me/"
    exact, *left = await together(
        put(shop, master, id, {"members": wanted, "mode": "exact"}),
        *(shop.call("DELETE", me, token=one.token) for one in (named, unnamed)),
    )
    assert exact.status == 200 and {answer.status for answer in left} <= {200, 404}, (exact, left)
    last = await staying.post("chats/", {"conversation_id": made["id"], "message": "last"})
    done = True
    sent = [*await talk, last["id"]]
    # Who is named and leaves after the last look has left.
    assert set(wanted) - {subs[1]} <= await subs_in(shop, master, id) <= set(wanted)
    got: list[dict[str, Any]] = []
    for _ in range(100):
        answer = await removed.poll(cursor=removed.cursor, wait=0)
        if not answer.events:
            break
        got += answer.events
        removed.cursor = answer["cursor"]
    assert got[-1]["event"] == "conversation_removed", got[-3:]
    assert last["id"] not in [event["data"].get("id") for event in got] and len(sent) > 1
