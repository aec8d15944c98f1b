"""Reading in groups: what it costs, who is told, and what counts as unread."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chatserver.errors import Forbidden, Invalid, NotFound
from chatserver.model import SYSTEM_SENDER, Actor, Bell, Conversation, Message, Policy, message_id
from chatserver.services.permissions import shows_reads
from tests.support.waiting import eventually
from tests.unit.test_own_settings import group_of, my, told


async def read(chat: Any, actor: Actor, message: Message, private: bool = False) -> int:
    c = message.conversation_id
    return int((await chat.services.receipts.mark_read_up_to(actor, c, message.id, private))[0])


async def seen(chat: Any, actor: Actor, message: Message) -> list[int]:
    chat.clock.skip(3)  # longer than a look is kept
    answer = await chat.services.seen_by.of(actor, message.conversation_id, message.id)
    assert answer["count"] == len(answer["read"])
    return [one["user_id"] for one in answer["read"]]


@pytest.mark.gen_test
async def test_a_read_moves_the_readers_own_inbox_and_no_other(chat: Any) -> None:
    actors, group = await group_of(chat, 20)
    _, two = [await chat.say(actors[0], group, text) for text in ("one", "two")]
    before = [(await chat.inbox(actor)).version for actor in actors]
    for reader in actors[1:6]:
        assert await read(chat, reader, two) == 2
    after = [(await chat.inbox(actor)).version for actor in actors]
    assert [a - b for a, b in zip(after, before, strict=True)] == [0] + [1] * 5 + [0] * 14
    assert (await chat.inbox(actors[1])).unread(group.id) == 0
    assert (await chat.storage.conversations.pending_reads(10)) == []


@pytest.mark.gen_test
async def test_mark_read_takes_groups_by_id_and_by_message(chat: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    said = [await chat.say(ann, group, text) for text in ("one", "two", "three")]
    cursor = await chat.cursor(bob)
    assert (await chat.services.receipts.mark_ids_read(bob, [said[1].id]))[0] == 2
    [event] = await told(chat, bob, cursor)
    assert (event["my"]["unread_count"], event["my"]["read_id"]) == (1, said[1].id)
    assert (await chat.services.receipts.mark_read(bob, group.id, None))[0] == 1
    assert (await my(chat, bob, group))["unread_count"] == 0
    with pytest.raises(Invalid):
        await chat.services.receipts.mark_read_up_to(bob, group.id, message_id(group.id + 1, 1), False)


@pytest.mark.gen_test
async def test_what_the_server_itself_says_is_unread_to_nobody(chat: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    server = Actor(SYSTEM_SENDER.id, 0)
    one = await chat.say(ann, group, "one")
    await chat.say(server, group, "somebody joined")
    await chat.say(bob, group, "mine")
    left = await chat.say(server, group, "somebody left")
    two = await chat.say(ann, group, "two")
    assert (await my(chat, bob, group))["unread_count"] == 2
    assert await read(chat, bob, one) == 1
    assert (await my(chat, bob, group))["unread_count"] == 1
    assert await read(chat, bob, left) == 0
    assert (await my(chat, bob, group))["unread_count"] == 1
    await chat.say(server, group, "the name was changed")
    assert (await my(chat, bob, group))["unread_count"] == 1
    assert await read(chat, bob, two) == 1
    assert (await my(chat, bob, group))["unread_count"] == 0


@pytest.mark.gen_test
async def test_the_sender_is_told_who_has_read_a_message_unless_they_did_so_in_private(chat: Any) -> None:
    (ann, bob, eve), group = await group_of(chat, 3)
    said = [await chat.say(ann, group, text) for text in ("one", "two")]
    assert await seen(chat, ann, said[0]) == []
    await read(chat, bob, said[0])
    await read(chat, eve, said[1], private=True)
    await read(chat, ann, said[1])
    assert (await my(chat, eve, group))["unread_count"] == 0
    assert (await seen(chat, ann, said[0]), await seen(chat, ann, said[1])) == ([bob.user_id], [])
    await read(chat, eve, said[1])
    assert await seen(chat, ann, said[1]) == [eve.user_id]
    answer = await chat.services.seen_by.of(ann, group.id, said[0].id)
    assert {one["user_id"]: one["read_id"] for one in answer["read"]} == {
        bob.user_id: said[0].id,
        eve.user_id: said[1].id,
    }
    with pytest.raises(Forbidden):
        await chat.services.seen_by.of(bob, group.id, said[0].id)
    with pytest.raises(NotFound):
        await chat.services.seen_by.of(ann, group.id, said[1].id + 1)
    with pytest.raises(Invalid):
        await chat.services.seen_by.of(ann, group.id, message_id(group.id + 1, 1))
    with pytest.raises(NotFound):
        await chat.services.seen_by.of(await chat.person(), group.id, said[0].id)


@pytest.mark.gen_test
async def test_who_joined_later_has_not_read_what_was_said_before(chat: Any) -> None:
    (ann, bob), group = await group_of(chat, 2)
    said = await chat.say(ann, group, "before")
    eve = await chat.person()
    await chat.services.memberships.add(bob, group.id, eve.user_id)
    later = await chat.say(ann, group, "after")
    await chat.services.receipts.mark_read(eve, group.id, None)
    assert (await seen(chat, ann, said), await seen(chat, ann, later)) == ([], [eve.user_id])


@pytest.mark.gen_test
async def test_one_look_serves_all_who_ask_within_two_seconds(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    said = [await chat.say(ann, group, text) for text in ("one", "two")]
    await read(chat, bob, said[1])
    assert await seen(chat, ann, said[0]) == [bob.user_id]
    monkeypatch.setattr(chat.storage.own_settings, "readers", lambda *_: pytest.fail("another look"))
    answer = await chat.services.seen_by.of(ann, group.id, said[1].id)
    assert [one["user_id"] for one in answer["read"]] == [bob.user_id]


def test_where_receipts_are_off_or_members_are_many_nobody_is_shown_them() -> None:
    group = Conversation(1, "group", policy=Policy(), member_count=100)
    assert shows_reads(group)
    assert not shows_reads(replace(group, member_count=101))
    assert not shows_reads(replace(group, policy=Policy(receipts=False)))


@pytest.mark.gen_test
async def test_where_receipts_are_off_a_read_counts_for_the_reader_alone(chat: Any, database: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    conversations = database["conversations"]
    conversations.update_one({"_id": group.id}, {"$set": {"policy.receipts": False}})
    said = await chat.say(ann, group, "one")
    assert await read(chat, bob, said) == 1
    assert (await my(chat, bob, group))["unread_count"] == 0
    answer = await chat.services.seen_by.of(ann, group.id, said.id)
    assert answer == {"read": [], "count": None}
    members = await chat.storage.conversations.members(group.id, [bob.user_id])
    assert members[bob.user_id].read_seq == 0, "so that none is shown once receipts are on"
    [shown] = await chat.services.messages.shown_all(bob, [said])
    assert (shown["is_read"], shown["read_at"]) == (True, None)
    [shown] = await chat.services.messages.shown_all(ann, [said])
    assert shown["is_read"] is False


async def live(chat: Any, actor: Actor, cursor: Any, kind: str) -> list[dict[str, Any]]:
    return [json.loads(e)["data"] for e in (await chat.poll(actor, cursor, 5.0)).events if kind.encode() in e]


@pytest.mark.gen_test
async def test_those_who_are_there_see_reads_of_many_in_one_event_and_original_clients_none(
    chat: Any,
) -> None:
    (ann, bob, eve), group = await group_of(chat, 3)
    said = [await chat.say(ann, group, text) for text in ("one", "two")]
    cursor = await chat.cursor(ann)
    await chat.poll(ann, cursor)
    await chat.poll(ann)
    await read(chat, bob, said[0])
    await read(chat, eve, said[1])
    await read(chat, bob, said[1])
    await eventually(lambda: chat.hub.get(ann.user_id).ephemerals)
    [event] = await live(chat, ann, cursor, '"receipts"')
    read_up_to = {str(bob.user_id): said[1].id, str(eve.user_id): said[1].id}
    assert event == {"conversation_id": group.id, "read": read_up_to}
    assert (await chat.poll(ann)).events == []


@pytest.mark.gen_test
async def test_typing_in_a_group_is_shown_to_those_who_are_there_but_not_to_original_clients(
    chat: Any,
) -> None:
    (ann, bob, eve), group = await group_of(chat, 3)
    cursors = {actor: await chat.cursor(actor) for actor in (ann, bob, eve)}
    for actor in (ann, bob):
        await chat.poll(actor, cursors[actor])
        await chat.poll(actor)
    await chat.services.typing.signal_in(bob, group.id, True)
    [event] = await live(chat, ann, cursors[ann], '"typing"')
    assert (event["sender_id"], event["conversation_id"], event["is_typing"]) == (bob.user_id, group.id, True)
    assert (await chat.poll(ann)).events == []
    assert (await chat.poll(bob, cursors[bob])).events == []
    assert chat.hub.get(eve.user_id) is None
    await chat.services.typing.signal_in(bob, group.id, False)
    [event] = await live(chat, ann, cursors[ann], '"typing"')
    assert event["is_typing"] is False


@pytest.mark.gen_test
async def test_who_may_not_speak_does_not_type_and_in_a_large_group_nobody_is_told(
    chat: Any, database: Any
) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    cursor = await chat.cursor(ann)
    await chat.poll(ann, cursor)
    conversations = database["conversations"]
    conversations.update_one({"_id": group.id}, {"$set": {"member_count": 101}})
    await chat.services.typing.signal_in(bob, group.id, True)
    assert chat.hub.get(ann.user_id).ephemerals == []
    conversations.update_one({"_id": group.id}, {"$set": {"policy.send": "admin"}})
    chat.clock.skip(6)  # longer than a group is kept
    with pytest.raises(Forbidden):
        await chat.services.typing.signal_in(bob, group.id, True)


@pytest.mark.gen_test
async def test_typing_ends_with_the_message(chat: Any) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    cursor = await chat.cursor(ann)
    await chat.poll(ann, cursor)
    await chat.services.typing.signal_in(bob, group.id, True)
    await chat.say(bob, group, "said")
    assert [one["is_typing"] for one in await live(chat, ann, cursor, '"typing"')] == [False]


@pytest.mark.parametrize("end", ["they say so", "their message"])
@pytest.mark.gen_test
async def test_a_bell_of_typing_that_its_end_has_overtaken_shows_nobody_typing(chat: Any, end: str) -> None:
    (ann, bob, _), group = await group_of(chat, 3)
    cursor = await chat.cursor(ann)
    await chat.poll(ann, cursor)
    body = {"sender_id": bob.user_id, "sender_name": "Bob", "conversation_id": group.id, "is_typing": True}
    body["at"] = chat.clock.now().isoformat()
    chat.clock.skip(1)
    if end == "they say so":
        await chat.services.typing.signal_in(bob, group.id, False)
    else:
        await chat.say(bob, group, "said")
    cursor = (await chat.poll(ann, cursor, 5.0)).cursor
    late = Bell("group_typing", (ann.user_id,), body)
    chat.bus.publish(late)
    await chat.say(bob, group, "said again")
    assert await live(chat, ann, cursor, '"typing"') == []
    again = replace(late, body={**body, "at": (chat.clock.now() + timedelta(seconds=1)).isoformat()})
    chat.bus.publish(again)
    [event] = await live(chat, ann, cursor, '"typing"')
    assert (event["is_typing"], "at" in event) == (True, False)
