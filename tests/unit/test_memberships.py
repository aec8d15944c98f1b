"""Groups: a member sees what is sent from the join to the leave, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.errors import NotFound
from chatserver.model import Actor


async def seen(chat: Any, actor: Actor) -> list[int]:
    entries = await chat.ring(actor)
    return [seq for e in entries if e.kind == "messages" for seq in range(e.first, e.last + 1)]


@pytest.mark.gen_test
async def test_who_joins_sees_nothing_older_and_who_leaves_nothing_newer(chat: Any) -> None:
    ann, bob, eve = [await chat.person() for _ in range(3)]
    memberships = chat.services.memberships
    group = await memberships.begin(ann, [bob.user_id])
    await chat.say(ann, group, "before")
    await memberships.join(bob, group.id, eve.user_id)
    await chat.say(ann, group, "together")  # with a send that knows nothing of Eve
    await memberships.leave(bob, group.id)
    await chat.say(eve, group, "after")
    assert await seen(chat, ann) == [1, 2, 3]
    assert await seen(chat, bob) == [1, 2]
    assert await seen(chat, eve) == [2, 3]
    assert (await chat.inbox(eve)).unread(group.id) == 1, "her own does not count"
    assert group.id not in (await chat.inbox(bob)).heads


@pytest.mark.gen_test
async def test_only_members_of_a_group_let_others_in_and_who_left_has_no_access(
    chat: Any, chats: Any
) -> None:
    ann, bob, conversation = await chat.pair()
    eve = await chat.person()
    memberships = chat.services.memberships
    group = await memberships.begin(ann, [bob.user_id])
    with pytest.raises(NotFound):
        await memberships.join(eve, group.id, eve.user_id)
    with pytest.raises(NotFound):
        await memberships.join(ann, conversation.id, eve.user_id)  # for two, and for ever
    with pytest.raises(NotFound):
        await memberships.begin(ann, [1 << 40])
    other = await chats()
    await other.services.conversations.access(bob, group.id)
    await memberships.leave(bob, group.id)
    with pytest.raises(NotFound):
        await other.services.conversations.access(bob, group.id)
    with pytest.raises(NotFound):
        await memberships.leave(bob, group.id)
