"""Conversations that strangers find: joining them, asking to, being let in or refused; and the list of bans."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import at, begin, call, look, said, say, texts, told
from tests.support.client import Answer, Client, Device, unique

ASKING = {"policy": {"join": "request", "listed": True}}


async def join(device: Device, group: dict[str, Any]) -> Answer:
    return await device.post(at(group, "join"))


async def found(device: Device, search: str, **query: Any) -> list[dict[str, Any]]:
    answer = await device.get("conversations/public/", query={"search": search, **query})
    assert answer.status == 200, answer
    results: list[dict[str, Any]] = answer["results"]
    return results


async def asking(device: Device, group: dict[str, Any]) -> list[int]:
    answer = await device.get(at(group, "requests"))
    assert answer.status == 200, answer
    return [one["user"]["id"] for one in answer["results"]]


async def waiting(device: Device, group: dict[str, Any]) -> int:
    count: int = (await look(device, group))["my"]["request_count"]
    return count


@pytest.mark.gen_test
async def test_a_public_conversation_is_found_by_words_of_its_name_and_joined(client: Client) -> None:
    ann, eve = await client.people("ann", "eve")
    word = unique("w")
    group = await begin(ann, preset="public", name=f"Çelik {word} Readers")
    await said(ann, group, "before")
    for search in (word, f"celik {word}", f"READ {word}", word[:-1]):
        assert [one["id"] for one in await found(eve, search)] == [group["id"]], search
    assert await found(eve, f"{word} other") == []
    (shown,) = await found(eve, word)
    assert shown == {
        "id": group["id"],
        "preset": "public",
        "name": f"Çelik {word} Readers",
        "avatar": None,
        "about": None,
        "member_count": 1,
        "join": "open",
        "my_state": None,
    }
    answer = await join(eve, group)
    assert (answer.status, answer["my"]["role"]) == (201, "member")
    assert (await join(eve, group)).status == 200
    assert await texts(eve, group) == ["before"]
    assert await told(ann, group) == ["created", "joined"]
    (shown,) = await found(eve, word)
    assert (shown["my_state"], shown["member_count"]) == ("member", 2)


@pytest.mark.gen_test
async def test_what_is_listed_follows_every_change(client: Client) -> None:
    ann, eve = await client.people("ann", "eve")
    old, new = unique("old"), unique("new")
    group = await begin(ann, name=old)
    assert await found(eve, old) == []
    assert_problem(await join(eve, group), 404, "not_found")
    await call(ann, "PATCH", at(group), {"policy": {"listed": True}})
    assert len(await found(eve, old)) == 1
    assert_problem(await join(eve, group), 403, "forbidden")  # found, and for those who are invited
    await call(ann, "PATCH", at(group), {"name": new})
    assert (await found(eve, old), len(await found(eve, new))) == ([], 1)
    await call(ann, "PATCH", at(group), {"policy": {"listed": False, "join": "open"}})
    assert await found(eve, new) == []
    assert_problem(await join(eve, group), 404, "not_found")
    await call(ann, "PATCH", at(group), {"policy": {"listed": True}})
    assert len(await found(eve, new)) == 1
    await call(ann, "PATCH", at(group), {"name": ""})
    assert await found(eve, new) == [], "nobody finds what has no name"
    await call(ann, "PATCH", at(group), {"name": new})
    await call(ann, "DELETE", at(group))
    assert await found(eve, new) == []
    assert_problem(await join(eve, group), 404, "not_found")


@pytest.mark.gen_test
async def test_public_conversations_come_in_parts_and_not_to_who_is_banned(client: Client) -> None:
    ann, eve = await client.people("ann", "eve")
    word = unique("w")
    groups = [await begin(ann, preset="public", name=f"{word} {n}") for n in range(5)]
    ids = [one["id"] for one in reversed(groups)]

    async def all_of(search: str, wanted: int) -> list[int]:
        parts: list[int] = []
        after = None
        while len(parts) < wanted:
            part = await eve.get(
                "conversations/public/", query={"search": search, "limit": 2, "after": after}
            )
            assert len(part["results"]) <= 2
            parts += [one["id"] for one in part["results"]]
            after = part["next"]
            if after is None:
                break
        return parts

    assert await all_of(word, 9) == ids
    assert (await all_of("", 5))[:5] == ids, "the newest first"
    assert [one["id"] for one in await found(eve, word, limit=1000)] == ids
    await call(ann, "PUT", at(groups[2], "bans", eve.id))
    assert await all_of(word, 9) == [id for id in ids if id != groups[2]["id"]]
    assert_problem(await join(eve, groups[2]), 404, "not_found")
    over = {"until": "2020-01-01T00:00:00Z"}
    await call(ann, "PUT", at(groups[2], "bans", eve.id), over)
    assert (await join(eve, groups[2])).status == 201, "the ban is over"


@pytest.mark.gen_test
async def test_who_asks_to_join_is_let_in_by_those_who_decide(client: Client) -> None:
    ann, bob, mod, eve = await client.people("ann", "bob", "mod", "eve")
    group = await begin(ann, bob, mod, name=unique("asking"), **ASKING)
    await call(ann, "PATCH", at(group, "members", mod.id), {"role": "moderator"})
    for one in (ann, mod, bob, eve):
        await one.here()
    asked = await join(eve, group)
    assert (asked.status, asked.json) == (202, {"conversation_id": group["id"], "my_state": "requested"})
    for decider in (ann, mod):
        *_, event = await decider.until(1, "my_conversation")
        assert (event["conversation_id"], event["my"]["request_count"]) == (group["id"], 1)
    assert (await join(eve, group)).status == 202
    assert (await waiting(ann, group), await waiting(mod, group), await waiting(bob, group)) == (1, 1, 0)
    listed = await mod.get(at(group, "requests"))
    assert [one["user"]["id"] for one in listed["results"]] == [eve.id]
    assert listed["results"][0]["asked_at"] is not None
    (shown,) = await found(eve, group["name"])
    assert shown["my_state"] == "requested"
    for path in (at(group), at(group, "messages"), at(group, "requests"), at(group, "members")):
        assert_problem(await eve.get(path), 404, "not_found")
    assert_problem(await say(eve, group, "x"), 404, "not_found")
    taken = await call(mod, "PUT", at(group, "requests", eve.id))
    assert (taken.status, taken["state"], taken["added_by"]["id"]) == (201, "member", mod.id)
    assert (await call(mod, "PUT", at(group, "requests", eve.id))).status == 200
    event, *_ = await eve.until(1, "conversation_changed")
    assert event["conversation"]["my"]["added_by"]["id"] == mod.id
    *_, event = await ann.until(1, "my_conversation")
    assert event["my"]["request_count"] == 0
    assert (await asking(ann, group), await waiting(ann, group)) == ([], 0)
    assert await told(ann, group) == ["created", "added"]
    news = await bob.next(wait=0)
    assert news.of("my_conversation") == [], "who does not decide is told nothing of it"
    assert [
        one["member"]["user"]["id"] for one in news.of("member_changed") if one["member"]["state"] != "member"
    ] == []


@pytest.mark.gen_test
async def test_who_is_refused_is_told_nothing_and_asks_again_after_a_day(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, **ASKING)
    assert (await join(eve, group)).status == 202
    await ann.here()
    assert_problem(await call(bob, "DELETE", at(group, "requests", eve.id)), 403, "forbidden")
    assert_problem(await call(bob, "PUT", at(group, "requests", eve.id)), 403, "forbidden")
    assert_problem(await bob.get(at(group, "requests")), 403, "forbidden")
    for _ in range(2):
        assert (await call(ann, "DELETE", at(group, "requests", eve.id))).status == 200
    (event,) = await ann.until(1, "my_conversation")
    assert event["my"]["request_count"] == 0
    assert_problem(await call(ann, "PUT", at(group, "requests", eve.id)), 404, "not_found")
    refused = await join(eve, group)
    assert_problem(refused, 429, "rate_limited")
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
    assert await told(ann, group) == ["created"]
    assert (await call(ann, "PUT", at(group, "members", eve.id))).status == 201, "but may be added"


@pytest.mark.gen_test
async def test_who_asks_takes_it_back_and_may_ask_again_at_once(client: Client) -> None:
    ann, eve, fay = await client.people("ann", "eve", "fay")
    group = await begin(ann, name=unique("asking"), **ASKING)
    await ann.here()
    assert (await call(fay, "DELETE", at(group, "requests", "me"))).status == 200, "nothing to take back"
    assert_problem(await call(ann, "DELETE", at(group, "requests", "me")), 403, "forbidden")
    for id in ("me", eve.id):
        assert (await join(eve, group)).status == 202
        (event,) = await ann.until(1, "my_conversation")
        assert event["my"]["request_count"] == 1
        for _ in range(2):
            assert (await call(eve, "DELETE", at(group, "requests", id))).status == 200
        *_, event = await ann.until(1, "my_conversation")
        assert (event["my"]["request_count"], await asking(ann, group)) == (0, [])
        (shown,) = await found(eve, group["name"])
        assert shown["my_state"] is None
        assert_problem(await call(ann, "PUT", at(group, "requests", eve.id)), 404, "not_found")
    assert await told(ann, group) == ["created"]
    await call(ann, "PUT", at(group, "bans", eve.id))
    assert_problem(await call(eve, "DELETE", at(group, "requests", "me")), 404, "not_found")
    assert (await join(fay, group)).status == 202
    await call(ann, "PATCH", at(group), {"policy": {"listed": False}})
    assert (await call(fay, "DELETE", at(group, "requests", "me"))).status == 200, (
        "though it is listed no more"
    )
    assert_problem(await call(fay, "DELETE", at(group, "requests", "me")), 404, "not_found")


@pytest.mark.gen_test
async def test_a_request_ends_with_being_added_or_banned_as_well(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, **ASKING)
    await ann.here()
    assert (await join(eve, group)).status == 202
    assert (await call(bob, "PUT", at(group, "members", eve.id))).status == 201
    *_, last = await ann.until(2, "my_conversation")
    assert (last["my"]["request_count"], await asking(ann, group)) == (0, [])
    await call(eve, "DELETE", at(group, "members", "me"))
    assert (await join(eve, group)).status == 202
    assert (await call(ann, "PUT", at(group, "bans", eve.id))).status == 200
    assert (await asking(ann, group), await waiting(ann, group)) == ([], 0)
    assert_problem(await join(eve, group), 404, "not_found")
    assert_problem(await call(ann, "PUT", at(group, "requests", eve.id)), 404, "not_found")


@pytest.mark.gen_test
async def test_nobody_is_let_in_who_did_not_ask(client: Client) -> None:
    ann, eve = await client.people("ann", "eve")
    group = await begin(ann, **ASKING)
    assert_problem(await call(ann, "PUT", at(group, "requests", eve.id)), 404, "not_found")
    assert_problem(await call(ann, "PUT", at(group, "requests", 999_999_999)), 404, "not_found")
    assert (await call(ann, "DELETE", at(group, "requests", eve.id))).status == 200, "there is none"
    assert_problem(await look(eve, group), 404, "not_found")


@pytest.mark.gen_test
async def test_bans_are_listed_for_those_who_may_lift_them(client: Client) -> None:
    ann, bob, cid, eve = await client.people("ann", "bob", "cid", "eve")
    group = await begin(ann, bob, cid)
    until = "2999-01-01T00:00:00.000Z"
    await call(ann, "PUT", at(group, "bans", bob.id), {"until": until, "reason": "spam"})
    await call(ann, "PUT", at(group, "bans", eve.id))
    await call(ann, "PUT", at(group, "bans", cid.id), {"until": "2020-01-01T00:00:00Z"})
    listed = await ann.get(at(group, "bans"))
    assert [(b["user"]["id"], b["banned_by"]["id"], b["until"], b["reason"]) for b in listed["results"]] == [
        (bob.id, ann.id, until, "spam"),
        (eve.id, ann.id, None, None),
    ]
    part = await ann.get(at(group, "bans"), query={"limit": 1})
    assert ([one["user"]["id"] for one in part["results"]], part["next"]) == ([bob.id], str(bob.id))
    rest = await ann.get(at(group, "bans"), query={"limit": 1, "after": part["next"]})
    assert ([one["user"]["id"] for one in rest["results"]], rest["next"]) == ([eve.id], None)
    await call(ann, "DELETE", at(group, "bans", bob.id))
    assert [one["user"]["id"] for one in (await ann.get(at(group, "bans")))["results"]] == [eve.id]
    member = await begin(ann, bob)
    assert_problem(await bob.get(at(member, "bans")), 403, "forbidden")
    assert_problem(await eve.get(at(group, "bans")), 404, "not_found")
