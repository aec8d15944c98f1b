"""Groups whatever happens at once or in between: one owner, the right count, inboxes that follow, nothing told twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chatserver import failpoints
from chatserver.errors import ChatError, Forbidden, LimitReached, NotFound, OwnerMustTransfer, Unavailable
from chatserver.model import Actor, Conversation
from chatserver.services import wipes
from chatserver.services.messages import Places
from tests.support.waiting import held
from tests.unit.conftest import Chat

NODES = 3


async def seen(chat: Any, actor: Actor) -> list[int]:
    entries = await chat.ring(actor)
    return [seq for e in entries if e.kind == "messages" for seq in range(e.first, e.last + 1)]


async def told(chat: Any, group: Conversation) -> Counter[str]:
    """How often each kind of change stands in the log."""
    found = await chat.storage.messages.page_after(group.id, 0, 1_000)
    return Counter(message.system.type for message in found if message.system is not None)


async def heard_on_two_nodes(chats: Any) -> tuple[list[Any], tuple[Actor, Actor], Conversation]:
    """Two nodes that know the second of these as somebody who may write in their group; the first is its owner."""
    nodes = [await chats() for _ in range(2)]
    ann, bob = await nodes[0].person(), await nodes[0].person()
    group = await nodes[0].group(ann, bob)
    for node in nodes:
        await node.services.messages.post_in(bob, group.id, "heard", None, None)
    return nodes, (ann, bob), group


async def away(*_: Any) -> None:
    """In place of what the database does, when it cannot."""
    raise Unavailable("not now")


async def outcome(call: Awaitable[Any]) -> str:
    """`done`, or the code that it was refused with."""
    try:
        await call
    except ChatError as error:
        return error.code
    return "done"


async def assert_sound(chat: Any, group: Conversation, *people: Actor) -> set[int]:
    """What must hold once nothing is under way. The members, who are returned, are those who have a head."""
    found = await chat.storage.groups.conversation(group.id)
    members = {one.user_id for one in await chat.storage.groups.listed(group.id, 0, 1_000, (), None)}
    ids = {one.user_id for one in people}
    heads = await chat.storage.inboxes.heads(ids, [group.id])
    last = await chat.storage.messages.head(group.id)
    assert {id: heads.get(id, {}).get(group.id) for id in ids} == {
        id: last if id in members else None for id in ids
    }
    assert found is not None
    assert (found.owner_id in members) or found.state == "closed"
    assert found.member_count == len(members)
    assert set(found.preview) <= members
    conversations, changed = await chat.storage.groups.pending(1_000)
    assert group.id not in conversations
    assert not [user_id for c, user_id in changed if c == group.id]
    assert set(await everybody(chat, group)) == members
    assert all(count == 1 for type, count in (await told(chat, group)).items() if type == "created")
    return members


async def everybody(chat: Any, group: Conversation) -> tuple[int, ...]:
    """Whom a fan-out would reach."""
    found: tuple[int, ...] = (await chat.storage.conversations.member_ids([group.id]))[group.id]
    return found


@pytest.mark.gen_test
async def test_who_joins_sees_nothing_older_and_who_leaves_nothing_newer(chat: Any) -> None:
    ann, bob, eve = [await chat.person() for _ in range(3)]
    memberships = chat.services.memberships
    group = await chat.group(ann, bob)
    await chat.say(ann, group, "before")
    await memberships.add(bob, group.id, eve.user_id)
    floor = (await chat.storage.groups.member(group.id, eve.user_id)).floor_seq
    together = await chat.say(ann, group, "together")  # with a send that knows nothing of Eve
    await memberships.leave(bob, group.id)
    after = await chat.say(eve, group, "after")
    assert floor == 2
    assert min(await seen(chat, eve)) == floor + 1
    assert {together.seq, after.seq} <= set(await seen(chat, eve))
    assert max(await seen(chat, bob)) == together.seq
    assert await assert_sound(chat, group, ann, bob, eve) == {ann.user_id, eve.user_id}


@pytest.mark.gen_test
async def test_what_nobody_wrote_is_counted_apart(chat: Any, database: Any) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, bob)
    await chat.say(ann, group, "one")
    inboxes = database["inboxes"]
    for actor in (ann, bob):
        own = (inboxes.find_one({"_id": actor.user_id}))["own"]
        assert own[f"{group.id}:0"] == 1, "that the group was begun"
    await chat.append_only(ann, group, "its node died")
    await chat.sweeper().sweep()
    own = (inboxes.find_one({"_id": bob.user_id}))["own"]
    assert own[f"{group.id}:0"] == 1


Act = Callable[[Any, Conversation, list[Actor]], Awaitable[Any]]
# What may be interrupted, and who is in the group in the end; Ann owns it, Bob and Cid are in it, Dan is not.
ACTS: dict[str, tuple[Act, str]] = {
    "added": (lambda chat, group, p: chat.memberships.add(p[0], group.id, p[3].user_id), "ann bob cid dan"),
    "left": (lambda chat, group, p: chat.memberships.leave(p[1], group.id), "ann cid"),
    "removed": (lambda chat, group, p: chat.memberships.kick(p[0], group.id, p[1].user_id), "ann cid"),
    "banned": (
        lambda chat, group, p: chat.memberships.ban(p[0], group.id, p[1].user_id, None, None),
        "ann cid",
    ),
    "role": (
        lambda chat, group, p: chat.memberships.change(p[0], group.id, p[1].user_id, {"role": "admin"}),
        "ann bob cid",
    ),
    "owner": (lambda chat, group, p: chat.groups.give(p[0], group.id, p[1].user_id), "ann bob cid"),
    "renamed": (
        lambda chat, group, p: chat.groups.change(p[0], group.id, {"name": "New"}, None),
        "ann bob cid",
    ),
    "closed": (lambda chat, group, p: chat.groups.close_group(p[0], group.id), "ann bob cid"),
}
NEWS = {"banned": "removed", "role": None}


@pytest.mark.parametrize("step", range(1, 7))
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.gen_test
async def test_a_change_that_stops_after_any_step_is_finished_by_the_sweeper(
    chat: Any, act: str, step: int
) -> None:
    people = [await chat.person() for _ in range(4)]
    group = await chat.group(*people[:3])
    failpoints.arm(f"after_group_step=raise/{step}")
    try:
        await outcome(ACTS[act][0](chat.services, group, people))
        failpoints.arm("")
        await chat.sweeper().sweep()
    finally:
        failpoints.arm("")
    members = await assert_sound(chat, group, *people)
    names = dict(zip(("ann", "bob", "cid", "dan"), people, strict=True))
    assert members == {names[name].user_id for name in ACTS[act][1].split()}
    news = NEWS.get(act, act)
    assert await told(chat, group) == Counter(["created", *([news] if news else [])])
    found = await chat.storage.groups.conversation(group.id)
    assert (found.owner_id == people[1].user_id) == (act == "owner")
    assert (found.state == "closed", found.name) == (act == "closed", "New" if act == "renamed" else None)


@pytest.mark.parametrize("act", ["added", "left", "removed", "banned"])
@pytest.mark.gen_test
async def test_who_repeats_a_change_that_stopped_half_way_finishes_it(chat: Any, act: str) -> None:
    people = [await chat.person() for _ in range(4)]
    group = await chat.group(*people[:3])
    failpoints.arm("after_group_step=raise/1")
    try:
        await outcome(ACTS[act][0](chat.services, group, people))
    finally:
        failpoints.arm("")
    ended = await outcome(ACTS[act][0](chat.services, group, people))
    assert ended == ("not_found" if act == "left" else "done")
    await assert_sound(chat, group, *people)
    assert await told(chat, group) == Counter(["created", NEWS.get(act, act)])


@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.gen_test
async def test_a_group_whose_making_stops_after_any_step_comes_about(chat: Any, step: int) -> None:
    ann, bob = await chat.person(), await chat.person()
    failpoints.arm(f"after_group_step=raise/{step}")
    try:
        await outcome(chat.group(ann, bob))
        failpoints.arm("")
        await chat.sweeper().sweep()
    finally:
        failpoints.arm("")
    (id,) = (await chat.inbox(bob)).heads
    group = await chat.storage.groups.conversation(id)
    assert await assert_sound(chat, group, ann, bob) == {ann.user_id, bob.user_id}
    assert [entry.kind for entry in await chat.ring(bob)].count("joined") == 1


@pytest.mark.gen_test
async def test_of_many_who_join_at_once_exactly_one_gets_the_last_place(chats: Any) -> None:
    node = await chats()
    small = await Chat(replace(node.settings, group_members=4), "small").open()
    other = await Chat(replace(node.settings, group_members=4), "other").open()
    try:
        ann, bob, cid, *crowd = [await node.person() for _ in range(18)]
        group = await small.group(ann, bob, cid)
        joins = (
            outcome((small, other)[n % 2].services.memberships.add(ann, group.id, one.user_id))
            for n, one in enumerate(crowd)
        )
        ends = Counter(await asyncio.gather(*joins))
        while "unavailable" in ends:  # whoever is told to come back does
            await node.sweeper().sweep()
            left = [one for one in crowd if one.user_id not in await everybody(node, group)]
            joins = (outcome(small.services.memberships.add(ann, group.id, one.user_id)) for one in left)
            ends = Counter(await asyncio.gather(*joins))
        await node.sweeper().sweep()
        members = await assert_sound(node, group, ann, bob, cid, *crowd)
        assert len(members) == 4
        with pytest.raises(LimitReached):
            late = next(one for one in crowd if one.user_id not in members)
            await small.services.memberships.add(ann, group.id, late.user_id)
        lucky = (members & {one.user_id for one in crowd}).pop()
        await small.services.memberships.kick(ann, group.id, lucky)
        await small.services.memberships.add(ann, group.id, late.user_id)
        for unlucky in crowd:
            entries = await node.ring(unlucky)
            if unlucky.user_id not in members | {late.user_id}:
                assert [e.kind for e in entries if e.conversation_id == group.id] == []
    finally:
        await small.close()
        await other.close()


@pytest.mark.gen_test
async def test_who_is_kicked_and_taken_in_at_once_on_three_nodes_has_a_head_if_they_are_in(
    chats: Any,
) -> None:
    nodes = [await chats() for _ in range(NODES)]
    ann, bob = await nodes[0].person(), await nodes[0].person()
    group = await nodes[0].group(ann, bob)
    for _ in range(8):
        changes: list[Awaitable[str]] = []
        for node in nodes:
            memberships = node.services.memberships
            changes += [
                outcome(memberships.kick(ann, group.id, bob.user_id)),
                outcome(memberships.add(ann, group.id, bob.user_id)),
            ]
        ends = set(await asyncio.gather(*changes))
        assert ends <= {"done", "not_found", "forbidden", "unavailable"}
        await nodes[0].sweeper().sweep()
        await assert_sound(nodes[0], group, ann, bob)


@pytest.mark.gen_test
async def test_a_ban_is_never_lost_to_somebody_who_adds_at_the_same_moment(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann = await nodes[0].person()
    for _ in range(5):
        bob = await nodes[0].person()
        group = await nodes[0].group(ann)
        banned, _ = await asyncio.gather(
            outcome(nodes[0].services.memberships.ban(ann, group.id, bob.user_id, None, None)),
            outcome(nodes[1].services.memberships.add(ann, group.id, bob.user_id)),
        )
        await nodes[0].sweeper().sweep()
        members = await assert_sound(nodes[0], group, ann, bob)
        if banned == "done":
            assert members == {ann.user_id}
            with pytest.raises(Forbidden):
                await nodes[1].services.memberships.add(ann, group.id, bob.user_id)


@pytest.mark.gen_test
async def test_an_owner_who_leaves_while_giving_the_group_to_somebody_who_leaves_has_an_heir(
    chats: Any,
) -> None:
    nodes = [await chats() for _ in range(NODES)]
    for _ in range(4):
        ann, bob, cid = [await nodes[0].person() for _ in range(3)]
        group = await nodes[0].group(ann, bob, cid)
        ends = await asyncio.gather(
            outcome(nodes[0].services.groups.give(ann, group.id, bob.user_id)),
            outcome(nodes[1].services.memberships.leave(ann, group.id)),
            outcome(nodes[2].services.memberships.leave(bob, group.id)),
        )
        assert set(ends) <= {"done", "not_found", "owner_must_transfer", "revision_conflict", "forbidden"}
        await nodes[0].sweeper().sweep()
        await assert_sound(nodes[0], group, ann, bob, cid)


@pytest.mark.gen_test
async def test_two_who_are_made_the_owner_at_once_are_one(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann, bob, cid = [await nodes[0].person() for _ in range(3)]
    group = await nodes[0].group(ann, bob, cid)
    ends = await asyncio.gather(
        outcome(nodes[0].services.groups.give(ann, group.id, bob.user_id)),
        outcome(nodes[1].services.groups.give(ann, group.id, cid.user_id)),
    )
    assert "done" in ends
    await assert_sound(nodes[0], group, ann, bob, cid)


@pytest.mark.gen_test
async def test_the_heir_has_the_highest_role_and_the_last_one_out_closes_the_group(chat: Any) -> None:
    ann, bob, cid = [await chat.person() for _ in range(3)]
    group = await chat.group(ann, bob, cid)
    memberships, groups = chat.services.memberships, chat.storage.groups
    await memberships.change(ann, group.id, cid.user_id, {"role": "moderator"})
    for gone, heir in ((ann, cid), (cid, bob), (bob, None)):
        with pytest.raises(OwnerMustTransfer):
            await memberships.leave(gone, group.id)
        await memberships.leave_all(gone.user_id)
        found = await groups.conversation(group.id)
        assert (found.owner_id, found.state) == ((heir.user_id, "open") if heir else (gone.user_id, "closed"))
    await assert_sound(chat, group, ann, bob, cid)


@pytest.mark.gen_test
async def test_an_admin_who_is_demoted_while_kicking_did_it_before_or_not_at_all(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    for _ in range(4):
        ann, adam, mod = [await nodes[0].person() for _ in range(3)]
        group = await nodes[0].group(ann, adam, mod)
        first = nodes[0].services.memberships
        await first.change(ann, group.id, adam.user_id, {"role": "admin"})
        await first.change(ann, group.id, mod.user_id, {"role": "moderator"})
        demoted, kicked = await asyncio.gather(
            outcome(first.change(ann, group.id, adam.user_id, {"role": "member"})),
            outcome(nodes[1].services.memberships.kick(adam, group.id, mod.user_id)),
        )
        members = await assert_sound(nodes[0], group, ann, adam, mod)
        assert demoted == "done"
        assert (mod.user_id in members) == (kicked == "forbidden")
        with pytest.raises((Forbidden, NotFound)):
            await nodes[1].services.memberships.kick(adam, group.id, mod.user_id)


@pytest.mark.gen_test
async def test_a_membership_that_an_inbox_has_outlived_changes_nothing_there(chat: Any) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, bob)
    await chat.services.memberships.kick(ann, group.id, bob.user_id)
    await chat.storage.inboxes.join([bob.user_id], group.id, 0, rev=1)  # by a node that slept meanwhile
    assert await assert_sound(chat, group, ann, bob) == {ann.user_id}


@pytest.mark.gen_test
async def test_only_a_member_may_be_heard_and_within_moments_of_being_removed_nowhere(
    chats: Any,
) -> None:
    nodes, (ann, bob), group = await heard_on_two_nodes(chats)
    await nodes[0].services.memberships.kick(ann, group.id, bob.user_id)
    with pytest.raises(NotFound):
        await nodes[0].services.messages.post_in(bob, group.id, "no", None, None)
    nodes[1].clock.skip(2.1)
    with pytest.raises(NotFound):
        await nodes[1].services.messages.post_in(bob, group.id, "no", None, None)


@pytest.mark.gen_test
async def test_a_change_is_answered_though_it_cannot_be_told_yet(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, bob)
    with monkeypatch.context() as patched:
        patched.setattr(chat.storage.facts, "append", away)
        await chat.services.memberships.kick(ann, group.id, bob.user_id)
    assert (await told(chat, group))["removed"] == 0
    await chat.sweeper().sweep()
    assert (await told(chat, group))["removed"] == 1
    assert await assert_sound(chat, group, ann, bob) == {ann.user_id}


@pytest.mark.gen_test
async def test_what_could_not_be_told_of_a_member_is_told_before_they_change_again(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann)
    memberships = chat.services.memberships
    with monkeypatch.context() as patched:
        patched.setattr(chat.storage.facts, "append", away)
        await memberships.add(ann, group.id, bob.user_id)
        assert await outcome(memberships.kick(ann, group.id, bob.user_id)) == "unavailable"
    await memberships.leave_all(bob.user_id)
    assert await told(chat, group) == Counter(["created", "added", "left"])
    assert await assert_sound(chat, group, ann, bob) == {ann.user_id}


@pytest.mark.gen_test
async def test_who_is_made_something_while_being_removed_is_both_and_both_are_told(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await chats(), await chats()
    ann, bob, eve = [await one.person() for _ in range(3)]
    group = await one.group(ann, eve)
    groups = one.storage.groups
    change_member = groups.change_member

    async def added_meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(groups, "change_member", change_member)
        with monkeypatch.context() as patched:
            patched.setattr(other.storage.facts, "append", away)
            await other.services.memberships.add(eve, group.id, bob.user_id)
        return await change_member(*args)

    monkeypatch.setattr(groups, "change_member", added_meanwhile)
    assert await one.services.memberships.kick(ann, group.id, bob.user_id)
    assert await told(one, group) == Counter(["created", "added", "removed"])
    assert await assert_sound(one, group, ann, bob, eve) == {ann.user_id, eve.user_id}


@pytest.mark.gen_test
async def test_what_could_not_be_told_of_a_group_is_told_before_it_changes_again(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, bob)
    groups = chat.services.groups

    async def renamed(name: str) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(chat.storage.facts, "append", away)
            await groups.change(ann, group.id, {"name": name}, None)

    await renamed("One")
    await groups.change(ann, group.id, {"about": "Of one"}, None)
    await renamed("Two")
    await chat.services.memberships.leave_all(ann.user_id)
    assert await told(chat, group) == Counter(["created", "renamed", "renamed", "about", "owner", "left"])
    assert await assert_sound(chat, group, ann, bob) == {bob.user_id}


@pytest.mark.gen_test
async def test_a_held_poll_of_who_is_removed_ends_with_the_news_and_gets_nothing_later(chat: Any) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, bob)
    poll = await held(chat.poll(bob, await chat.cursor(bob), wait=60))
    await chat.services.memberships.kick(ann, group.id, bob.user_id)
    await chat.say(ann, group, "among ourselves")
    answer = await poll
    (event,) = answer.events
    assert b'"conversation_removed"' in event and b'"removed"' in event
    assert (await chat.poll(bob, answer.cursor)).events == []


@pytest.mark.gen_test
async def test_messages_sent_while_somebody_joins_reach_them_once_from_their_floor_on(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann = await nodes[0].person()
    group = await nodes[0].group(ann)
    for _ in range(5):
        bob = await nodes[0].person()
        sends = [nodes[n % 2].say(ann, group, f"number {n}") for n in range(6)]
        joining = nodes[1].services.memberships.add(ann, group.id, bob.user_id)
        await asyncio.gather(joining, *sends)
        await nodes[0].sweeper().sweep()
        floor = (await nodes[0].storage.groups.member(group.id, bob.user_id)).floor_seq
        last = await nodes[0].storage.messages.head(group.id)
        assert await seen(nodes[0], bob) == list(range(floor + 1, last + 1))
        shown, _ = await nodes[0].services.messages.history_of(bob, group.id, 200, Places())
        assert [message["seq"] for message in reversed(shown)] == list(range(floor + 1, last + 1))
        await assert_sound(nodes[0], group, ann, bob)


async def left_of(chat: Any, group: Conversation, actor: Actor) -> list[str]:
    found = await chat.storage.messages.page_after(group.id, 0, 1_000, actor.user_id)
    return [message.text for message in reversed(found) if message.deleted_at is None]


@pytest.mark.parametrize("step", range(1, 9))
@pytest.mark.gen_test
async def test_what_somebody_wrote_lately_goes_with_their_ban_whatever_dies_in_between(
    chat: Any, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(wipes, "PAGE", 3)
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, bob)
    await chat.say(bob, group, "long ago")
    now = chat.clock.now()
    chat.clock.now = lambda: now + timedelta(hours=2)
    for n in range(5):
        await chat.say(bob, group, f"lately {n}")
        await chat.say(ann, group, f"an answer {n}")
    failpoints.arm(f"after_group_step=raise/{step}")
    try:
        await outcome(chat.services.memberships.ban(ann, group.id, bob.user_id, None, None, 3_600))
        failpoints.arm("")
        await chat.sweeper().sweep()
    finally:
        failpoints.arm("")
    assert await left_of(chat, group, bob) == ["long ago"]
    assert len(await left_of(chat, group, ann)) == 5
    assert await assert_sound(chat, group, ann, bob) == {ann.user_id}
    assert await chat.storage.outsiders.wipes(1, (group.id, bob.user_id)) == []
    tombstones = await chat.storage.messages.page_after(group.id, 0, 1_000, bob.user_id)
    assert {message.deleted_by for message in tombstones if message.deleted_at} == {ann.user_id}
