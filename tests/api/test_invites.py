"""Codes that let people into a group: made, looked at, redeemed, and over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.api.groups import at, begin, call, look, said, say, texts, told
from tests.support.client import Answer, Client, Device, unique


async def invite(device: Device, group: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One that must be made."""
    answer = await device.post(at(group, "invites"), more)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.json
    return found


async def accept(device: Device, made: dict[str, Any]) -> Answer:
    return await device.post("invites/accept/", {"code": made["code"]})


async def preview(device: Device, made: dict[str, Any]) -> Answer:
    return await device.post("invites/preview/", {"code": made["code"]})


async def ids(device: Device, group: dict[str, Any]) -> list[int]:
    answer = await device.get(at(group, "invites"))
    assert (answer.status, answer["next"]) == (200, None), answer
    return [one["id"] for one in answer["results"]]


@pytest.mark.gen_test
async def test_a_code_shows_what_it_opens_and_lets_in_who_has_it(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob, name="Readers")
    await said(ann, group, "before")
    made = await invite(ann, group)
    seen = await preview(eve, made)
    assert seen.json == {
        "conversation_id": None,
        "is_member": False,
        "preset": "group",
        "name": "Readers",
        "avatar": None,
        "about": None,
        "member_count": 2,
    }
    assert_problem(await look(eve, group), 404, "not_found")
    await eve.here()
    await bob.here()
    answer = await accept(eve, made)
    assert (answer.status, answer["id"], answer["my"]["role"]) == (201, group["id"], "member")
    assert (answer["my"]["added_by"], answer["member_count"]) == (None, 3), "nobody took them in"
    event, *_ = await eve.until(1, "conversation_changed")
    assert event["conversation"]["id"] == group["id"]
    event, *_ = await bob.until(1, "member_changed")
    assert event["member"]["user"]["id"] == eve.id
    assert (await accept(eve, made)).status == 200
    again = await preview(eve, made)
    assert (again["is_member"], again["conversation_id"]) == (True, group["id"])
    assert await told(ann, group) == ["created", "joined"]
    await said(eve, group, "hello")
    assert await texts(eve, group) == ["hello"]
    listed = await ann.get(at(group, "invites"))
    assert [(one["used"], one["uses"]) for one in listed["results"]] == [(1, 100)]


@pytest.mark.gen_test
async def test_an_invite_is_for_so_many_people_and_for_so_long_as_its_maker_says(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann)
    key = unique("invite")
    made = await invite(ann, group, uses=1, max_age_secs=3600, client_id=key)
    begun, over = (datetime.fromisoformat(made[name]) for name in ("created_at", "expires_at"))
    assert (over - begun, made["uses"], made["made_by"]["id"]) == (timedelta(hours=1), 1, ann.id)
    again = await ann.post(at(group, "invites"), {"client_id": key})
    assert (again.status, again.json) == (200, made)
    plain = await call(ann, "POST", at(group, "invites"))
    begun, over = (datetime.fromisoformat(plain[name]) for name in ("created_at", "expires_at"))
    assert (plain.status, over - begun, plain["uses"]) == (201, timedelta(days=7), 100)
    assert (await accept(bob, made)).status == 201
    assert_problem(await accept(eve, made), 404, "not_found")
    assert_problem(await preview(eve, made), 404, "not_found")
    assert (await call(bob, "DELETE", at(group, "members", "me"))).status == 200
    assert (await accept(bob, made)).status == 201, "a use is each person's own"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("max_age_secs", {"max_age_secs": 30 * 86400 + 1}),
        ("max_age_secs", {"max_age_secs": 0}),
        ("uses", {"uses": 1001}),
        ("uses", {"uses": 0}),
        ("client_id", {"client_id": "x" * 65}),
    ],
)
@pytest.mark.gen_test
async def test_an_invite_that_cannot_be_is_refused_by_the_name_of_the_field(
    client: Client, field: str, body: dict[str, Any]
) -> None:
    (ann,) = await client.people("ann")
    group = await begin(ann)
    assert_problem(await ann.post(at(group, "invites"), body), 400, "validation_error", field)


@pytest.mark.gen_test
async def test_whatever_is_wrong_with_a_code_is_answered_the_same(client: Client) -> None:
    ann, bob, eve, fay, dan = await client.people("ann", "bob", "eve", "fay", "dan")
    group, closed = await begin(ann, bob), await begin(ann)
    used_up, taken_back, good = [await invite(ann, group, uses=n) for n in (1, 2, 3)]
    of_closed = await invite(ann, closed)
    assert (await accept(dan, used_up)).status == 201
    assert (await call(ann, "DELETE", at(group, "invites", taken_back["id"]))).status == 200
    assert (await call(ann, "DELETE", at(closed))).status == 200
    for banned in (eve, fay):
        assert (await call(ann, "PUT", at(group, "bans", banned.id))).status == 200
    answers = [
        await ask(who, {"code": code})
        for who, ask in ((eve, accept), (fay, preview))
        for code in (
            "A" * 22,
            "x",
            "\u00e4\u202e",
            used_up["code"],
            taken_back["code"],
            of_closed["code"],
            good["code"],  # of where both are banned
            good["code"][:-1],
            good["code"].swapcase(),
        )
    ]
    problems = [{**answer.json, "request_id": ""} for answer in answers]
    assert all(problem == problems[0] for problem in problems), problems
    assert_problem(answers[0], 404, "not_found")
    for wrong in ("", "x" * 65, 17):
        assert_problem(await eve.post("invites/accept/", {"code": wrong}), 400, "validation_error", "code")


