"""Conversations of several people: begun, spoken in, changed, given away and closed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import at, begin, call, look, said, say, texts, told
from tests.api.shapes import EVENT_OF_MESSAGE, MESSAGE
from tests.support.client import Client, unique


@pytest.mark.gen_test
async def test_everybody_named_is_in_a_new_group_and_told_of_it(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    await bob.here()
    group = await begin(ann, bob, eve, name="The  Library", data={"room": {"floor": 2}})
    assert (group["kind"], group["preset"], group["name"]) == ("group", "group", "The Library")
    assert (group["owner_id"], group["member_count"], group["refused"]) == (ann.id, 3, [])
    assert (group["data"], group["state"], group["my"]["role"]) == ({"room": {"floor": 2}}, "open", "owner")
    assert {one["id"] for one in group["preview"]} == {bob.id, eve.id}
    event, *_ = await bob.until(1, "conversation_changed")
    assert (event["conversation"]["id"], event["conversation"]["my"]["role"]) == (group["id"], "member")
    assert event["conversation"]["my"]["added_by"]["id"] == ann.id
    shown = (await look(bob, group)).json
    assert (shown["my"]["joined_at"] is not None, "kick" in shown["my"]["can"]) == (True, False)
    assert await told(bob, group) == ["created"]


@pytest.mark.gen_test
async def test_the_same_group_asked_for_again_is_the_first_one_and_another_one_is_refused(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    key = unique("group")
    group = await begin(ann, bob, client_id=key, name="One")
    body = {"preset": "group", "member_ids": [bob.id], "client_id": key, "name": "One"}
    again = await ann.post("conversations/", body)
    assert (again.status, again["id"]) == (200, group["id"])
    assert_problem(await ann.post("conversations/", {**body, "name": "Two"}), 422, "idempotency_conflict")
    other = await bob.post("conversations/", {**body, "member_ids": [ann.id]})
    assert (other.status, other["id"] != group["id"]) == (201, True), "keys are each person's own"


@pytest.mark.gen_test
async def test_who_cannot_be_added_is_named_and_the_others_are_in(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob, member_ids=[bob.id, bob.id, ann.id, 999_999_999])
    assert group["refused"] == [{"user_id": 999_999_999, "code": "not_found"}]
    assert group["member_count"] == 2


@pytest.mark.gen_test
async def test_a_direct_conversation_is_opened_without_a_message(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    body = {"preset": "direct", "member_ids": [bob.id]}
    opened, again = await ann.post("conversations/", body), await ann.post("conversations/", body)
    assert (opened.status, again.status, opened["id"]) == (201, 200, again["id"])
    assert (opened["kind"], opened["last_message"], await ann.conversations()) == ("direct", None, [])
    sent = await said(ann, opened.json, "by the conversation")
    assert (sent["receiver_id"], sent["conversation_id"]) == (bob.id, opened["id"])
    assert_problem(await ann.post("conversations/", {**body, "member_ids": []}), 400, "validation_error")


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("client_id", {"client_id": None}),
        ("preset", {"preset": "club"}),
        ("name", {"name": "a\u202eb"}),
        ("name", {"name": "x" * 101}),
        ("member_ids", {"member_ids": list(range(1, 102))}),
        ("member_ids", {"member_ids": [1] * 5_000}),
        ("data", {"data": {"x": "y" * 4096}}),
        ("data", {"data": {"\ud800": 1}}),
        ("data", {"data": {"x": [{"y\0": 1}]}}),
        ("data", {"data": {"a": {"b": {"c": {"d": {"e": {}}}}}}}),
        ("policy", {"policy": {"send": "owner"}}),
    ],
)
@pytest.mark.gen_test
async def test_a_group_that_cannot_be_is_refused_and_the_field_named(
    client: Client, field: str, more: dict[str, Any]
) -> None:
    (ann,) = await client.people("ann")
    body = {"preset": "group", "client_id": unique("group"), **more}
    assert_problem(await ann.post("conversations/", body), 400, "validation_error", field)


@pytest.mark.gen_test
async def test_what_is_said_in_a_group_reaches_all_its_members_and_has_no_receiver(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, eve)
    for one in (bob, eve):
        await one.here()
    sent = await said(ann, group, "hello all", client_id="first")
    assert set(sent) == MESSAGE
    assert [sent[f"receiver{part}"] for part in ("", "_id", "_name", "_username", "_avatar")] == [None] * 5
    assert (sent["sender_id"], sent["kind"], sent["is_read"]) == (ann.id, "message", False)
    for one in (bob, eve):
        (event,) = [m for m in await one.until(1) if m["kind"] == "message"]
        assert (set(event), event["message"]) == (EVENT_OF_MESSAGE, "hello all")
    replayed = await say(ann, group, "hello all", client_id="first")
    assert (replayed.status, replayed["id"]) == (200, sent["id"])
    assert (await look(bob, group))["last_message"]["message"] == "hello all"
    assert await texts(eve, group) == ["hello all"]
    one = await bob.get(f"chats/message/{sent['id']}/")
    assert (one.status, one["message"]) == (200, "hello all")
    found = await bob.get("chats/search/", query={"q": "hello"})
    assert [m["id"] for m in found["messages"]] == [sent["id"]]


@pytest.mark.gen_test
async def test_the_original_clients_see_nothing_of_groups(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.poll(wait=0)
    group = await begin(ann, bob)
    await said(ann, group, "not for them")
    await ann.sent(bob, "for them")
    events = []
    while not events:
        events = (await bob.poll(wait=1)).events
    assert [(e["event"], e["data"]["message"]) for e in events] == [("message", "for them")]
    assert [c["other_user"]["id"] for c in await bob.conversations()] == [ann.id]
    listed = await bob.get("chats/")
    assert [m["message"] for m in listed["results"]] == ["for them"]


@pytest.mark.gen_test
async def test_a_send_names_a_person_or_a_conversation_and_not_both(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob)
    assert_problem(await say(ann, group, "x", receiver_id=bob.id), 400, "validation_error", "conversation_id")
    assert_problem(await say(eve, group, "x"), 404, "not_found")
    assert_problem(await say(ann, {"id": group["id"] + 100_000}, "x"), 404, "not_found")


@pytest.mark.gen_test
async def test_only_admins_write_in_an_announcement_and_my_can_says_so(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob, preset="announcement")
    await said(ann, group, "listen")
    assert_problem(await say(bob, group, "no"), 403, "forbidden")
    can = (await look(bob, group))["my"]["can"]
    assert ("send" in can, "react" in can, "see_members" in can) == (False, True, False)
    assert_problem(await bob.get(at(group, "members")), 403, "forbidden")


@pytest.mark.gen_test
async def test_a_change_of_the_group_is_told_to_all_and_only_at_its_rev_where_one_is_given(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob, name="Old")
    await bob.here()
    changed = await call(ann, "PATCH", at(group), {"name": "New", "rev": group["rev"]})
    assert (changed.status, changed["name"], changed["rev"] > group["rev"]) == (200, "New", True)
    event, *_ = await bob.until(1, "conversation_changed")
    assert event["conversation"]["name"] == "New"
    late = await call(ann, "PATCH", at(group), {"name": "Newer", "rev": group["rev"]})
    assert_problem(late, 409, "revision_conflict")
    assert_problem(await call(bob, "PATCH", at(group), {"name": "Mine"}), 403, "forbidden")
    assert_problem(await call(bob, "PATCH", at(group), {"policy": {"send": "admin"}}), 403, "forbidden")
    more = {"about": "books", "policy": {"edit_info": "member"}, "data": {"a.b": {"$c": 1}}}
    changed = await call(ann, "PATCH", at(group), more)
    assert (changed["about"], changed["data"]) == ("books", {"a.b": {"$c": 1}})
    assert changed["policy"]["edit_info"] == "member"
    assert (await call(bob, "PATCH", at(group), {"name": ""}))["name"] is None
    assert await told(bob, group) == ["created", "renamed", "about", "renamed"]
    for about in ("x" * 501, "a\u202eb"):
        refused = await call(ann, "PATCH", at(group), {"about": about})
        assert_problem(refused, 400, "validation_error", "about")


@pytest.mark.gen_test
async def test_a_frozen_group_is_for_admins_and_a_closed_one_for_reading(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    await call(ann, "PATCH", at(group), {"state": "frozen"})
    assert_problem(await say(bob, group, "no"), 403, "forbidden")
    await said(ann, group, "yes")
    await call(ann, "PATCH", at(group), {"state": "open"})
    await said(bob, group, "again")
    assert_problem(await call(bob, "DELETE", at(group)), 403, "forbidden")
    for _ in range(2):
        closed = await call(ann, "DELETE", at(group))
        assert (closed.status, closed["state"]) == (200, "closed")
    assert_problem(await say(ann, group, "no"), 403, "forbidden")
    assert await texts(bob, group) == ["yes", "again"]
    assert await told(bob, group) == ["created", "frozen", "opened", "closed"]
    assert (await call(ann, "DELETE", at(group, "members", "me"))).status == 200, "its owner need not stay"
    assert (await look(bob, group))["state"] == "closed"


@pytest.mark.gen_test
async def test_slow_mode_lets_one_message_pass_and_its_repeat(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    await call(ann, "PATCH", at(group), {"slow_secs": 600})
    first = await said(bob, group, "one", client_id="one")
    second = await say(bob, group, "two")
    assert_problem(second, 429, "slow_mode")
    assert 590 <= int(second.headers["Retry-After"]) <= 600
    again = await say(bob, group, "one", client_id="one")
    assert (again.status, again["id"]) == (200, first["id"])
    await said(ann, group, "moderators are exempt")
    await said(ann, group, "always")


@pytest.mark.gen_test
async def test_there_is_one_owner_who_gives_the_group_away_before_leaving(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob)
    leaving = await call(ann, "DELETE", at(group, "members", "me"))
    assert_problem(leaving, 409, "owner_must_transfer")
    assert_problem(await ann.post(at(group, "owner"), {"user_id": eve.id}), 404, "not_found")
    assert_problem(await bob.post(at(group, "owner"), {"user_id": bob.id}), 403, "forbidden")
    given = await ann.post(at(group, "owner"), {"user_id": bob.id})
    assert (given["owner_id"], given["my"]["role"]) == (bob.id, "admin")
    assert (await call(ann, "DELETE", at(group, "members", "me"))).status == 200
    assert_problem(await look(ann, group), 404, "not_found")
    assert (await look(bob, group))["my"]["role"] == "owner"
    assert await told(bob, group) == ["created", "owner", "left"]


@pytest.mark.gen_test
async def test_moderators_delete_what_others_wrote_and_nobody_edits_it(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    his, hers = await said(bob, group, "rude"), await said(ann, group, "mine")
    for path, text in ((his["id"], "polite"), (hers["id"], "yours")):
        other = ann if path == his["id"] else bob
        edited = await call(other, "PATCH", f"chats/message/{path}/", {"message": text})
        assert_problem(edited, 403, "forbidden")
    assert_problem(await call(bob, "DELETE", f"chats/message/{hers['id']}/"), 403, "forbidden")
    deleted = await call(ann, "DELETE", f"chats/message/{his['id']}/")
    assert (deleted["is_active"], deleted["deleted_by"], deleted["message"]) == (False, ann.id, "")
    news = (await bob.get(at(group, "messages"))).json["messages"][-1]
    assert_problem(await call(ann, "DELETE", f"chats/message/{news['id']}/"), 403, "forbidden")
