"""The place of clients without a cursor: noted before each answer, and shared by all nodes they poll."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.cursor import KeptPlace, PlaceClaim, PlaceMove
from chatserver.errors import TokenInvalid, Unavailable
from chatserver.storage.sessions import SessionStore
from tests.support.waiting import eventually, held, together
from tests.unit.test_events import texts
from tests.unit.test_present import inbox_reads


async def kept(chat: Any, actor: Any) -> KeptPlace:
    found: KeptPlace = (await chat.storage.sessions.kept_places([actor.session_id]))[actor.session_id]
    return found


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[SessionStore]:
    """Whose store was asked for places, each time; of the nodes that are opened from then on."""
    asked: list[SessionStore] = []
    read = SessionStore.kept_places

    async def counted(store: SessionStore, ids: list[int]) -> Any:
        asked.append(store)
        return await read(store, ids)

    monkeypatch.setattr(SessionStore, "kept_places", counted)
    return asked


async def begun(chat: Any) -> tuple[Any, Any, Any]:
    """A pair whose first message was given to the second of them."""
    ann, bob, conversation = await chat.pair()
    await chat.say(ann, conversation, "first")
    assert texts(await chat.poll(bob)) == ["first"]
    return ann, bob, conversation


@pytest.mark.gen_test
async def test_a_message_to_somebody_whose_place_is_known_is_delivered_without_a_read(
    reads: list[SessionStore], chats: Any
) -> None:
    chat, looking_on = await chats(), await chats()
    ann, bob, conversation = await begun(chat)
    poll = await held(chat.poll(bob, wait=60))
    before = inbox_reads(), reads.count(chat.storage.sessions)
    assert before[1] > 0
    for text in ("one", "two", "three"):
        await chat.say(ann, conversation, text)
        assert texts(await poll) == [text]
        assert await kept(looking_on, bob) == KeptPlace(await chat.cursor(bob), None, "")
        poll = await held(chat.poll(bob, wait=60), 0.05)
    assert (inbox_reads(), reads.count(chat.storage.sessions)) == before
    chat.hub.close()
    await poll


@pytest.mark.gen_test
async def test_what_another_node_gave_meanwhile_is_not_given_again(chats: Any) -> None:
    one, other = await chats(), await chats()  # with a bus for each: no bell gets across
    ann, bob, conversation = await begun(one)
    poll = await held(one.poll(bob, wait=60))
    await other.say(ann, conversation, "second")
    assert texts(await other.poll(bob)) == ["second"], "the client hung up there and came here"
    await one.say(ann, conversation, "third")
    assert texts(await poll) == ["third"]
    assert texts(await other.poll(bob)) == []


@pytest.mark.parametrize("waits", [0, 20], ids=["read", "told"])
@pytest.mark.gen_test
async def test_what_another_node_gave_while_this_one_was_about_to_is_not_given_again(
    chats: Any, monkeypatch: pytest.MonkeyPatch, waits: int
) -> None:
    one, other = await chats(), await chats()
    ann, bob, conversation = await begun(one)
    poll = await held(one.poll(bob, wait=2)) if waits else None
    real, given = one.storage.sessions.claim_places, []

    async def claim(claims: list[PlaceClaim]) -> bool:
        if not given:
            given.extend(texts(await other.poll(bob)))
        return bool(await real(claims))

    monkeypatch.setattr(one.storage.sessions, "claim_places", claim)
    await one.say(ann, conversation, "second")
    assert texts(await (poll or one.poll(bob))) == []
    assert given == ["second"]


@pytest.mark.gen_test
async def test_an_answer_that_another_node_is_giving_is_waited_for_and_not_for_ever(chats: Any) -> None:
    one, other = await chats(), await chats()
    ann, bob, conversation = await one.pair()
    start = (await kept(one, bob)).place
    await one.say(ann, conversation, "under way")
    claim = PlaceClaim(bob.session_id, start, "", await one.cursor(bob), "a node that dies")
    assert await one.storage.sessions.claim_places([claim])
    assert (await kept(other, bob)).node == "a node that dies", "seen at once, though it waits for no journal"
    assert texts(await other.poll(bob)) == ["under way"]
    assert await kept(one, bob) == KeptPlace(await one.cursor(bob), None, "")


@pytest.mark.gen_test
async def test_the_word_of_an_earlier_answer_leaves_a_later_one_pending(
    reads: list[SessionStore], chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await chats(), await chats()
    ann, bob, conversation = await one.pair()
    # The first word comes when the second answer is on its way, the second when the client has gone to the other node.
    move, go_on = one.storage.sessions.move_places, [asyncio.Event(), asyncio.Event()]
    held_up = iter(go_on)

    async def late(moves: list[PlaceMove]) -> None:
        await next(held_up).wait()
        await move(moves)

    monkeypatch.setattr(one.storage.sessions, "move_places", late)
    await one.say(ann, conversation, "first")
    first_word = await held((await one.answer(bob)).delivered(True), 0.01)
    await one.say(ann, conversation, "second")
    second = await one.answer(bob)
    assert texts(second) == ["second"]
    go_on[0].set()
    await first_word
    second_word = asyncio.ensure_future(second.delivered(True))
    next_poll = asyncio.ensure_future(other.poll(bob))
    # Once more, because another node is answering.
    await eventually(lambda: next_poll.done() or reads.count(other.storage.sessions) > 1)
    go_on[1].set()
    assert texts(await next_poll) == []
    await second_word


@pytest.mark.gen_test
async def test_an_answer_that_did_not_get_through_is_given_again(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    before = (await kept(chat, bob)).place
    await chat.say(ann, conversation, "cut off")
    answer = await chat.answer(bob)
    await answer.delivered(False)
    assert await kept(chat, bob) == KeptPlace(before, None, "")
    assert texts(await chat.poll(bob)) == ["cut off"]


@pytest.mark.parametrize("behind", [1, 100])
@pytest.mark.gen_test
async def test_an_inbox_that_is_read_older_than_the_place_is_no_reason_to_begin_anew(
    chats: Any, monkeypatch: pytest.MonkeyPatch, behind: int
) -> None:
    one, other = await chats(), await chats()
    ann, bob, conversation = await one.pair()
    await one.say(ann, conversation, "first")
    [old] = (await one.storage.inboxes.tails({bob.user_id: None})).values()
    await one.say(ann, conversation, "second")
    assert texts(await one.poll(bob)) == ["first", "second"]
    looks, reads = other.inbox_reads.tail, []

    async def tail(*asked: Any) -> Any:  # as from a primary that has not heard of its majority
        reads.append(asked)
        return old if len(reads) <= behind else await looks(*asked)

    monkeypatch.setattr(other.inbox_reads, "tail", tail)
    if behind == 1:
        assert texts(await other.poll(bob)) == []
    else:
        with pytest.raises(Unavailable):
            await other.poll(bob)


@pytest.mark.gen_test
async def test_places_are_claimed_together_and_each_for_itself(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await chats(), await chats()
    pairs = [await one.pair() for _ in range(4)]
    for sender, _, conversation in pairs:
        await one.say(sender, conversation, "hello")
    moved = pairs[2][1]
    real, claimed = one.storage.sessions.claim_places, []

    async def claim(claims: list[PlaceClaim]) -> bool:
        ids = [claim.session_id for claim in claims]
        if moved.session_id in ids and moved.session_id not in claimed:
            assert len(ids) > 1
            assert texts(await other.poll(moved)) == ["hello"]
        claimed.extend(ids)
        return bool(await real(claims))

    monkeypatch.setattr(one.storage.sessions, "claim_places", claim)
    answers = await together(*(one.poll(receiver) for _, receiver, _ in pairs))
    assert [texts(answer) for answer in answers] == [["hello"], ["hello"], [], ["hello"]]
    assert sorted(claimed) == sorted(receiver.session_id for _, receiver, _ in pairs), "none of them twice"


@pytest.mark.gen_test
async def test_a_held_poll_without_cursor_ends_with_its_session(chat: Any) -> None:
    ann, bob, conversation = await begun(chat)
    poll = await held(chat.poll(bob, wait=60))
    await chat.storage.sessions.delete(bob.user_id, bob.session_id)  # by a node whose bell was lost
    await chat.say(ann, conversation, "not for who stole it")
    with pytest.raises(TokenInvalid):
        await poll