@pytest.mark.gen_test
async def test_invites_are_their_makers_and_the_moderators(client: Client) -> None:
    ann, bob, mod, eve = await client.people("ann", "bob", "mod", "eve")
    group = await begin(ann, bob, mod)
    path = at(group, "members", mod.id)
    assert (await call(ann, "PATCH", path, {"role": "moderator"})).status == 200
    of_ann, of_bob = await invite(ann, group), await invite(bob, group)
    assert await ids(bob, group) == [of_bob["id"]]
    assert await ids(mod, group) == [of_ann["id"], of_bob["id"]]
    listed = await mod.get(at(group, "invites"))
    assert [one["code"] for one in listed["results"]] == [of_ann["code"], of_bob["code"]]
    assert_problem(await eve.get(at(group, "invites")), 404, "not_found")
    assert_problem(await eve.post(at(group, "invites"), {}), 404, "not_found")
    assert_problem(await call(bob, "DELETE", at(group, "invites", of_ann["id"])), 403, "forbidden")
    assert_problem(await call(eve, "DELETE", at(group, "invites", of_ann["id"])), 404, "not_found")
    other = await begin(bob)
    assert (await call(bob, "DELETE", at(other, "invites", of_ann["id"]))).status == 200, "not there"
    assert await ids(ann, group) == [of_ann["id"], of_bob["id"]]
    for _ in range(2):
        assert (await call(mod, "DELETE", at(group, "invites", of_bob["id"]))).status == 200
    assert await ids(ann, group) == [of_ann["id"]]
    direct = {"id": (await ann.sent(bob, "hello"))["conversation_id"]}
    assert_problem(await ann.post(at(direct, "invites"), {}), 403, "forbidden")
    assert await ids(ann, direct) == []


@pytest.mark.gen_test
async def test_who_may_not_invite_any_more_has_no_invites(client: Client) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    group = await begin(ann, bob)
    made = await invite(bob, group)

    async def is_good() -> bool:
        answer = await preview(eve, made)
        good = answer.status == 200
        assert good == (made["id"] in await ids(ann, group))
        return good

    assert await is_good()
    member = at(group, "members", bob.id)
    await call(ann, "PATCH", member, {"silenced_until": "2999-01-01T00:00:00Z"})
    assert not await is_good()
    assert_problem(await accept(eve, made), 404, "not_found")
    await call(ann, "PATCH", member, {"silenced_until": ""})
    assert await is_good()
    await call(ann, "PATCH", at(group), {"policy": {"invite": "moderator"}})
    assert not await is_good()
    assert_problem(await bob.post(at(group, "invites"), {}), 403, "forbidden")
    await call(ann, "PATCH", member, {"role": "moderator"})
    assert await is_good()
    await call(ann, "DELETE", member)
    assert not await is_good()
    assert (await call(ann, "PUT", member)).status == 201
    await call(ann, "PATCH", member, {"role": "moderator"})
    assert not await is_good(), "who comes back has none of those they made before"
    assert_problem(await accept(eve, made), 404, "not_found")


@pytest.mark.gen_test
async def test_a_conversation_has_fifty_invites_and_those_that_are_spent_make_room(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann)
    first, *_ = [await invite(ann, group, uses=1) for _ in range(50)]
    problem = assert_problem(await ann.post(at(group, "invites"), {}), 409, "limit_reached")
    assert problem["limit"] == "invites"
    assert (await accept(bob, first)).status == 201
    more = await invite(ann, group)
    assert first["id"] not in await ids(ann, group)
    assert len(await ids(ann, group)) == 50
    assert more["id"] in await ids(ann, group)
    assert_problem(await ann.post(at(group, "invites"), {}), 409, "limit_reached")


@pytest.mark.gen_test
async def test_who_is_removed_comes_back_by_a_code_and_who_is_banned_does_not(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    group = await begin(ann)
    made = await invite(ann, group)
    assert (await accept(bob, made)).status == 201
    assert (await call(ann, "DELETE", at(group, "members", bob.id))).status == 200
    assert (await accept(bob, made)).status == 201
    assert (await call(ann, "PUT", at(group, "bans", bob.id))).status == 200
    assert_problem(await accept(bob, made), 404, "not_found")
    assert_problem(await say(bob, group, "x"), 404, "not_found")
    assert (await call(ann, "DELETE", at(group, "bans", bob.id))).status == 200
    assert (await accept(bob, made)).status == 201
