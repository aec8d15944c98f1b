"""Who is in a group: added, removed, banned, silenced, leaving; and what each of them may see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import at, begin, call, look, said, say, texts, told
from tests.support.client import Client, Device


async def add(device: Device, group: dict[str, Any], who: Device) -> Any:
    return await call(device, "PUT", at(group, "members", who.id))


async def kick(device: Device, group: dict[str, Any], who: Device) -> Any:
    return await call(device, "DELETE", at(group, "members", who.id))


async def make(device: Device, group: dict[str, Any], who: Device, **changes: Any) -> Any:
    return await call(device, "PATCH", at(group, "members", who.id), changes)


@pytest.mark.gen_test
async def test_who_joins_sees_nothing_older_and_who_leaves_nothing_newer(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob)
    before = await said(ann, group, "before")
    await eve.here()
    await bob.here()
    added = await add(bob, group, eve)
    assert (added.status, added["state"], added["user"]["id"]) == (201, "member", eve.id)
    assert (added["role"], added["added_by"]["id"]) == ("member", bob.id)
    assert (await add(ann, group, eve)).status == 200
    event, *_ = await eve.until(1, "conversation_changed")
    assert event["conversation"]["id"] == group["id"]
    event, *_ = await bob.until(1, "member_changed")
    assert (event["member"]["user"]["id"], event["member"]["state"]) == (eve.id, "member")
    await said(ann, group, "together")
    assert await texts(eve, group) == ["together"]
    assert await texts(bob, group) == ["before", "together"]
    for path in (f"chats/message/{before['id']}/", f"chats/attachment/{before['id']}/"):
        assert_problem(await eve.get(path), 404, "not_found")
    for query in ({"around_id": before["id"]}, {"after_id": before["id"]}):
        assert await texts(eve, group, **query) == ["together"]
    assert await texts(eve, group, before_id=before["id"]) == []
    found = await eve.get("chats/search/", query={"q": "before"})
    assert found["messages"] == []
    assert (await call(bob, "DELETE", at(group, "members", "me"))).status == 200
    await said(eve, group, "after")
    assert_problem(await bob.get(at(group, "messages")), 404, "not_found")
    (event,) = await bob.until(1, "conversation_removed")
    assert event == {"conversation_id": group["id"], "reason": "left"}
    late = await bob.next(wait=0)
    assert late.of("message") == []
    assert await told(ann, group) == ["created", "added", "left"]
    assert (await look(ann, group))["member_count"] == 2


@pytest.mark.gen_test
async def test_with_the_whole_history_open_who_joins_sees_all_of_it(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, policy={"history": "all"})
    await said(ann, group, "before")
    await add(ann, group, bob)
    assert await texts(bob, group) == ["before"]


@pytest.mark.gen_test
async def test_a_removed_member_is_told_and_everything_there_is_gone_for_them(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    message = await said(bob, group, "mine")
    await bob.here()
    assert (await kick(ann, group, bob)).status == 200
    (event,) = await bob.until(1, "conversation_removed")
    assert event == {"conversation_id": group["id"], "reason": "removed"}
    for method, path, body in (
        ("GET", at(group), None),
        ("GET", at(group, "messages"), None),
        ("GET", at(group, "members"), None),
        ("PATCH", at(group), {"name": "x"}),
        ("DELETE", at(group), None),
        ("POST", at(group, "owner"), {"user_id": bob.id}),
        ("PUT", at(group, "members", bob.id), None),
        ("DELETE", at(group, "members", "me"), None),
        ("POST", "chats/", {"conversation_id": group["id"], "message": "x"}),
        ("GET", f"chats/message/{message['id']}/", None),
        ("PATCH", f"chats/message/{message['id']}/", {"message": "x"}),
        ("DELETE", f"chats/message/{message['id']}/", None),
        ("POST", "chats/mark-read/", {"conversation_id": group["id"]}),
    ):
        assert_problem(await call(bob, method, path, body), 404, "not_found")
    assert (await bob.get("chats/search/", query={"q": "mine"}))["messages"] == []
    assert (await kick(ann, group, bob)).status == 200, "who lost the first answer asks again"
    assert_problem(await kick(bob, group, ann), 404, "not_found")
    assert (await add(ann, group, bob)).status == 201
    assert (await texts(bob, group), await told(ann, group)) == ([], ["created", "removed", "added"])


@pytest.mark.gen_test
async def test_a_banned_person_is_not_let_in_before_the_ban_is_lifted(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob)
    await bob.here()
    path = at(group, "bans", bob.id)
    banned = await call(ann, "PUT", path, {"reason": "spam"})
    assert (banned.status, banned["state"], banned["role"]) == (200, "banned", "member")
    (event,) = await bob.until(1, "conversation_removed")
    assert event["reason"] == "banned"
    assert_problem(await add(ann, group, bob), 403, "forbidden")
    assert (await call(ann, "PUT", at(group, "bans", eve.id))).status == 200, "who never was in it too"
    assert_problem(await add(ann, group, eve), 403, "forbidden")
    for _ in range(2):
        assert (await call(ann, "DELETE", path)).status == 200
    assert_problem(await look(bob, group), 404, "not_found")
    assert (await add(ann, group, bob)).status == 201
    over = {"until": "2020-01-01T00:00:00Z"}
    assert (await call(ann, "PUT", path, over))["state"] == "banned"
    assert (await add(ann, group, bob)).status == 201, "it was over already"
    assert_problem(await call(ann, "PUT", path, {"until": "soon"}), 400, "validation_error", "until")
    assert_problem(await call(bob, "PUT", at(group, "bans", eve.id)), 403, "forbidden")
    assert_problem(await call(ann, "PUT", at(group, "bans", 999_999_999)), 404, "not_found")


@pytest.mark.gen_test
async def test_a_ban_takes_along_what_was_written_lately_where_that_is_wanted(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, eve)
    rude = await said(bob, group, "rude")
    await said(eve, group, "please")
    await eve.here()
    path = at(group, "bans", bob.id)
    for wrong in (-1, 604_801, "a day"):
        refused = await call(ann, "PUT", path, {"delete_messages_secs": wrong})
        assert_problem(refused, 400, "validation_error", "delete_messages_secs")
    assert (await call(ann, "PUT", path, {"delete_messages_secs": 86_400})).status == 200
    (event,) = await eve.until(1, "message_changed")
    assert (event["id"], event["is_active"], event["message"]) == (rude["id"], False, "")
    assert await texts(eve, group) == ["", "please"]
    assert (await eve.get(f"chats/message/{rude['id']}/"))["deleted_by"] == ann.id


@pytest.mark.gen_test
async def test_nobody_does_anything_to_whoever_has_the_same_role_or_a_higher_one(client: Client) -> None:
    ann, adam, abe, mod, bob = await client.people("ann", "adam", "abe", "mod", "bob")
    group = await begin(ann, adam, abe, mod, bob)
    for who, role in ((adam, "admin"), (abe, "admin"), (mod, "moderator")):
        made = await make(ann, group, who, role=role)
        assert (made.status, made["role"]) == (200, role)
    for actor, target in ((adam, abe), (adam, ann), (mod, adam), (mod, mod), (bob, mod)):
        if actor is not target:
            assert_problem(await kick(actor, group, target), 403, "forbidden")
        assert_problem(await call(actor, "PUT", at(group, "bans", target.id)), 403, "forbidden")
        until = "2999-01-01T00:00:00Z"
        assert_problem(await make(actor, group, target, silenced_until=until), 403, "forbidden")
    assert_problem(await make(adam, group, bob, role="admin"), 403, "forbidden")
    assert_problem(await make(mod, group, bob, role="moderator"), 403, "forbidden")
    assert_problem(await make(bob, group, bob, role="moderator"), 403, "forbidden")
    assert_problem(await make(ann, group, ann, role="member"), 403, "forbidden")
    assert (await make(mod, group, mod, role="member"))["role"] == "member", "one may lower oneself"
    assert (await make(adam, group, bob, role="moderator"))["role"] == "moderator"
    assert (await kick(bob, group, mod)).status == 200
    assert (await look(abe, group))["my"]["role"] == "admin"


@pytest.mark.gen_test
async def test_a_silenced_member_reads_and_says_nothing_until_it_is_over(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann, bob)
    own = await said(bob, group, "early")
    until = "2999-01-01T00:00:00.000Z"
    assert (await make(ann, group, bob, silenced_until=until))["silenced_until"] == until
    problem = assert_problem(await say(bob, group, "x"), 403, "silenced")
    assert problem["until"] == until
    path = f"chats/message/{own['id']}/"
    assert_problem(await call(bob, "PATCH", path, {"message": "x"}), 403, "silenced")
    assert (await call(bob, "DELETE", path)).status == 200, "one's own may still be taken back"
    await said(ann, group, "hear this")
    assert await texts(bob, group) == ["", "hear this"]
    assert "send" not in (await look(bob, group))["my"]["can"]
    assert (await make(ann, group, bob, silenced_until=""))["silenced_until"] is None
    await said(bob, group, "thanks")
    for wrong in ("tomorrow", "2026-01-01", "2999-01-01T00:00:00"):
        answer = await make(ann, group, bob, silenced_until=wrong)
        assert_problem(answer, 400, "validation_error", "silenced_until")
    assert_problem(await make(ann, group, bob), 400, "validation_error", "body")


@pytest.mark.gen_test
async def test_members_are_listed_by_id_in_parts_and_found_by_name_and_role(client: Client) -> None:
    ann = await client.sign_up("ann", full_name="Ann Arden")
    others = [await client.sign_up("o", full_name=f"Other Nr{number}") for number in range(5)]
    group = await begin(ann, *others)
    await make(ann, group, others[3], role="moderator")
    ids = [ann.id, *(one.id for one in others)]

    async def listed(**query: Any) -> list[int]:
        found: list[int] = []
        after = None
        while True:
            part = await ann.get(at(group, "members"), query={"limit": 2, "after": after, **query})
            assert part.status == 200, part
            found += [member["user"]["id"] for member in part["results"]]
            after = part["next"]
            if after is None:
                return found

    assert await listed() == sorted(ids)
    assert await listed(limit=1000) == sorted(ids)
    assert await listed(search="oth nr2") == [others[2].id]
    assert await listed(search="nobody") == []
    assert await listed(role="owner") == [ann.id]
    assert await listed(role="moderator") == [others[3].id]
    assert await listed(role="admin") == []
    assert len(await listed(role="member")) == 4


@pytest.mark.gen_test
async def test_the_two_of_a_direct_conversation_are_listed_and_nobody_is_added_or_leaves(
    client: Client,
) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    direct = {"id": (await ann.sent(bob, "hello"))["conversation_id"]}
    listed = await ann.get(at(direct, "members"))
    assert {(one["user"]["id"], one["role"]) for one in listed["results"]} == {
        (ann.id, "member"),
        (bob.id, "member"),
    }
    assert_problem(await add(ann, direct, eve), 403, "forbidden")
    assert_problem(await kick(ann, direct, bob), 403, "forbidden")
    assert_problem(await call(ann, "PUT", at(direct, "bans", bob.id)), 403, "forbidden")
    assert_problem(await make(ann, direct, bob, role="moderator"), 403, "forbidden")
    assert_problem(await call(ann, "DELETE", at(direct, "members", "me")), 403, "forbidden")
    assert_problem(await ann.post(at(direct, "owner"), {"user_id": bob.id}), 403, "forbidden")
    assert_problem(await call(ann, "PATCH", at(direct), {"name": "us"}), 403, "forbidden")
    assert_problem(await call(ann, "DELETE", at(direct)), 403, "forbidden")


@pytest.mark.gen_test
async def test_a_moderator_of_another_group_is_a_stranger_here(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group, message = await begin(ann, bob), None
    message = await said(bob, group, "ours")
    await begin(eve, ann)
    for method, path, body in (
        ("DELETE", at(group, "members", bob.id), None),
        ("PUT", at(group, "bans", bob.id), None),
        ("DELETE", at(group, "bans", bob.id), None),
        ("PATCH", at(group, "members", bob.id), {"role": "admin"}),
        ("PUT", at(group, "members", eve.id), None),
        ("DELETE", f"chats/message/{message['id']}/", None),
    ):
        assert_problem(await call(eve, method, path, body), 404, "not_found")
