"""What is said in a group goes the way of what two say to one another: one trip stores it and moves its inboxes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chatserver.model import Actor, Conversation, Flushed
from tests.support.commands import intercept
from tests.support.waiting import GENEROUS_SECS, eventually, together
from tests.unit.test_memberships import assert_sound

pytestmark = pytest.mark.usefixtures("trips", "patient_covers")


@pytest.fixture
def patient_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, no fan-out comes too late to cover."""
    monkeypatch.setattr("chatserver.storage.cover.COVER_SECS", GENEROUS_SECS / 2)


async def heads_of(chat: Any, group: Conversation, *people: Actor) -> list[int | None]:
    heads = await chat.storage.inboxes.heads([one.user_id for one in people], [group.id])
    return [heads.get(one.user_id, {}).get(group.id) for one in people]


def flushes_of(chat: Any, monkeypatch: pytest.MonkeyPatch) -> list[Flushed]:
    append, flushes = chat.storage.flushes.append_and_advance, []

    async def noted(*flush: Any) -> Flushed:
        flushes.append(await append(*flush))
        return flushes[-1]

    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", noted)
    return flushes


@pytest.mark.gen_test
async def test_who_left_a_moment_ago_is_not_reached_and_all_others_are_in_the_trip_that_stores(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, cat = [await chat.person() for _ in range(3)]
    group = await chat.group(ann, bob, cat)
    await chat.services.memberships.leave(cat, group.id)
    flushes = flushes_of(chat, monkeypatch)
    stored = await chat.say(ann, group, "to those who are here")  # as a node that knows of the three
    [flushed] = flushes
    [advance] = flushed.advances
    assert advance.member_ids == tuple(sorted((ann.user_id, bob.user_id)))
    assert flushed.reached == 2
    assert await heads_of(chat, group, ann, bob, cat) == [stored.seq, stored.seq, None]
    await assert_sound(chat, group, ann, bob)


@pytest.mark.gen_test
async def test_two_people_keep_their_one_trip_beside_what_is_said_to_very_many(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await chat.person() for _ in range(5)]
    group = await chat.group(*people)
    ann, bob, pair = await chat.pair()
    monkeypatch.setattr("chatserver.sending.large_fanouts.SLICE", 4)
    flushes = flushes_of(chat, monkeypatch)
    sends = [chat.send(people[0], group, "to many"), chat.send(ann, pair, "to one")]
    (to_many, _), _ = await together(*map(chat.writer.post, sends))
    [flushed] = flushes
    assert [advance.conversation_id for advance in flushed.advances] == [pair.id]
    assert (await chat.inbox(bob)).heads[pair.id] == 1

    async def reached() -> bool:
        return await heads_of(chat, group, *people) == [to_many.seq] * 5

    await eventually(reached)


@pytest.mark.gen_test
async def test_who_is_held_is_given_what_another_node_stored_before_what_this_one_did(chats: Any) -> None:
    one, two = await chats(), await chats()
    ann, bob, pair = await one.pair()
    group = await one.group(ann, bob)
    for conversation in (pair, group):
        await one.say(ann, conversation, "known here")
    place = await one.cursor(bob)
    await one.poll(bob, place)  # this node knows where the inbox stands
    held = asyncio.create_task(one.poll(bob, place, GENEROUS_SECS))
    await eventually(lambda: one.hub.get(bob.user_id).waiters)
    await two.say(ann, pair, "of the other node")

    # The first is refused, because its number is taken; the second goes out, to the same person.
    sends = [one.send(ann, pair, "late"), one.send(ann, group, "to all")]
    await together(*map(one.writer.post, sends))
    given = [await held]
    while len(texts := [text for answer in given for text in said(answer)]) < 3:
        given.append(await one.poll(bob, given[-1].cursor))
    assert texts == ["of the other node", "to all", "late"]


def said(answer: Any) -> list[str]:
    return [json.loads(event)["data"]["message"] for event in answer.events]


@pytest.mark.gen_test
async def test_what_reaches_nobody_is_made_sure_all_the_same(
    chat: Any, monkeypatch: pytest.MonkeyPatch, database: Any
) -> None:
    ann, bob = await chat.person(), await chat.person()
    group = await chat.group(ann, bob)
    database.members.update_many({"_id.c": group.id}, {"$set": {"state": "left"}})
    concerns = []

    def noted(command: Any) -> Any:
        if command.get("update") == "inboxes":
            concerns.append(command["writeConcern"]["w"])
        return (yield command)

    intercept(monkeypatch, noted)
    stored = await chat.say(ann, group, "into an empty room")
    assert (await chat.log(group))[-1] == "into an empty room"
    assert concerns == ["majority"]
    assert await chat.storage.messages.head(group.id) == stored.seq
