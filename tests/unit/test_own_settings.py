"""What a member sets for themselves: told to their own devices, and seen by nobody else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chatserver.errors import Invalid, LimitReached, NotFound
from chatserver.model import Actor, Conversation, message_id
from chatserver.services.own_settings import PINNED, SettingsChange


async def my(chat: Any, actor: Actor, conversation: Conversation) -> dict[str, Any]:
    return dict((await chat.services.conversation_views.one(actor, conversation.id))["my"])


async def change(chat: Any, actor: Actor, conversation: Conversation, **wanted: Any) -> None:
    await chat.services.own_settings.change(actor, conversation.id, SettingsChange(**wanted))


async def told(chat: Any, actor: Actor, cursor: Any, kind: str = "my_conversation") -> list[dict[str, Any]]:
    answer = await chat.poll(actor, cursor)
    events = [json.loads(event) for event in answer.events]
    return [event["data"] for event in events if event["event"] == kind]


async def listed(chat: Any, actor: Actor, **asked: Any) -> list[int]:
    """Ids of all parts of the list, two in each."""
    ids: list[int] = []
    after = None
    while True:
        inbox = await chat.inbox(actor)
        found, after = await chat.services.conversation_list.page(actor, inbox, after, 2, **asked)
        ids += [one["id"] for one in found]
        if after is None:
            return ids


async def total(chat: Any, actor: Actor) -> int:
    return int(await chat.services.conversation_list.total_unread(actor, await chat.inbox(actor)))


async def group_of(chat: Any, people: int) -> tuple[list[Actor], Conversation]:
    actors = [await chat.person() for _ in range(people)]
    return actors, await chat.group(*actors)


@pytest.mark.gen_test
async def test_a_change_is_told_to_the_persons_own_devices_and_to_nobody_else(chat: Any) -> None:
    for ann, bob, conversation in (
        await chat.pair(),
        (lambda made: (*made[0], made[1]))(await group_of(chat, 2)),
    ):
        await chat.say(bob, conversation, "hello")
        hers, his = await chat.cursor(ann), await chat.cursor(bob)
        until = chat.clock.now() + timedelta(hours=8)
        await change(
            chat, ann, conversation, notify="mentions", muted_until=until, all_mentions=False, pinned=True
        )
        [event] = await told(chat, ann, hers)
        assert event == {"conversation_id": conversation.id, "my": await my(chat, ann, conversation)}
        assert (event["my"]["notify"], event["my"]["all_mentions"]) == ("mentions", False)
        assert (event["my"]["pinned"], event["my"]["rev"]) == (True, 1)
        assert event["my"]["muted_until"] is not None
        assert await told(chat, bob, his) == []
        assert (await my(chat, bob, conversation))["pinned"] is False
        await change(chat, ann, conversation, muted_until=chat.clock.now() - timedelta(hours=1), pinned=False)
        shown = await my(chat, ann, conversation)
        assert (shown["muted_until"], shown["pinned"], shown["notify"]) == (None, False, "mentions")


@pytest.mark.gen_test
async def test_clients_of_the_original_system_are_not_told_of_settings(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    await chat.poll(ann)
    await change(chat, ann, conversation, archived=True)
    assert (await chat.poll(ann)).events == []


@pytest.mark.gen_test
async def test_a_change_that_was_told_to_nobody_is_told_by_the_sweeper(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    cursor = await chat.cursor(ann)
    await chat.storage.own_settings.change(conversation.id, ann.user_id, {"archived": True}, {})
    await chat.sweeper().sweep()
    [event] = await told(chat, ann, cursor)
    assert event["my"]["archived"] is True
    await chat.sweeper().sweep()
    assert len(await told(chat, ann, cursor)) == 1
    assert await chat.storage.own_settings.pending(1) == []


@pytest.mark.gen_test
async def test_a_stranger_changes_nothing_and_learns_nothing(chat: Any) -> None:
    _, _, conversation = await chat.pair()
    eve = await chat.person()
    with pytest.raises(NotFound):
        await change(chat, eve, conversation, archived=True)
    with pytest.raises(NotFound):
        await chat.services.drafts.keep(eve, conversation.id, "hello", 0, 0)
    with pytest.raises(NotFound):
        await chat.services.receipts.mark_read_up_to(
            eve, conversation.id, message_id(conversation.id, 1), True
        )
    with pytest.raises(NotFound):
        await chat.services.typing.signal_in(eve, conversation.id, True)
    assert await chat.storage.conversations.members(conversation.id, [eve.user_id]) == {}


@pytest.mark.gen_test
async def test_pinned_ones_come_first_then_the_newest_and_only_so_many_can_be_pinned(chat: Any) -> None:
    ann = await chat.person()
    conversations = []
    for _ in range(PINNED + 2):
        other = await chat.person()
        conversation, _ = await chat.services.conversations.open_direct(ann, other.user_id)
        conversations.append(conversation)
    silent = conversations.pop()
    for conversation in conversations:
        chat.clock.skip(1)
        await chat.say(ann, conversation, "hello")
    ids = [one.id for one in conversations]
    assert await listed(chat, ann) == [*reversed(ids), silent.id]
    for one in conversations[:PINNED]:
        await change(chat, ann, one, pinned=True)
    await change(chat, ann, conversations[0], pinned=True)  # which it is
    with pytest.raises(LimitReached) as refused:
        await change(chat, ann, conversations[PINNED], pinned=True)
    assert refused.value.limit == "pinned_conversations"
    assert (await my(chat, ann, conversations[PINNED]))["pinned"] is False
    assert await listed(chat, ann) == [*reversed(ids[:PINNED]), ids[PINNED], silent.id]
    await change(chat, ann, conversations[0], pinned=False)
    await change(chat, ann, silent, pinned=True)
    assert await listed(chat, ann) == [*reversed(ids[1:PINNED]), silent.id, ids[PINNED], ids[0]]


@pytest.mark.gen_test
async def test_what_is_hidden_comes_back_with_the_next_message_and_what_is_archived_does_not(
    chat: Any,
) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    direct, _ = await chat.services.conversations.open_direct(ann, bob.user_id)
    await change(chat, ann, direct, hidden=True)  # nothing was said there yet
    assert await listed(chat, ann) == [group.id]
    await chat.say(bob, direct, "hello")
    await chat.say(bob, group, "hello")
    assert set(await listed(chat, ann)) == {group.id, direct.id}
    await change(chat, ann, direct, hidden=True)
    await change(chat, ann, group, archived=True)
    assert (await my(chat, ann, direct))["hidden"] is True
    assert (await listed(chat, ann), await listed(chat, ann, archived=True)) == ([], [group.id])
    await chat.say(bob, direct, "are you there?")
    await chat.say(bob, group, "are you there?")
    assert (await my(chat, ann, direct))["hidden"] is False
    assert (await listed(chat, ann), await listed(chat, ann, archived=True)) == ([direct.id], [group.id])
    await change(chat, ann, direct, hidden=True)
    await change(chat, ann, direct, hidden=False)
    await change(chat, ann, group, archived=False)
    assert set(await listed(chat, ann)) == {group.id, direct.id}
    assert await listed(chat, ann, kind="group") == [group.id]
    assert await listed(chat, ann, kind="direct") == [direct.id]


@pytest.mark.gen_test
async def test_muted_and_archived_ones_leave_the_total_and_keep_their_own_count(chat: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    direct, _ = await chat.services.conversations.open_direct(ann, bob.user_id)
    for conversation in (group, group, direct):
        await chat.say(bob, conversation, "hello")
    assert await total(chat, ann) == 3
    await change(chat, ann, group, muted_until=chat.clock.now() + timedelta(hours=1))
    assert (await total(chat, ann), (await my(chat, ann, group))["unread_count"]) == (1, 2)
    await change(chat, ann, direct, archived=True)
    assert (await total(chat, ann), (await my(chat, ann, direct))["unread_count"]) == (0, 1)
    chat.clock.skip(3601)
    assert await total(chat, ann) == 2, "it is over"


@pytest.mark.gen_test
async def test_what_is_cleared_is_gone_for_its_member_alone(chat: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    one, two = [await chat.say(bob, group, text) for text in ("one", "two")]
    await change(chat, ann, group, unread_from_id=one.id)
    await change(chat, ann, group, cleared=True)
    shown = await chat.services.conversation_views.one(ann, group.id)
    assert (shown["last_message"], shown["my"]["unread_count"]) == (None, 0)
    assert (shown["my"]["unread_from_id"], await total(chat, ann)) == (None, 0)
    theirs = await chat.services.conversation_views.one(bob, group.id)
    assert theirs["last_message"]["message"] == "two"
    with pytest.raises(Invalid):
        await change(chat, ann, group, unread_from_id=two.id)
    with pytest.raises(Invalid):
        await change(chat, ann, group, cleared=False)
    await chat.say(bob, group, "three")
    shown = await chat.services.conversation_views.one(ann, group.id)
    assert (shown["last_message"]["message"], shown["my"]["unread_count"]) == ("three", 1)


@pytest.mark.parametrize("private", [False, True], ids=["for all to see", "private"])
@pytest.mark.gen_test
async def test_what_is_called_unread_stays_so_until_they_read_again_and_others_learn_nothing(
    chat: Any, private: bool
) -> None:
    for ann, bob, conversation in (
        await chat.pair(),
        (lambda made: (*made[0], made[1]))(await group_of(chat, 2)),
    ):
        _, two, three = [await chat.say(bob, conversation, text) for text in ("one", "two", "three")]
        last = three.id
        await chat.services.receipts.mark_read_up_to(ann, conversation.id, last, False)
        await change(chat, ann, conversation, unread_from_id=two.id)
        shown = await my(chat, ann, conversation)
        assert (shown["unread_count"], shown["unread_from_id"]) == (2, two.id)
        assert shown["read_id"] == last, "which is not taken back"
        await chat.say(bob, conversation, "four")
        assert (await my(chat, ann, conversation))["unread_count"] == 3
        with pytest.raises(Invalid):
            await change(chat, ann, conversation, unread_from_id=last + 2)
        cursor = await chat.cursor(ann)
        await chat.services.receipts.mark_read_up_to(
            ann, conversation.id, last, private
        )  # no further than before
        assert (await told(chat, ann, cursor))[-1]["my"]["unread_from_id"] is None
        shown = await my(chat, ann, conversation)
        assert (shown["unread_count"], shown["unread_from_id"]) == (1, None)
        marked, _ = await chat.services.receipts.mark_read(ann, conversation.id, None, private)
        assert (marked, (await my(chat, ann, conversation))["unread_count"]) == (1, 0)
