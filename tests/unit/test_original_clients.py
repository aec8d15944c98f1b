"""Clients of the original system know conversations of two only: groups hide nothing from them, and show them nothing."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

import pytest

from chatserver.model import Actor, Advance, Conversation, Message
from tests.support.waiting import eventually, held
from tests.unit.test_events import texts
from tests.unit.test_own_settings import change, group_of, listed

BULK = 500


async def talk(chat: Any, actor: Actor, group: Conversation, count: int) -> None:
    """So many messages in a group, each with an entry in every inbox or, where many were late, one for all of them."""
    first = await chat.storage.messages.head(group.id) + 1
    members = await chat.services.conversations.member_ids(group)
    now = chat.clock.now()
    for start in range(first, first + count, BULK):
        last = min(start + BULK, first + count) - 1
        messages = [
            Message(
                id=group.id << 23 | seq,
                conversation_id=group.id,
                seq=seq,
                sender_id=actor.user_id,
                session_id=actor.session_id,
                client_id=secrets.randbits(62),
                text=f"talk {seq}",
                attachment=None,
                created_at=now,
            )
            for seq in range(start, last + 1)
        ]
        await chat.storage.flushes.append_and_advance(messages)
        for one in messages[-150:]:
            below = Advance(group.id, one.seq, one.seq, members, {})
            if one is messages[max(0, len(messages) - 150)]:
                await chat.fanout.repair(below)
            else:
                await chat.storage.inboxes.advance([below])


def looked(waiter: Any, version: int) -> bool:
    return waiter.version is not None and waiter.version >= version


async def everything(chat: Any, actor: Actor, **asked: Any) -> list[str]:
    """Polls until nothing comes any more."""
    found: list[str] = []
    while True:
        answer = await chat.poll(actor, **asked)
        found += texts(answer)
        if not answer.events and not answer.more:
            return found


@pytest.mark.gen_test
async def test_thirty_messages_to_somebody_who_was_away_while_groups_talked_come_to_them_exactly(
    chat: Any, chats: Any
) -> None:
    (ann, bob, eve), group = await group_of(chat, 3)
    direct, _ = await chat.services.conversations.open_direct(bob, ann.user_id)
    other, _ = await chat.services.conversations.open_direct(eve, ann.user_id)
    for number in range(5):
        await chat.say(bob, direct, f"read long ago {number}")
    await chat.services.receipts.mark_read(ann, direct.id, None)
    assert len(await everything(chat, ann)) == 5
    sent = []
    for number in range(30):
        if number % 3 == 0:
            await talk(chat, bob, group, 1_000)
        chat.clock.skip(1)
        sent.append(f"to ann {number}")
        await (chat.say(bob, direct, sent[-1]) if number % 2 else chat.say(eve, other, sent[-1]))
    assert await chat.storage.messages.head(group.id) > 10_000
    assert await everything(await chats(), ann) == sent
    assert await everything(chat, ann) == []
    await talk(chat, bob, group, 300)
    await chat.services.receipts.mark_read(ann, direct.id, None)
    await chat.services.receipts.mark_read(ann, other.id, None)
    assert await everything(chat, ann) == []


@pytest.mark.gen_test
async def test_an_answer_with_what_groups_have_pushed_out_that_was_lost_is_given_again_with_the_same_ids(
    chat: Any, chats: Any
) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    direct, _ = await chat.services.conversations.open_direct(bob, ann.user_id)
    await chat.poll(ann)
    said = [await chat.say(bob, direct, f"to ann {number}") for number in range(10)]
    await (await chats()).services.changes.edit(bob, said[0].id, "in other words")
    await talk(chat, bob, group, 200)
    lost = await chat.answer(ann)
    assert texts(lost) == ["in other words", *(f"to ann {number}" for number in range(1, 10))]
    await lost.delivered(False)
    again = await chat.poll(ann)
    assert again.events == lost.events
    assert await everything(chat, ann) == []


@pytest.mark.gen_test
async def test_at_most_a_hundred_are_given_and_a_small_page_leads_on(chat: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    direct, _ = await chat.services.conversations.open_direct(bob, ann.user_id)
    await chat.poll(ann)
    await talk(chat, bob, direct, 130)
    await talk(chat, bob, group, 200)
    assert await everything(chat, ann) == [f"talk {seq}" for seq in range(31, 131)]


@pytest.mark.gen_test
async def test_a_held_poll_that_saw_groups_talk_for_long_gives_nothing_twice_on_another_node(
    chat: Any, chats: Any
) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    direct, _ = await chat.services.conversations.open_direct(bob, ann.user_id)
    await chat.say(bob, direct, "hello")
    assert await everything(chat, ann) == ["hello"]
    poll = await held(chat.poll(ann, wait=60))
    for _ in range(20):
        await talk(chat, bob, group, 10)
        chat.hub.ring([ann.user_id])
        version = (await chat.inbox(ann)).version
        [waiter] = chat.hub.get(ann.user_id).waiters
        await eventually(partial(looked, waiter, version))
    chat.hub.close()
    assert (await poll).events == []
    assert await everything(await chats(), ann) == [], "though it is unread"


@pytest.mark.gen_test
async def test_lists_and_counts_of_the_original_system_know_no_groups(chat: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    direct, _ = await chat.services.conversations.open_direct(bob, ann.user_id)
    await chat.say(bob, direct, "hello")
    for _ in range(3):
        chat.clock.skip(1)
        await chat.say(bob, group, "hello")
    conversations = chat.services.conversations
    found, more = await conversations.list(ann, await chat.inbox(ann), 1, None)
    assert ([one.conversation.id for one in found], more) == ([direct.id], None)
    await change(chat, ann, direct, archived=True, hidden=True)
    found, _ = await conversations.list(ann, await chat.inbox(ann), 10, None)
    assert [one.conversation.id for one in found] == [direct.id], "as they always saw it"
    assert await listed(chat, ann) == [group.id]
    await chat.poll(bob)
    stranger, companion = await chat.person(), await chat.person()
    await chat.services.memberships.add(ann, group.id, companion.user_id)
    await chat.poll(companion)
    await chat.poll(stranger)
    assert await chat.services.presence.online(ann) == [bob.user_id]


@pytest.mark.gen_test
async def test_who_comes_is_told_to_the_members_of_small_groups(chat: Any, database: Any) -> None:
    (ann, bob, eve), group = await group_of(chat, 3)
    contacts = await chat.services.conversations.contacts([ann.user_id], 200, groups=True)
    assert contacts[ann.user_id] == {bob.user_id, eve.user_id}
    assert (await chat.services.conversations.contacts([ann.user_id]))[ann.user_id] == set()
    too_many = await chat.services.conversations.contacts([ann.user_id], 1, groups=True)
    assert too_many[ann.user_id] == set()
    conversations = database["conversations"]
    conversations.update_one({"_id": group.id}, {"$set": {"member_count": 101}})
    large = await chat.services.conversations.contacts([ann.user_id], 200, groups=True)
    assert large[ann.user_id] == set()
