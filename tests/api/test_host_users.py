"""The people of the application, as its servers make, change, switch off, delete and sign them in and out."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import assert_problem
from tests.support.client import Answer, Client, unique
from tests.support.host import by_host, device, sign_in, signed
from tests.support.waiting import held, together


async def put(client: Client, key: str, sub: str, body: Any = None, **more: Any) -> Answer:
    return await by_host(client, key, "PUT", f"users/{quote(sub, safe='')}/", body or {}, **more)


async def made(client: Client, key: str, **said: Any) -> tuple[str, Answer]:
    sub = unique("sub")
    answer = await put(client, key, sub, said)
    assert answer.status == 201, answer
    return sub, answer


@pytest.mark.gen_test
async def test_1_two_hundred_puts_of_one_sub_at_once_make_one_person(shop: Client, master: str) -> None:
    sub = unique("sub")

    async def until_done(name: str) -> Answer:
        while (answer := await put(shop, master, sub, {"name": name})).status == 503:
            pass  # a busy machine may be right to refuse: a client goes on
        return answer

    answers = await together(*(until_done(f"Ann {n}") for n in range(200)))
    assert {answer.status for answer in answers} <= {200, 201}
    assert [answer.status for answer in answers].count(201) <= 1
    assert len({answer["id"] for answer in answers}) == 1


@pytest.mark.gen_test
async def test_what_is_left_out_stays_and_null_clears(shop: Client, master: str) -> None:
    said = {
        "name": "Ann Arden",
        "avatar": "https://school.example.org/1.png",
        "email": "ann@school.example.org",
        "locale": "pt-BR",
        "tz": "America/Sao_Paulo",
        "role": "pupil",
        "may_contact": ["7", "role:teacher"],
        "data": {"class": {"$id": "5.b"}},
    }
    sub, first = await made(shop, master, **said)
    assert (await by_host(shop, master, "GET", f"users/{sub}/")).json == first.json
    assert {name: first[name] for name in said} == said and first["sub"] == sub
    assert (first["state"], first["username"]) == ("active", f"host:{first['id']}")
    changed = await put(shop, master, sub, {"name": "Ann B.", "role": None, "data": None, "strange": 1})
    assert changed.status == 200 and changed.headers["X-Ignored-Parameters"] == "strange"
    assert {name: changed[name] for name in said} == {**said, "name": "Ann B.", "role": None, "data": {}}
    kept = await put(shop, master, sub, {"name": "Another"}, headers={"If-None-Match": "*"})
    assert kept.status == 200 and kept["name"] == "Ann B."
    assert (await by_host(shop, master, "GET", f"users/{sub}/")).json == changed.json
    ann = device(shop, await sign_in(shop, signed(sub=sub)))
    assert (ann.user["full_name"], ann.user["avatar"], ann.id) == ("Ann B.", said["avatar"], first["id"])


@pytest.mark.gen_test
async def test_what_cannot_be_is_named(shop: Client, master: str) -> None:
    for name, wrong in (
        ("name", None), ("name", " "), ("name", 7), ("avatar", "javascript:alert(1)"), ("email", "x"), ("tz", "a b"),
        ("locale", "x"), ("role", "a b"), ("may_contact", "nobody"), ("may_contact", [""]), ("data", [1]),
        ("data", {"x": "y" * 4096}), ("data", {"\ud800": 1}), ("data", {"x": [{"y\0": 1}]}),
    ):  # fmt: skip
        answer = await put(shop, master, unique("sub"), {name: wrong})
        assert_problem(answer, 400, "validation_error", name)
    assert_problem(await put(shop, master, "x" * 201), 400, "validation_error", "sub")
    for method, path in (
        ("GET", ""),
        ("POST", "deactivate/"),
        ("POST", "activate/"),
        ("DELETE", "sessions/"),
        ("GET", "unread/"),
    ):
        nobody = await by_host(shop, master, method, f"users/{unique('sub')}/{path}")
        assert_problem(nobody, 404, "not_found")
    assert_problem(
        await by_host(shop, master, "POST", f"users/{unique('sub')}/sessions/", {}), 404, "not_found"
    )


@pytest.mark.gen_test
async def test_a_sub_may_hold_anything_in_the_path_or_in_the_query(shop: Client, master: str) -> None:
    for sub in (unique("a/b?c#d%2F ü"), unique("-"), unique("deactivate")):
        by_path = await put(shop, master, sub, {"name": "Ann"})
        assert by_path.status == 201 and by_path["sub"] == sub
        by_query = await by_host(shop, master, "PUT", "users/-/", {"role": "x"}, query={"sub": sub})
        assert (by_query.status, by_query["id"]) == (200, by_path["id"])
        assert (await by_host(shop, master, "GET", "users/-/unread/", query={"sub": sub}))["sub"] == sub


@pytest.mark.gen_test
async def test_many_at_once_and_one_that_cannot_be_fails_alone(shop: Client, master: str) -> None:
    subs = [unique("sub") for _ in range(100)]
    users = [{"sub": sub, "name": f"Person {n}", "data": {"x": "y" * 4000}} for n, sub in enumerate(subs)]
    users[50]["email"] = "nobody"
    answer = await by_host(shop, master, "POST", "users/", {"users": users})
    assert answer.status == 200, answer
    assert [one["sub"] for one in answer["results"]] == subs
    statuses = [one["status"] for one in answer["results"]]
    assert statuses == [201] * 50 + [400] + [201] * 49
    assert answer["results"][50]["code"] == "validation_error" and "email" in answer["results"][50]["detail"]
    for wrong in ([], users + users[:1], [7], [{"name": "x"}], {"sub": "1"}, None):
        refused = await by_host(shop, master, "POST", "users/", {"users": wrong})
        assert_problem(refused, 400, "validation_error", "users")


@pytest.mark.gen_test
async def test_of_one_person_given_twice_at_once_the_later_word_counts(shop: Client, master: str) -> None:
    for _ in range(5):
        sub = unique("sub")
        users = [{"sub": sub, "name": f"Name {n}"} for n in range(4)]
        results = (await by_host(shop, master, "POST", "users/", {"users": users}))["results"]
        assert [one["status"] for one in results] == [201, 200, 200, 200]
        assert (await by_host(shop, master, "GET", f"users/{sub}/"))["name"] == "Name 3"


@pytest.mark.gen_test
async def test_somebody_who_never_signed_in_is_shown_by_name_and_finds_what_was_written(
    shop: Client, master: str
) -> None:
    sub, ann = await made(shop, master, name="Ann Arden")
    (bob,) = await shop.people("bob")
    sent = await bob.post("chats/", {"receiver_sub": sub, "message": "welcome"})
    assert (sent.status, sent["receiver_name"]) == (201, "Ann Arden")
    (row,) = (await bob.get("chats/conversations/")).json
    assert row["other_user"]["full_name"] == "Ann Arden"
    device_of_ann = device(shop, await sign_in(shop, signed(sub=sub)))
    assert [m["message"] for m in (await device_of_ann.history(bob))["messages"]] == ["welcome"]
    assert device_of_ann.id == ann["id"]


@pytest.mark.gen_test
async def test_who_is_switched_off_neither_signs_in_nor_is_written_to_until_switched_on(
    shop: Client, master: str
) -> None:
    sub, _ = await made(shop, master, name="Ann")
    token = signed(sub=sub)
    ann = device(shop, await sign_in(shop, token))
    (bob,) = await shop.people("bob")
    key = unique("key")
    before = await bob.sent(ann, "hello", client_id=key)
    poll = await held(ann.poll(cursor=(await ann.here()).cursor, wait=50))
    off = await by_host(shop, master, "POST", f"users/{sub}/deactivate/")
    assert (off.status, off["state"], off["sessions_ended"]) == (200, "disabled", 1)
    assert (await poll).status == 401
    for refused in (
        await sign_in(shop, token),
        await shop.call("GET", "users/me/", headers={"Authorization": f"Bearer {token}"}),
        await by_host(shop, master, "POST", f"users/{sub}/sessions/", {}),
        await bob.send(ann, "are you there?"),
        await (await bob.another()).send(ann, "are you there?"),
        await (await shop.sign_up("dan")).send(ann, "a first word"),
    ):
        assert_problem(refused, 403, "forbidden")
    assert (await bob.send(ann, "hello", client_id=key))["id"] == before["id"]
    assert [m["message"] for m in (await bob.history(ann))["messages"]] == ["hello"]
    on = await by_host(shop, master, "POST", f"users/{sub}/activate/")
    assert (on["state"], on["sessions_ended"]) == ("active", 0)
    assert (await bob.send(ann, "there again")).status == 201
    assert (await sign_in(shop, token)).status == 200


@pytest.mark.gen_test
async def test_who_is_deleted_is_forgotten_and_the_same_id_is_somebody_new(shop: Client, master: str) -> None:
    sub, first = await made(shop, master, name="Ann", email="ann@example.org")
    ann, (bob,) = device(shop, await sign_in(shop, signed(sub=sub))), await shop.people("bob")
    await ann.sent(bob, "hello")
    for _ in range(2):
        assert (await by_host(shop, master, "DELETE", f"users/{sub}/")).status == 200
    assert (await ann.get("users/me/")).status == 401
    assert_problem(await by_host(shop, master, "GET", f"users/{sub}/"), 404, "not_found")
    assert_problem(await by_host(shop, master, "GET", f"users/{sub}/unread/"), 404, "not_found")
    assert_problem(await bob.post("chats/", {"receiver_sub": sub, "message": "?"}), 404, "not_found")
    again = await put(shop, master, sub, {"name": "Somebody Else"})
    assert again.status == 201 and again["id"] != first["id"] and again["email"] is None


@pytest.mark.gen_test
async def test_the_host_begins_and_ends_sessions(shop: Client, master: str) -> None:
    sub, _ = await made(shop, master, name="Ann")
    begun = await by_host(shop, master, "POST", f"users/{sub}/sessions/", {"device": "import"})
    ann = device(shop, begun)
    assert begun.status == 201 and ann.session["name"] == "import"
    token = signed(sub=sub)
    authorization = {"Authorization": f"Bearer {token}"}
    assert (await shop.call("GET", "users/me/", headers=authorization)).status == 200
    old = ann.session["created_at"]
    none = await by_host(shop, master, "DELETE", f"users/{sub}/sessions/", query={"before": old})
    assert none["sessions_ended"] == 0 and (await ann.get("users/me/")).status == 200
    for wrong in ("yesterday", "x" * 100, "9999-99-99T00:00:00Z"):
        answer = await by_host(shop, master, "DELETE", f"users/{sub}/sessions/", query={"before": wrong})
        assert_problem(answer, 400, "validation_error", "before")
    ended = await by_host(shop, master, "DELETE", f"users/{sub}/sessions/")
    assert ended["sessions_ended"] == 2
    assert (await ann.get("users/me/")).status == 401
    assert (await shop.call("GET", "users/me/", headers=authorization)).status == 401


@pytest.mark.gen_test
async def test_7_what_is_unread_is_a_304_until_one_message(shop: Client, master: str) -> None:
    sub, _ = await made(shop, master, name="Ann")
    (bob,) = await shop.people("bob")
    path = f"users/{sub}/unread/"
    first = await by_host(shop, master, "GET", path)
    assert (first["total_unread"], first["conversations"]) == (0, [])
    known = {"If-None-Match": first.headers["ETag"]}
    for _ in range(3):
        same = await by_host(shop, master, "GET", path, headers=known)
        assert (same.status, same.body) == (304, b"") and same.headers["ETag"] == first.headers["ETag"]
    sent = (await bob.post("chats/", {"receiver_sub": sub, "message": "one"})).json
    second = await by_host(shop, master, "GET", path, headers=known)
    assert second.status == 200 and second["total_unread"] == 1
    shown = {"conversation_id": sent["conversation_id"], "external_id": None, "unread_count": 1}
    assert second["conversations"] == [shown]
    ann = device(shop, await sign_in(shop, signed(sub=sub)))
    await ann.mark_read(conversation_id=sent["conversation_id"])
    read = await by_host(shop, master, "GET", path, headers={"If-None-Match": second.headers["ETag"]})
    assert read.status == 200 and read["total_unread"] == 0


@pytest.mark.gen_test
async def test_what_is_unread_is_what_this_persons_own_list_shows(shop: Client, master: str) -> None:
    sub, _ = await made(shop, master, name="Ann")
    (bob,) = await shop.people("bob")
    other, _ = await made(shop, master, name="Eve")
    external = unique("class")
    path = f"conversations/{external}/"
    body = {"title": "5b", "members": [sub, other], "mode": "exact"}
    group = (await by_host(shop, master, "PUT", path, body))["id"]
    ann, eve = [device(shop, await sign_in(shop, signed(sub=one))) for one in (sub, other)]
    sent = (await bob.post("chats/", {"receiver_sub": sub, "message": "one"})).json
    await eve.post("chats/", {"conversation_id": group, "message": "two", "client_id": unique("two")})

    async def told() -> Answer:
        return await by_host(shop, master, "GET", f"users/{sub}/unread/")

    both = await told()
    assert {one["external_id"] for one in both["conversations"]} == {external, None}
    assert both["total_unread"] == (await ann.get("snapshot/"))["total_unread"] == 2
    muted = {"muted_until": "2100-01-01T00:00:00Z"}
    await ann.client.call("PATCH", f"conversations/{group}/me/", token=ann.token, json_body=muted)
    without = await told()
    assert without.headers["ETag"] != both.headers["ETag"]
    assert [one["conversation_id"] for one in without["conversations"]] == [sent["conversation_id"]]
    assert without["total_unread"] == (await ann.get("snapshot/"))["total_unread"] == 1


@pytest.mark.gen_test
async def test_what_is_unread_of_many_is_told_in_one_answer(shop: Client, master: str) -> None:
    (one, _), (other, _) = [await made(shop, master) for _ in range(2)]
    (bob,) = await shop.people("bob")
    await bob.post("chats/", {"receiver_sub": other, "message": "hello"})
    body = {"subs": [one, unique("nobody"), other]}
    answer = await by_host(shop, master, "POST", "unread/", body)
    assert [(r["sub"], r["total_unread"]) for r in answer["results"]] == [(one, 0), (other, 1)]
    for wrong in ([], ["x"] * 101, [""], "x"):
        refused = await by_host(shop, master, "POST", "unread/", {"subs": wrong})
        assert_problem(refused, 400, "validation_error", "subs")


@pytest.mark.gen_test
async def test_ids_in_a_list_may_be_digits_and_stay_texts(shop: Client, master: str) -> None:
    sub = str(random.randrange(10**9, 10**10))
    made = await by_host(shop, master, "POST", "users/", {"users": [{"sub": sub, "name": "Ann"}]})
    assert made["results"][0]["status"] == 201
    told = await by_host(shop, master, "POST", "unread/", {"subs": [sub]})
    assert [one["sub"] for one in told["results"]] == [sub]
    path = f"conversations/{unique('class')}/"
    answer = await by_host(shop, master, "PUT", path, {"title": "5b", "members": [sub], "mode": "exact"})
    assert (answer.status, answer["added"]) == (201, 1)
