"""Messages to very many: the sender has the answer, and the inboxes follow slice after slice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.errors import Unavailable
from chatserver.model import Actor, Bell, Conversation
from tests.unit.test_memberships import assert_sound, seen

PEOPLE = 8


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatserver.sending.large_fanouts.SLICE", 3)


async def crowd(chat: Any) -> tuple[list[Actor], Conversation]:
    people = [await chat.person() for _ in range(PEOPLE)]
    group = await chat.group(*people)
    await reached(chat, group, people)
    return people, group


async def reached(chat: Any, group: Conversation, people: list[Actor]) -> None:
    async with asyncio.timeout(30):
        while True:
            last = await chat.storage.messages.head(group.id)
            ids = [one.user_id for one in people]
            heads = await chat.storage.inboxes.heads(ids, [group.id])
            if all(of[group.id] == last for of in heads.values()):
                return
            await asyncio.sleep(0)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.gen_test
async def test_all_of_very_many_get_every_message_once_and_in_order(chat: Any) -> None:
    people, group = await crowd(chat)
    cursors = [await chat.cursor(one) for one in people[:2]]
    sent = [(await chat.say(people[n % 2], group, f"number {n}")).seq for n in range(6)]
    await reached(chat, group, people)
    for one in people:
        assert [seq for seq in await seen(chat, one) if seq in sent] == sent
    for one in people[:2]:
        own = (await chat.inbox(one)).own[group.id]
        assert own == 4, "each wrote three of them, and that the group began counts along"
    answer = await chat.poll(people[0], cursors[0])
    assert len([event for event in answer.events if b'"message"' in event]) == 3
    await assert_sound(chat, group, *people)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.gen_test
async def test_every_node_is_brought_what_is_said_to_very_many(chat: Any) -> None:
    people, group = await crowd(chat)
    rung: list[Bell] = []

    def hear(bell: Bell) -> None:
        rung.append(bell)
        chat.services.bells.heard(bell)

    chat.bus.listen(hear)
    message = await chat.say(people[0], group, "to all of you")
    assert [bell.user_ids for bell in rung if bell.message == message] == [()]
    await reached(chat, group, people)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("step", ["conversations.member_ids", "inboxes.advance"])
@pytest.mark.gen_test
async def test_the_answer_waits_neither_for_the_names_nor_for_the_inboxes_of_very_many(
    chat: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    people, group = await crowd(chat)
    go_on = asyncio.Event()
    store, name = step.split(".")
    whole = getattr(getattr(chat.storage, store), name)

    async def dawdling(*asked: Any) -> Any:
        await go_on.wait()
        return await whole(*asked)

    with monkeypatch.context() as patched:
        patched.setattr(getattr(chat.storage, store), name, dawdling)
        async with asyncio.timeout(30):
            message = await chat.say(people[0], group, "at once")
        heads = await chat.storage.inboxes.heads([people[1].user_id], [group.id])
        assert heads[people[1].user_id][group.id] < message.seq
        go_on.set()
        await reached(chat, group, people)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.gen_test
async def test_what_the_database_does_not_take_of_a_slice_is_retried(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, group = await crowd(chat)
    refusals = iter([True, False, True])
    advance = chat.storage.inboxes.advance

    async def at_times(*asked: Any) -> int:
        if next(refusals, False):
            raise Unavailable("not now")
        return int(await advance(*asked))

    monkeypatch.setattr(chat.storage.inboxes, "advance", at_times)
    await chat.say(people[0], group, "one")
    await chat.say(people[1], group, "two")
    await reached(chat, group, people)
    await assert_sound(chat, group, *people)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.gen_test
async def test_who_comes_or_goes_while_the_slices_are_under_way_has_theirs_once_and_no_other(
    chat: Any,
) -> None:
    people, group = await crowd(chat)
    ann, bob, *_ = people
    come = [await chat.person() for _ in range(4)]
    memberships = chat.services.memberships
    sends = [chat.say(ann, group, f"number {n}") for n in range(8)]
    moves = [memberships.add(ann, group.id, one.user_id) for one in come]
    sent, *_ = await asyncio.gather(
        asyncio.gather(*sends), asyncio.gather(*moves), memberships.leave(bob, group.id)
    )
    await chat.sweeper().sweep()
    stayed = [one for one in people if one is not bob]
    await reached(chat, group, [*stayed, *come])
    last = await chat.storage.messages.head(group.id)
    for one in come:
        floor = (await chat.storage.groups.member(group.id, one.user_id)).floor_seq
        assert await seen(chat, one) == list(range(floor + 1, last + 1))
    for one in stayed:
        assert await seen(chat, one) == list(range(1, last + 1))
    got = await seen(chat, bob)
    assert got == list(range(1, len(got) + 1))
    assert {message.seq for message in sent} <= set(range(1, last + 1))
    await assert_sound(chat, group, *people, *come)
