"""Coming into a group by a code, by oneself or by asking, whatever else happens at the same moment or in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chatserver import failpoints, metrics
from chatserver.errors import NotFound, RateLimited
from chatserver.model import Actor, Conversation
from tests.support.metrics import labelled
from tests.unit.conftest import Chat
from tests.unit.test_memberships import assert_sound, outcome, told

HERE = "127.0.0.1"
ASKING = {"policy": {"join": "request", "listed": True}}
OPEN = {"policy": {"join": "open", "listed": True}}


async def invite(chat: Chat, actor: Actor, group: Conversation, uses: int = 100, secs: int = 3600) -> str:
    made, _ = await chat.services.invites.make(actor, group.id, secs, uses, None)
    code: str = made["code"]
    return code


async def used(chat: Chat, group: Conversation) -> list[int]:
    (found,) = await chat.storage.invites.of(group.id)
    return list(found.used_by)


async def all_in_the_end(chat: Chat, calls: Callable[[], list[Awaitable[Any]]]) -> Counter[str]:
    """What each comes to, once whoever is told to come back does."""
    ends = Counter(await asyncio.gather(*map(outcome, calls())))
    while ends["unavailable"]:
        await chat.sweeper().sweep()
        ends = Counter(await asyncio.gather(*map(outcome, calls())))
    await chat.sweeper().sweep()
    return ends


@pytest.mark.gen_test
async def test_the_last_use_of_a_code_is_one_person_s_of_a_hundred(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann, *crowd = [await nodes[0].person() for _ in range(101)]
    group = await nodes[0].group(ann)
    code = await invite(nodes[0], ann, group, uses=1)
    await all_in_the_end(
        nodes[0],
        lambda: [nodes[n % 2].services.invites.accept(one, code, HERE) for n, one in enumerate(crowd)],
    )
    (lucky,) = await used(nodes[0], group)
    assert await assert_sound(nodes[0], group, ann, *crowd) == {ann.user_id, lucky}
    assert (await told(nodes[0], group))["joined"] == 1


@pytest.mark.gen_test
async def test_the_last_place_is_one_person_s_by_whichever_door_they_come(chats: Any) -> None:
    node = await chats()
    small = await Chat(replace(node.settings, group_members=3), "small").open()
    try:
        ann, bob, *crowd = [await node.person() for _ in range(14)]
        group = await small.group(ann, bob, name="Small", **OPEN)
        code = await invite(small, ann, group)

        def calls() -> list[Awaitable[Any]]:
            invites, requests = small.services.invites, small.services.requests
            return [
                invites.accept(one, code, HERE) if n % 2 else requests.join(one, group.id)
                for n, one in enumerate(crowd)
            ]

        ends = await all_in_the_end(small, calls)
        assert set(ends) <= {"done", "limit_reached"}
        assert len(await assert_sound(node, group, ann, bob, *crowd)) == 3
    finally:
        await small.close()


@pytest.mark.gen_test
async def test_who_is_banned_while_redeeming_is_out_in_the_end(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann = await nodes[0].person()
    group = await nodes[0].group(ann, name="Open", **OPEN)
    code = await invite(nodes[0], ann, group)
    for n in range(8):
        bob = await nodes[0].person()
        services = nodes[1].services
        come = services.invites.accept(bob, code, HERE) if n % 2 else services.requests.join(bob, group.id)
        banned, came = await asyncio.gather(
            outcome(nodes[0].services.memberships.ban(ann, group.id, bob.user_id, None, None)), outcome(come)
        )
        await nodes[0].sweeper().sweep()
        assert came in ("done", "not_found", "unavailable")
        assert banned == "done"
        assert await assert_sound(nodes[0], group, ann, bob) == {ann.user_id}
        assert (await nodes[0].storage.groups.member(group.id, bob.user_id)).state == "banned"
        with pytest.raises(NotFound):
            await services.invites.accept(bob, code, HERE)


@pytest.mark.gen_test
async def test_who_is_let_in_and_refused_at_once_is_one_or_the_other(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann = await nodes[0].person()
    group = await nodes[0].group(ann, name="Asking", **ASKING)
    for _ in range(6):
        bob = await nodes[0].person()
        await nodes[0].services.requests.join(bob, group.id)
        taken, refused = await asyncio.gather(
            outcome(nodes[0].services.memberships.take_in(ann, group.id, bob.user_id)),
            outcome(nodes[1].services.memberships.refuse(ann, group.id, bob.user_id)),
        )
        await nodes[0].sweeper().sweep()
        members = await assert_sound(nodes[0], group, ann, bob)
        assert refused == "done"
        assert (taken == "done") == (bob.user_id in members)
        assert (await nodes[0].storage.groups.conversation(group.id)).request_count == 0
        if taken == "done":
            await nodes[0].services.memberships.kick(ann, group.id, bob.user_id)


@pytest.mark.gen_test
async def test_who_is_refused_just_before_being_let_in_stays_out(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = [await chats() for _ in range(2)]
    ann, bob = await nodes[0].person(), await nodes[0].person()
    group = await nodes[0].group(ann, name="Asking", **ASKING)
    await nodes[0].services.requests.join(bob, group.id)
    messages = nodes[0].storage.messages
    head = messages.head

    async def refused_meanwhile(conversation_id: int) -> int:
        monkeypatch.setattr(messages, "head", head)
        await nodes[1].services.memberships.refuse(ann, group.id, bob.user_id)
        found: int = await head(conversation_id)
        return found

    monkeypatch.setattr(messages, "head", refused_meanwhile)
    assert await outcome(nodes[0].services.memberships.take_in(ann, group.id, bob.user_id)) != "done"
    assert await assert_sound(nodes[0], group, ann, bob) == {ann.user_id}


@pytest.mark.gen_test
async def test_many_who_ask_at_once_are_counted_right(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann, *crowd = [await nodes[0].person() for _ in range(31)]
    group = await nodes[0].group(ann, name="Asking", **ASKING)
    before = len(await nodes[0].ring(ann))

    def calls() -> list[Awaitable[Any]]:
        return [nodes[n % 2].services.requests.join(one, group.id) for n, one in enumerate(crowd)]

    await all_in_the_end(nodes[0], calls)
    assert (await nodes[0].storage.groups.conversation(group.id)).request_count == 30
    listed, _ = await nodes[0].services.requests.page(ann, group.id, 0, 50)
    assert {one["user"]["id"] for one in listed} == {one.user_id for one in crowd}
    entries = await nodes[0].ring(ann)
    assert {entry.kind for entry in entries[before:]} == {"mine"}
    assert await assert_sound(nodes[0], group, ann, *crowd) == {ann.user_id}
    for one in crowd:
        assert await nodes[0].ring(one) == [], "they are told nothing of it"


@pytest.mark.gen_test
async def test_a_crowd_that_asks_does_not_push_everything_else_out_of_the_inbox(chat: Any) -> None:
    ann = await chat.person()
    group = await chat.group(ann, name="Asking", **ASKING)
    before = len(await chat.ring(ann))
    for _ in range(45):
        await chat.services.requests.join(await chat.person(), group.id)
    assert len(await chat.ring(ann)) - before == 22  # the first twenty, then the 30th and the 40th


Act = Callable[[Any, Conversation, list[Actor]], Awaitable[Any]]


async def _accepts(chat: Any, group: Conversation, people: list[Actor]) -> None:
    (known,) = await chat.storage.invites.of(group.id)
    await chat.services.invites.accept(people[2], known.code, HERE)


# What may be interrupted; Ann owns the group and Bob asks to join. Who is in it in the end, who asks, what is told.
ACTS: dict[str, tuple[Act, str, int, list[str]]] = {
    "accept": (_accepts, "ann cid", 1, ["joined"]),
    "ask": (lambda chat, group, p: chat.services.requests.join(p[2], group.id), "ann", 2, []),
    "take in": (
        lambda chat, group, p: chat.services.memberships.take_in(p[0], group.id, p[1].user_id),
        "ann bob",
        0,
        ["added"],
    ),
    "refuse": (
        lambda chat, group, p: chat.services.memberships.refuse(p[0], group.id, p[1].user_id),
        "ann",
        0,
        [],
    ),
}


@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.gen_test
async def test_what_stops_after_any_step_is_finished_by_whoever_repeats_it_or_by_the_sweeper(
    chat: Any, act: str, step: int
) -> None:
    people = [await chat.person() for _ in range(3)]
    ann, _, cid = people
    group = await chat.group(ann, name="Asking", **ASKING)
    await chat.services.requests.join(people[1], group.id)
    await invite(chat, ann, group, uses=1)
    does, members, asking, news = ACTS[act]
    failpoints.arm(f"after_group_step=raise/{step}")
    try:
        await outcome(does(chat, group, people))
        failpoints.arm("")
        await chat.sweeper().sweep()
        await outcome(does(chat, group, people))
        await chat.sweeper().sweep()
    finally:
        failpoints.arm("")
    names = dict(zip(("ann", "bob", "cid"), people, strict=True))
    assert await assert_sound(chat, group, *people) == {names[name].user_id for name in members.split()}
    assert await told(chat, group) == Counter(["created", *news])
    found = await chat.storage.groups.conversation(group.id)
    assert found.request_count == asking
    assert await used(chat, group) == ([cid.user_id] if act == "accept" else [])
    told_of = {e.user_id for e in await chat.ring(ann) if e.kind == "mine"}
    assert {people[1].user_id, *([cid.user_id] if act == "ask" else [])} == told_of


@pytest.mark.gen_test
async def test_who_was_refused_may_ask_again_a_day_later_and_an_invite_is_over_at_its_time(chat: Any) -> None:
    ann, bob, cid = [await chat.person() for _ in range(3)]
    group = await chat.group(ann, name="Asking", **ASKING)
    code = await invite(chat, ann, group, secs=86_000)
    await chat.services.requests.join(bob, group.id)
    await chat.services.memberships.refuse(ann, group.id, bob.user_id)
    chat.clock.skip(timedelta(hours=23).total_seconds())
    assert not (await chat.services.invites.preview(bob, code, HERE))["is_member"]
    with pytest.raises(RateLimited):
        await chat.services.requests.join(bob, group.id)
    chat.clock.skip(timedelta(hours=1).total_seconds())
    assert await chat.services.requests.join(bob, group.id) == "requested"
    with pytest.raises(NotFound):
        await chat.services.invites.preview(cid, code, HERE)
    with pytest.raises(NotFound):
        await chat.services.invites.accept(cid, code, HERE)


@pytest.mark.gen_test
async def test_a_conversation_never_has_more_invites_than_fifty_however_many_are_made_at_once(
    chats: Any,
) -> None:
    nodes = [await chats() for _ in range(2)]
    ann = await nodes[0].person()
    group = await nodes[0].group(ann)
    makes = (outcome(nodes[n % 2].services.invites.make(ann, group.id, 3600, 1, None)) for n in range(70))
    ends = Counter(await asyncio.gather(*makes))
    assert set(ends) <= {"done", "limit_reached", "unavailable"}
    known = await nodes[0].storage.invites.of(group.id)
    assert ends["done"] == len(known) <= 50


@pytest.mark.gen_test
async def test_a_wrong_code_costs_the_database_the_same_whether_there_is_one_or_not(chat: Any) -> None:
    ann, bob, cid = [await chat.person() for _ in range(3)]
    group = await chat.group(ann)
    code = await invite(chat, ann, group, uses=1)
    await chat.services.invites.accept(cid, code, HERE)
    costs = []
    for wrong in (code, "A" * len(code), "x"):
        before = labelled(metrics.MONGODB_SECONDS, "operation")
        with pytest.raises(NotFound):
            await chat.services.invites.accept(bob, wrong, HERE)
        after = labelled(metrics.MONGODB_SECONDS, "operation")
        costs.append({name: count - before.get(name, 0) for name, count in after.items()})
    assert costs[0] == costs[1] == costs[2]
    assert sum(costs[0].values()) > 3


@pytest.mark.gen_test
async def test_the_request_of_a_deleted_account_is_refused_like_any_other(chat: Any) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, name="Asking", **ASKING)
    await chat.services.requests.join(bob, group.id)
    await chat.storage.users.forget(bob.user_id, "-deleted-7", "Deleted account")
    listed, _ = await chat.services.requests.page(ann, group.id, 0, 50)
    assert [one["user"]["id"] for one in listed] == [bob.user_id]
    with pytest.raises(NotFound):
        await chat.services.memberships.take_in(ann, group.id, bob.user_id)
    await chat.services.memberships.refuse(ann, group.id, bob.user_id)
    assert await chat.services.requests.page(ann, group.id, 0, 50) == ([], None)
    assert (await chat.storage.groups.conversation(group.id)).request_count == 0


@pytest.mark.gen_test
async def test_the_database_takes_invites_away_when_their_time_is_over(chat: Any, database: Any) -> None:
    indexes = database["invites"].index_information()
    (index,) = (one for one in indexes.values() if one["key"] == [("expires_at", 1)])
    assert index["expireAfterSeconds"] == 0


@pytest.mark.gen_test
async def test_finding_public_conversations_reads_their_indexes_alone(chat: Any, database: Any) -> None:
    ann = await chat.person()
    for n in range(3):
        await chat.group(ann, name=f"Plan {n}", **OPEN)
    conversations = database["conversations"]
    for wanted in (
        {"listed.words": {"$elemMatch": {"$gte": "pl", "$lte": "pl\U0010ffff"}}},
        {"listed.id": {"$lt": 1 << 40}},
    ):
        plan = conversations.find(wanted).limit(2).explain()["queryPlanner"]["winningPlan"]
        assert "IXSCAN" in str(plan), plan
