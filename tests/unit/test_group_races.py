"""Two who act on a group at the same moment, from two nodes: what happens is what one order of both would give."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from chatserver.errors import Forbidden
from tests.support.client import unique
from tests.unit.test_memberships import assert_sound, heard_on_two_nodes, outcome


@pytest.mark.gen_test
async def test_two_admins_who_demote_or_remove_each_other_both_stay(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann, adam, abe = [await nodes[0].person() for _ in range(3)]
    group = await nodes[0].group(ann, adam, abe)
    first, second = (node.services.memberships for node in nodes)
    for one in (adam, abe):
        await first.change(ann, group.id, one.user_id, {"role": "admin"})
    for act in (
        lambda of, who, whom: of.change(who, group.id, whom.user_id, {"role": "member"}),
        lambda of, who, whom: of.kick(who, group.id, whom.user_id),
    ):
        ends = await asyncio.gather(outcome(act(first, adam, abe)), outcome(act(second, abe, adam)))
        assert ends == ["forbidden", "forbidden"]
    members = {one.user_id: one for one in await nodes[0].storage.groups.listed(group.id, 0, 9, (), None)}
    assert members[adam.user_id].role == members[abe.user_id].role == "admin"
    # Of one whom the owner demotes meanwhile, what they do holds if it was before, and is refused if after.
    demoted, made = await asyncio.gather(
        outcome(first.change(ann, group.id, adam.user_id, {"role": "member"})),
        outcome(second.change(adam, group.id, adam.user_id, {"role": "moderator"})),
    )
    assert "done" in (demoted, made)
    found = await nodes[0].storage.groups.member(group.id, adam.user_id)
    assert found.role in ("member", "moderator")
    assert found.role == "member" or demoted != "done"
    await assert_sound(nodes[0], group, ann, adam, abe)


@pytest.mark.gen_test
async def test_who_is_made_the_owner_while_an_admin_removes_them_leaves_one_owner_who_is_in_it(
    chats: Any,
) -> None:
    nodes = [await chats() for _ in range(2)]
    for _ in range(6):
        ann, adam, bob = [await nodes[0].person() for _ in range(3)]
        group = await nodes[0].group(ann, adam, bob)
        await nodes[0].services.memberships.change(ann, group.id, adam.user_id, {"role": "admin"})
        given, removed = await asyncio.gather(
            outcome(nodes[0].services.groups.give(ann, group.id, bob.user_id)),
            outcome(nodes[1].services.memberships.kick(adam, group.id, bob.user_id)),
        )
        await nodes[0].sweeper().sweep()
        members = await assert_sound(nodes[0], group, ann, adam, bob)
        owner_id = (await nodes[0].storage.groups.conversation(group.id)).owner_id
        assert "done" in (given, removed)
        assert owner_id == (bob.user_id if bob.user_id in members else ann.user_id)
        assert (bob.user_id in members) == (removed != "done")


@pytest.mark.gen_test
async def test_of_two_devices_that_send_slowly_at_once_one_is_heard_and_may_repeat_it(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann, bob = await nodes[0].person(), await nodes[0].person()
    group = await nodes[0].group(ann, bob)
    await nodes[0].services.groups.change(ann, group.id, {"slow_secs": 600}, None)
    keys = [unique("slow") for _ in range(6)]

    async def send(n: int) -> str:
        messages = nodes[n % 2].services.messages
        return await outcome(messages.post_in(bob, group.id, f"number {n}", None, keys[n]))

    nodes[1].clock.skip(2.1)  # so that it has not heard of the group from before
    ends = await asyncio.gather(*(send(n) for n in range(6)))
    assert Counter(ends) == {"done": 1, "slow_mode": 5}
    heard = ends.index("done")
    assert await asyncio.gather(*(send(n) for n in range(6))) == ends
    assert (await nodes[0].log(group))[-1] == f"number {heard}"


@pytest.mark.gen_test
async def test_what_is_closed_to_members_is_so_here_at_once_and_on_every_node_two_seconds_later(
    chats: Any,
) -> None:
    nodes, (ann, bob), group = await heard_on_two_nodes(chats)
    await nodes[0].services.groups.change(ann, group.id, {"policy": {"send": "admin"}}, None)
    with pytest.raises(Forbidden):
        await nodes[0].services.messages.post_in(bob, group.id, "not here", None, None)
    nodes[1].clock.skip(2.1)
    with pytest.raises(Forbidden):
        await nodes[1].services.messages.post_in(bob, group.id, "nor there", None, None)
    await nodes[1].services.messages.post_in(ann, group.id, "but I", None, None)


@pytest.mark.gen_test
async def test_what_is_edited_while_a_moderator_deletes_it_is_deleted_in_the_end(chats: Any) -> None:
    nodes = [await chats() for _ in range(2)]
    ann, bob = await nodes[0].person(), await nodes[0].person()
    group = await nodes[0].group(ann, bob)
    for n in range(6):
        message = await nodes[0].say(bob, group, f"before {n}")
        edited, deleted = await asyncio.gather(
            outcome(nodes[0].services.changes.edit(bob, message.id, "after")),
            outcome(nodes[1].services.changes.delete(ann, message.id)),
        )
        assert (deleted, edited in ("done", "not_found")) == ("done", True)
        found = (await nodes[0].storage.messages.by_ids([message.id]))[message.id]
        assert (found.text, found.deleted_by, found.deleted_at is not None) == ("", ann.user_id, True)
        assert found.rev == 1 + (edited == "done")
    await nodes[0].sweeper().sweep()
    assert await nodes[0].storage.messages.pending_changes(10) == []
