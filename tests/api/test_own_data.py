"""Taking one's data along, and going for good."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.groups import at, begin, call, look
from tests.api.shapes import MESSAGE
from tests.support.client import PASSWORD, Answer, Client, Device
from tests.support.host import device, sign_in, signed
from tests.support.waiting import held


async def leave(person: Device, **body: Any) -> Answer:
    return await person.client.call("DELETE", "users/me/", token=person.token, json_body=body)


@pytest.mark.gen_test
async def test_an_export_holds_all_ones_conversations_and_nobody_elses(pair: Pair, client: Client) -> None:
    (eve,) = await client.people("eve")
    await eve.sent(pair.ann, "hi Ann")
    await eve.sent(pair.bob, "not for Ann")
    answer = await pair.ann.get("users/me/export/")
    assert answer.status == 200, answer
    assert set(answer.json) == {"exported_at", "user", "conversations", "groups", "next_after_id"}
    assert answer["user"]["id"] == pair.ann.id and answer["next_after_id"] is None
    told = {c["other_user"]["id"]: [m["message"] for m in c["messages"]] for c in answer["conversations"]}
    assert told == {pair.bob.id: ["hello", "are you there?", "yes"], eve.id: ["hi Ann"]}
    assert all(set(m) == MESSAGE for c in answer["conversations"] for m in c["messages"])
    later = await pair.ann.get("users/me/export/", query={"after_id": pair.messages[1]["id"]})
    assert [[m["message"] for m in c["messages"]] for c in later["conversations"]] == [["yes"], ["hi Ann"]]


@pytest.mark.gen_test
async def test_a_group_whose_owner_deletes_their_account_has_an_heir(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, eve)
    await call(ann, "PATCH", at(group, "members", eve.id), {"role": "moderator"})
    assert (await leave(ann, password=PASSWORD)).status == 200
    shown = await look(bob, group)
    assert (shown["owner_id"], shown["member_count"]) == (eve.id, 2)
    assert_problem(await call(eve, "PUT", at(group, "members", ann.id)), 404, "not_found")


@pytest.mark.gen_test
async def test_a_deleted_account_is_signed_out_everywhere_and_its_messages_stay(pair: Pair) -> None:
    ann, bob = pair.ann, pair.bob
    other = await (await ann.another()).here()
    polling = await held(other.poll(cursor=other.cursor, wait=45))
    for wrong in ({}, {"password": "something else"}):
        assert_problem(await leave(ann, **wrong), 400, "validation_error", "password")
    answer = await leave(ann, password=PASSWORD)
    assert (answer.status, answer.json) == (200, {"success": True, "status": "success"})
    assert (await polling).status == 401
    assert_problem(await ann.get("users/me/"), 401, "token_invalid")
    assert_problem(await ann.client.login(ann.username), 401, "token_invalid")
    history = await bob.history(ann)
    assert [m["message"] for m in history["messages"]] == ["yes", "are you there?", "hello"]
    assert history["other_user"]["full_name"] == "Deleted user"
    assert ann.username not in history.body.decode()
    assert (await bob.get("users/", query={"search": ann.username}))["users"] == []
    assert (await ann.client.register(ann.username)).status == 201, "the name is free again"


@pytest.mark.gen_test
async def test_who_has_no_password_leaves_by_the_token_alone(shop: Client) -> None:
    sub = "leaving"
    ann = device(shop, await sign_in(shop, signed(sub=sub)))
    gus = device(shop, await shop.call("POST", "auth/guest/", json_body={}))
    for person in (ann, gus):
        assert (await leave(person)).status == 200
        assert_problem(await person.get("users/me/"), 401, "token_invalid")
    again = await sign_in(shop, signed(sub=sub, jti="another"))
    assert again["user"]["id"] != ann.id
