"""What the application writes in the chat, as whom, what it reads there and what it changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.test_host_conversations import here, pupils, put
from tests.support.client import Answer, Client, unique
from tests.support.host import by_host


async def post(client: Client, key: str, **said: Any) -> Answer:
    body = {"client_id": unique("key"), "message": "hello", **said}
    return await by_host(client, key, "POST", "messages/", body)


async def in_class(client: Client, key: str, count: int = 2) -> tuple[str, list[str], int]:
    """The host's id of a conversation, those of who is in it, and the chat's id of it."""
    subs, id = await pupils(client, key, count), unique("class")
    return id, subs, (await put(client, key, id, {"members": subs}))["id"]


@pytest.mark.gen_test
async def test_it_writes_as_a_person_a_bot_or_nobody_and_each_is_stored_once(
    shop: Client, master: str
) -> None:
    id, (ann_sub, bob_sub), c = await in_class(shop, master)
    bob = await (await here(shop, bob_sub)).here()
    for speaker, name, kind in (
        ({"sub": ann_sub}, "Pupil 0", "message"),
        ({"bot": "Homework"}, "Homework", "message"),
        ("system", "", "system"),
    ):
        said = {"conversation": id, "as": speaker, "message": f"as {name}", "client_id": unique("key")}
        first = await post(shop, master, **said)
        assert (first.status, first["sender_name"], first["kind"]) == (201, name, kind), first
        assert first["sender_sub"] == (ann_sub if kind == "message" and name == "Pupil 0" else None)
        again = await post(shop, master, **said)
        assert (again.status, again["id"], again.headers["Idempotency-Replayed"]) == (
            200,
            first["id"],
            "true",
        )
        assert_problem(await post(shop, master, **{**said, "message": "other"}), 422, "idempotency_conflict")
        got = (await bob.next()).of("message")
        assert [(one["id"], one["message"], one["sender_name"]) for one in got] == [
            (first["id"], f"as {name}", name)
        ]
    (shown,) = (await bob.get("conversations/"))["results"]
    assert shown["my"]["unread_count"] == 2 and shown["id"] == c  # what nobody wrote is unread for nobody


@pytest.mark.gen_test
async def test_a_silent_message_is_unread_as_any_other_and_told_as_one_that_rings_nowhere(
    shop: Client, master: str
) -> None:
    id, (ann_sub, bob_sub), _ = await in_class(shop, master)
    bob = await (await here(shop, bob_sub)).here()
    said = {"conversation": id, "as": {"sub": ann_sub}, "client_id": unique("key")}
    first = await post(shop, master, **said, silent=True)
    assert (first.status, first["silent"]) == (201, True)
    assert (await post(shop, master, **said, silent=True))["silent"] is True
    assert (await post(shop, master, conversation=id, **{"as": {"bot": "Homework"}}))["silent"] is False
    assert [one["silent"] for one in await bob.until(2)] == [True, False]
    (shown,) = (await bob.get("conversations/"))["results"]
    assert shown["my"]["unread_count"] == 2 and shown["last_message"]["silent"] is False
    refused = await post(shop, master, **said, silent="loud")
    assert_problem(refused, 400, "validation_error", "silent")


@pytest.mark.gen_test
async def test_a_bot_is_one_account_in_any_case_of_its_name_and_nobody_signs_in_as_it(
    shop: Client, master: str
) -> None:
    id, (sub, _), _ = await in_class(shop, master)
    name = f"Robot {unique('r')[-8:]}"
    first = await post(shop, master, conversation=id, **{"as": {"bot": name}})
    second = await post(shop, master, conversation=id, **{"as": {"bot": name.upper()}})
    assert first["sender_id"] == second["sender_id"] and second["sender_name"] == name
    assert first["sender_username"] == f"bot:{name}"
    for password in ("", "x" * 20):
        assert_problem(await shop.login(first["sender_username"], password), 401, "token_invalid")
    answer = await shop.register(first["sender_username"])
    assert_problem(answer, 400, "validation_error", "username")
    direct = await post(shop, master, receiver_sub=sub, **{"as": {"bot": name}})
    assert (direct.status, direct["receiver_sub"], direct["sender_id"]) == (201, sub, first["sender_id"])


@pytest.mark.gen_test
async def test_to_one_person_it_begins_their_conversation_and_goes_on_in_it(
    shop: Client, master: str
) -> None:
    one, two = await pupils(shop, master, 2)
    first = await post(shop, master, receiver_sub=two, **{"as": {"sub": one}})
    assert (first.status, first["sender_sub"], first["receiver_sub"]) == (201, one, two)
    ann, bob = await here(shop, one), await here(shop, two)
    second = await bob.sent(ann, "and back")
    assert second["conversation_id"] == first["conversation_id"]
    third = await post(shop, master, receiver_sub=two, **{"as": {"sub": one}})
    assert (third["conversation_id"], third["seq"]) == (first["conversation_id"], 3)
    assert await bob.unread() == 2


@pytest.mark.gen_test
async def test_who_is_not_there_does_not_write_there(shop: Client, master: str) -> None:
    id, (ann_sub, _), _ = await in_class(shop, master)
    (outside,) = await pupils(shop, master, 1)
    refused = await post(shop, master, conversation=id, **{"as": {"sub": outside}})
    assert outside in assert_problem(refused, 403, "forbidden")["detail"]
    nobody = unique("nobody")
    for said in (
        {"conversation": id, "as": {"sub": nobody}},
        {"receiver_sub": nobody, "as": {"bot": "Robot"}},
    ):
        assert nobody in assert_problem(await post(shop, master, **said), 404, "not_found")["detail"]
    assert_problem(await post(shop, master, conversation=nobody, **{"as": "system"}), 404, "not_found")
    await by_host(shop, master, "POST", f"users/{outside}/deactivate/")
    off = await post(shop, master, receiver_sub=outside, **{"as": {"sub": ann_sub}})
    assert_problem(off, 403, "forbidden")
    await by_host(shop, master, "DELETE", f"conversations/{id}/")
    for speaker in ("system", {"bot": "Robot"}, {"sub": ann_sub}):
        assert_problem(await post(shop, master, conversation=id, **{"as": speaker}), 403, "forbidden")


@pytest.mark.gen_test
async def test_what_cannot_be_is_named(shop: Client, master: str) -> None:
    id, (sub, _), _ = await in_class(shop, master)
    fine: dict[str, Any] = {"conversation": id, "as": "system", "message": "x", "client_id": "1"}
    for name, wrong in (
        ("as", "nobody"), ("as", {}), ("as", {"sub": sub, "bot": "x"}), ("as", 7), ("as", {"bot": "\u202e"}),
        ("message", ""), ("message", "x" * 4001), ("message", 7), ("client_id", ""), ("client_id", "x" * 65),
    ):  # fmt: skip
        answer = await by_host(shop, master, "POST", "messages/", {**fine, name: wrong})
        assert_problem(answer, 400, "validation_error", name)
    for missing in ("as", "message", "client_id"):
        answer = await by_host(
            shop, master, "POST", "messages/", {k: v for k, v in fine.items() if k != missing}
        )
        assert_problem(answer, 400, "validation_error", missing)
    for both in ({"receiver_sub": sub}, {"conversation": None}):
        answer = await by_host(shop, master, "POST", "messages/", {**fine, **both})
        assert_problem(answer, 400, "validation_error", "conversation", "receiver_sub")
    answer = await by_host(
        shop, master, "POST", "messages/", {**fine, "conversation": None, "receiver_sub": sub}
    )
    assert_problem(answer, 400, "validation_error", "as")


@pytest.mark.gen_test
async def test_it_reads_from_a_seq_on_and_nothing_counts_as_delivered(shop: Client, master: str) -> None:
    id, (ann_sub, bob_sub), c = await in_class(shop, master)
    ann, bob = await here(shop, ann_sub), await here(shop, bob_sub)
    for n in range(5):
        await ann.post("chats/", {"conversation_id": c, "message": f"{n}"})
    path = f"conversations/{id}/messages/"
    seen: list[str] = []
    after, has_more = 0, True
    while has_more:
        page = await by_host(shop, master, "GET", path, query={"after_seq": str(after), "limit": "2"})
        assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
        seen += [one["message"] for one in page["messages"]]
        after, has_more = page["messages"][-1]["seq"], page["has_more"]
    assert seen == ["This group was begun.", "0", "1", "2", "3", "4"]
    assert page["messages"][-1]["sender_sub"] == ann_sub
    one_to_one = await ann.sent(bob, "for bob")
    read = await by_host(shop, master, "PATCH", f"messages/{one_to_one['id']}/", {"message": "for bob!"})
    assert read.status == 200
    (mine,) = (await ann.history(bob, delivers="false"))["messages"]
    assert mine["delivered_at"] is None and mine["message"] == "for bob!"


@pytest.mark.gen_test
async def test_what_tells_of_a_change_stays_as_it_is_and_what_the_host_said_is_its_own(
    shop: Client, master: str
) -> None:
    external_id, _, _ = await in_class(shop, master)
    body = {"conversation": external_id, "as": "system", "message": "Lesson 4", "client_id": unique("key")}
    said = await by_host(shop, master, "POST", "messages/", body)
    answer = await by_host(shop, master, "GET", f"conversations/{external_id}/messages/")
    told = answer["messages"][0]
    assert told["system"]["type"] == "created"
    for change in ("PATCH", "DELETE"):
        path, wanted = f"messages/{told['id']}/", {"message": "Another line"}
        problem = await by_host(shop, master, change, path, wanted if change == "PATCH" else None)
        assert_problem(problem, 403, "forbidden")
    changed = await by_host(shop, master, "PATCH", f"messages/{said['id']}/", {"message": "Lesson 5"})
    assert changed["message"] == "Lesson 5"
    assert (await by_host(shop, master, "DELETE", f"messages/{said['id']}/"))["is_active"] is False


@pytest.mark.gen_test
async def test_it_changes_and_deletes_what_others_wrote_and_they_are_told(shop: Client, master: str) -> None:
    id, (ann_sub, bob_sub), c = await in_class(shop, master)
    ann, bob = await here(shop, ann_sub), await here(shop, bob_sub)
    said = (await ann.post("chats/", {"conversation_id": c, "message": "rude"})).json
    await bob.here()
    path = f"messages/{said['id']}/"
    changed = await by_host(shop, master, "PATCH", path, {"message": "polite", "reason": "house rules"})
    assert (changed.status, changed["message"], changed["sender_sub"], changed["rev"]) == (
        200,
        "polite",
        ann_sub,
        1,
    )
    assert [one["message"] for one in (await bob.next()).of("message_changed")] == ["polite"]
    for _ in range(2):
        gone = await by_host(shop, master, "DELETE", path, {"reason": "house rules"})
        assert (gone.status, gone["is_active"], gone["message"]) == (200, False, "")
    assert [one["is_active"] for one in (await bob.next()).of("message_changed")] == [False]
    assert_problem(await by_host(shop, master, "PATCH", path, {"message": "again"}), 404, "not_found")
    assert_problem(await by_host(shop, master, "DELETE", "messages/1/"), 404, "not_found")
    line = await post(shop, master, conversation=id, **{"as": "system"})
    assert (await by_host(shop, master, "DELETE", f"messages/{line['id']}/")).status == 200
