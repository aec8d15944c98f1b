"""What members have for themselves in groups: for members only, from where on they may see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import at, begin, call, look, said, texts
from tests.support.client import Answer, Client, Device

Call = Callable[[Device, dict[str, Any], int], Awaitable[Answer]]
CALLS: dict[str, Call] = {
    "settings": lambda who, group, id: call(who, "PATCH", at(group, "me"), {"archived": True}),
    "unread from": lambda who, group, id: call(who, "PATCH", at(group, "me"), {"unread_from_id": id}),
    "draft": lambda who, group, id: call(who, "PUT", at(group, "me", "draft"), {"text": "hello"}),
    "read": lambda who, group, id: call(who, "POST", at(group, "read"), {"message_id": id}),
    "read all": lambda who, group, id: call(
        who, "POST", "chats/mark-read/", {"conversation_id": group["id"]}
    ),
    "receipts": lambda who, group, id: who.get(at(group, "receipts"), query={"message_id": id}),
    "typing": lambda who, group, id: call(who, "POST", "chats/typing/", {"conversation_id": group["id"]}),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.gen_test
async def test_who_is_no_member_or_not_any_more_gets_nothing(client: Client, name: str) -> None:
    ann, bob, eve, dan, stranger = await client.people("ann", "bob", "eve", "dan", "stranger")
    group = await begin(ann, bob, eve, dan)
    message = await said(ann, group, "hello")
    await call(bob, "DELETE", at(group, "members", "me"))
    await call(ann, "DELETE", at(group, "members", eve.id))
    await call(ann, "PUT", at(group, "bans", dan.id))
    told = set()
    for outsider in (bob, eve, dan, stranger):
        told.add(
            assert_problem(await CALLS[name](outsider, group, message["id"]), 404, "not_found")["detail"]
        )
        assert group["id"] not in [one["id"] for one in (await outsider.get("conversations/"))["results"]]
    nowhere = {"id": group["id"] + 100_000}
    told.add(assert_problem(await CALLS[name](stranger, nowhere, message["id"]), 404, "not_found")["detail"])
    assert len(told) == 1
    assert (await CALLS[name](ann, group, message["id"])).status == 200


@pytest.mark.gen_test
async def test_below_their_floor_members_mark_nothing_and_are_told_of_no_readers(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, eve)
    before = await said(eve, group, "before")
    await call(ann, "DELETE", at(group, "members", eve.id))
    await call(ann, "PUT", at(group, "members", eve.id))
    refused = await call(eve, "PATCH", at(group, "me"), {"unread_from_id": before["id"]})
    assert_problem(refused, 400, "validation_error", "unread_from_id")
    refused = await call(eve, "PUT", at(group, "me", "draft"), {"text": "x", "reply_to_id": before["id"]})
    assert_problem(refused, 400, "validation_error", "reply_to_id")
    assert_problem(await CALLS["receipts"](eve, group, before["id"]), 404, "not_found")
    assert (await look(eve, group))["my"]["unread_count"] == 0


@pytest.mark.gen_test
async def test_the_silenced_read_and_keep_settings_but_do_not_type(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    message = await said(ann, group, "hello")
    silenced = await call(
        ann, "PATCH", at(group, "members", bob.id), {"silenced_until": "2100-01-01T00:00:00Z"}
    )
    assert silenced.status == 200
    for name in ("settings", "unread from", "draft", "read"):
        assert (await CALLS[name](bob, group, message["id"])).status == 200
    problem = assert_problem(await CALLS["typing"](bob, group, 0), 403, "silenced")
    assert problem["until"] == "2100-01-01T00:00:00.000Z"


@pytest.mark.gen_test
async def test_a_group_stands_in_the_list_and_the_snapshot_but_in_none_of_the_original_calls(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    await said(bob, group, "hello")
    shown = (await look(ann, group)).json
    assert shown["my"]["unread_count"] == 1
    assert (await ann.get("conversations/"))["results"] == [shown]
    snapshot = await ann.get("snapshot/")
    assert (snapshot["groups"], snapshot["total_unread"]) == ({"results": [shown], "next": None}, 1)
    assert (snapshot["conversations"], snapshot["unread"]["total_unread"]) == ([], 0)
    assert await ann.conversations() == []
    assert await ann.unread() == 0
    assert (await ann.get("chats/online-users/"))["online_users"] == []
    assert (await ann.get("chats/"))["count"] == 0
    assert (await ann.poll()).events == []
    assert (await call(ann, "PATCH", at(group, "me"), {"muted_until": "2100-01-01T00:00:00Z"})).status == 200
    assert (await ann.get("snapshot/"))["total_unread"] == 0


@pytest.mark.gen_test
async def test_what_is_cleared_is_in_no_history_of_its_member(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    await said(bob, group, "penguins")
    direct = await bob.sent(ann, "penguins")
    for c in (group, {"id": direct["conversation_id"]}):
        assert (await call(ann, "PATCH", at(c, "me"), {"cleared": True})).status == 200
        assert await texts(ann, c) == []
        assert (await texts(bob, c))[-1:] == ["penguins"]
    assert (await ann.get("chats/search/", query={"q": "penguins"}))["messages"] == []
    assert (await ann.history(bob))["messages"] == []
    assert len((await bob.get("chats/search/", query={"q": "penguins"}))["messages"]) == 2
