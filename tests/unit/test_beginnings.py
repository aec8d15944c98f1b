"""Direct conversations begin together, meet where two begin at once, and are finished by the next one if a node dies."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from chatserver import failpoints
from chatserver.errors import Unavailable
from chatserver.model import MAX_CONVERSATION_ID
from chatserver.storage import cover as covers
from tests.support.client import unique
from tests.support.commands import intercept
from tests.support.waiting import GENEROUS_SECS, together

STEPS = ("after_claim", "after_join", "after_members", "after_finish")


@pytest.fixture(autouse=True)
def patient_covers(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, no last step comes too late to cover unless a test wants it to."""
    monkeypatch.setattr(covers, "COVER_SECS", GENEROUS_SECS / 2)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many commands of each kind scripts have sent, and to which collection."""
    counted: Counter[str] = Counter()

    def counting(command: Any) -> Any:
        kind = next(iter(command))
        counted[f"{kind} {command[kind]}"] += 1
        return (yield command)

    intercept(monkeypatch, counting)
    return counted


async def open_all(chat: Any, people: list[Any], but: int = 0) -> list[Any]:
    opened = [
        chat.services.conversations.open_direct(one, other.user_id)
        for n, one in enumerate(people)
        for other in people[n + 1 :]
    ]
    return [conversation for conversation, _ in await together(*opened[but:])]


async def assert_complete(chat: Any, conversation: Any) -> None:
    """It is found, and both members have what lets messages in."""
    assert (await chat.storage.conversations.conversations([conversation.id]))[conversation.id].member_ids
    members = await chat.storage.conversations.members(conversation.id, conversation.member_ids)
    assert members.keys() == set(conversation.member_ids)
    for user_id in conversation.member_ids:
        assert (await chat.storage.inboxes.inbox(user_id)).heads[conversation.id] >= 0


@pytest.mark.gen_test
async def test_conversations_that_begin_at_one_moment_take_as_many_commands_as_one(
    chat: Any, commands: Counter[str]
) -> None:
    people = [await chat.person() for _ in range(8)]
    commands.clear()
    opened = await open_all(chat, people)
    assert len({conversation.id for conversation in opened}) == 28
    assert set(commands) == {
        "find conversations", "update attempts",  # there is none yet, and they may begin one
        "insert conversations", "update inboxes", "insert members", "update conversations",
    }  # fmt: skip
    assert max(commands.values()) <= 3, "the first goes alone, and all others while it is under way"
    for conversation in opened:
        await assert_complete(chat, conversation)


@pytest.mark.gen_test
async def test_what_first_sends_of_one_moment_need_of_a_node_that_knows_nothing_is_read_in_one_trip(
    chats: Any, commands: Counter[str]
) -> None:
    one, fresh = await chats(), await chats()
    pairs = [await one.pair() for _ in range(20)]
    for number, (ann, _, conversation) in enumerate(pairs):
        for _ in range(number % 3):
            await one.say(ann, conversation, "before")
    commands.clear()
    sends = [fresh.services.messages.post(ann, bob.user_id, "hello", None, None) for ann, bob, _ in pairs]
    sent = [message for message, _ in await together(*sends)]
    assert [message["seq"] for message in sent] == [1 + number % 3 for number in range(20)]
    assert commands["find conversations"] <= 2 and commands["aggregate messages"] <= 2
    assert commands["insert messages"] <= 3, "no number was tried in vain"


@pytest.mark.gen_test
async def test_two_nodes_that_begin_at_once_meet_in_one_conversation(chats: Any) -> None:
    nodes = [await chats(), await chats()]
    for _ in range(5):
        ann, bob = await nodes[0].person(), await nodes[0].person()
        opens = [
            (nodes[0], ann, bob), (nodes[1], bob, ann), (nodes[0], bob, ann), (nodes[1], ann, bob),
        ]  # fmt: skip
        opened = await together(
            *(node.services.conversations.open_direct(a, b.user_id) for node, a, b in opens)
        )
        assert len({conversation.id for conversation, _ in opened}) == 1
        await assert_complete(nodes[1], opened[0][0])
        await together(nodes[0].say(ann, opened[0][0], "mine"), nodes[1].say(bob, opened[1][0], "mine too"))
        assert sorted(await nodes[0].log(opened[0][0])) == ["mine", "mine too"]


@pytest.mark.gen_test
@pytest.mark.parametrize("step", STEPS)
async def test_a_beginning_left_in_the_middle_is_not_found_and_is_finished_by_the_next(
    chats: Any, step: str
) -> None:
    dying, other = await chats(), await chats()
    ann, bob = await other.person(), await other.person()
    failpoints.arm(f"{step}=raise")
    try:
        with pytest.raises(Unavailable):
            await dying.services.conversations.open_direct(ann, bob.user_id)
    finally:
        failpoints.arm("")
    found = await other.services.conversations.find_direct(bob, ann.user_id)
    assert (found is None) == (step != "after_finish")
    conversation, _ = await other.services.conversations.open_direct(bob, ann.user_id)
    await assert_complete(other, conversation)
    await other.say(bob, conversation, "hello")
    assert [entry.kind for entry in await other.ring(ann)] == ["messages"]
    again, _ = await dying.services.conversations.open_direct(ann, bob.user_id)
    assert again == conversation and (await other.inbox(ann)).heads == {conversation.id: 1}


@pytest.mark.gen_test
async def test_steps_of_another_primary_than_the_last_one_are_taken_again_each_for_itself(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    concerns: list[Any] = []

    def by_another(command: Any) -> Any:
        if "find" in command or command.get("update") == "attempts":
            return (yield command)
        concerns.append(command["writeConcern"]["w"])
        return {**(yield command), "opTime": {"t": len(concerns)}}

    ann, bob = await chat.person(), await chat.person()
    with monkeypatch.context() as patched:
        intercept(patched, by_another)
        conversation, _ = await chat.services.conversations.open_direct(ann, bob.user_id)
    assert concerns == [1, 1, 1, *["majority"] * 4], "what nothing can cover is not sent"
    await assert_complete(chat, conversation)


@pytest.mark.gen_test
async def test_an_id_that_is_taken_costs_its_own_beginning_one_try_and_the_others_nothing(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, other = await chats(), await chats()
    people = [await chat.person() for _ in range(3)]
    taken, _ = await chat.services.conversations.open_direct(people[0], people[1].user_id)
    next_ids, first = other.storage.marks.next_ids, [taken.id]

    async def one_is_taken(noun: str, count: int) -> list[int]:
        ids = list(await next_ids(noun, count))
        return [first.pop(), *ids[1:]] if first else ids

    monkeypatch.setattr(other.storage.marks, "next_ids", one_is_taken)
    answers = await asyncio.gather(
        *(other.services.conversations.open_direct(people[2], one.user_id) for one in people[:2]),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 1, answers
    for one in people[:2]:
        await assert_complete(
            other, (await other.services.conversations.open_direct(people[2], one.user_id))[0]
        )


@pytest.mark.gen_test
async def test_beyond_the_last_id_no_conversation_begins(chats: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = await chats()
    ann, bob = await chat.person(), await chat.person()

    async def beyond(noun: str, count: int) -> range:
        return range(MAX_CONVERSATION_ID + 1, MAX_CONVERSATION_ID + 1 + count)

    monkeypatch.setattr(chat.storage.marks, "next_ids", beyond)
    with pytest.raises(Unavailable, match="no room"):
        await chat.services.conversations.open_direct(ann, bob.user_id)
    assert not (await chat.inbox(ann)).heads


@pytest.mark.gen_test
async def test_notes_to_oneself_begin_with_one_member(chat: Any) -> None:
    ann = await chat.person()
    conversation, head = await chat.services.conversations.open_direct(ann, ann.user_id)
    assert head == 0 and conversation.member_ids == (ann.user_id,)
    await assert_complete(chat, conversation)
    await chat.say(ann, conversation, unique("note"))
    assert (await chat.inbox(ann)).heads == {conversation.id: 1}
