"""What a node knows of inboxes without reading them, and when that is not enough."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from chatserver import metrics
from chatserver.errors import TokenInvalid
from chatserver.model import UNKNOWN, Advance, Entry, Tail
from chatserver.polls.present import Present
from tests.support.metrics import value
from tests.support.waiting import held, in_time, together
from tests.unit.test_events import texts


def inbox_reads() -> float:
    return value(metrics.INBOX_READS)


@pytest.mark.gen_test
async def test_a_message_to_somebody_present_is_delivered_without_a_read_of_the_inbox(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    poll = await held(chat.poll(bob, await chat.cursor(bob), wait=60))
    before = inbox_reads()
    for text in ("one", "two", "three"):
        await chat.say(ann, conversation, text)
        answer = await poll
        assert texts(answer) == [text]
        poll = await held(chat.poll(bob, answer.cursor, wait=60), 0.05)
    assert inbox_reads() == before
    assert str(await chat.cursor(bob)) == str(answer.cursor)
    chat.hub.close()
    await poll


@pytest.mark.gen_test
async def test_what_another_node_stored_first_is_delivered_first_though_its_bell_was_lost(chats: Any) -> None:
    one, other = await chats(), await chats()  # with a bus for each: no bell gets across
    ann, bob, conversation = await one.pair()
    cat = await other.person()
    with_cat, _ = await other.services.conversations.open_direct(cat, bob.user_id)
    poll = await held(one.poll(bob, await one.cursor(bob), wait=60))
    await other.say(cat, with_cat, "from another node")
    await one.say(ann, conversation, "from this one")
    answer = await poll
    assert texts(answer) == ["from another node", "from this one"]
    assert answer.cursor == await one.cursor(bob)
    assert len(await one.ring(bob)) == 2


@pytest.mark.gen_test
async def test_a_bell_that_comes_while_a_message_is_fanned_out_is_not_taken_for_that_message(
    chats: Any,
) -> None:
    one, other = await chats(), await chats()
    ann, bob, conversation = await one.pair()
    cat = await other.person()
    with_cat, _ = await other.services.conversations.open_direct(cat, bob.user_id)
    first = await one.cursor(bob)
    await (await held(one.poll(bob, first, wait=0.5)))
    [(user_id, before)] = one.hub.claim([bob.user_id]).items()
    message = await one.append_only(ann, conversation, "from this node")
    await one.storage.inboxes.advance(
        [Advance(conversation.id, message.seq, message.seq, conversation.member_ids)],
        claims={user_id: before},
    )
    await other.say(cat, with_cat, "from another")
    one.hub.ring([bob.user_id])
    one.hub.get(bob.user_id).moved(before, Entry("messages", conversation.id, message.seq, message.seq))
    answer = await one.poll(bob, first, wait=5)
    assert texts(answer) == ["from this node", "from another"]


@pytest.mark.gen_test
async def test_a_read_from_before_a_fan_out_that_comes_late_puts_no_poll_to_sleep(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, conversation = await chat.pair()
    first = await chat.cursor(bob)
    await chat.poll(bob, first, wait=0.01)
    write, tails = chat.storage.flushes.append_and_advance, chat.storage.inboxes.tails
    reading, told = asyncio.Event(), asyncio.Event()

    async def late(known: Any) -> Any:
        found = await tails(known)
        reading.set()
        await told.wait()
        return found

    async def beside_a_read(*flush: Any) -> Any:
        nonlocal poll
        monkeypatch.setattr(chat.storage.inboxes, "tails", late)
        poll = asyncio.ensure_future(chat.poll(bob, first, wait=60))
        await reading.wait()
        monkeypatch.setattr(chat.storage.inboxes, "tails", tails)
        return await write(*flush)

    poll: Any = None
    monkeypatch.setattr(chat.storage.flushes, "append_and_advance", beside_a_read)
    await chat.say(ann, conversation, "hello")
    told.set()
    assert texts(await in_time(poll)) == ["hello"]


@pytest.mark.gen_test
async def test_messages_from_several_people_at_once_all_arrive_once_and_in_the_order_of_the_inbox(
    chat: Any,
) -> None:
    bob = await chat.person()
    people = [await chat.person() for _ in range(12)]
    conversations = [(await chat.services.conversations.open_direct(one, bob.user_id))[0] for one in people]
    first = cursor = await chat.cursor(bob)
    found: list[str] = []
    for round in range(3):
        poll = await held(chat.poll(bob, cursor, wait=60), 0.1)
        said = [
            chat.say(one, conversation, f"{round} {number}")
            for number, (one, conversation) in enumerate(zip(people, conversations, strict=True))
        ]
        await together(*said)
        answer = await poll
        found += texts(answer)
        while len(found) < 12 * (round + 1):
            answer = await chat.poll(bob, answer.cursor, wait=0.2)
            found += texts(answer)
        cursor = answer.cursor
    assert sorted(found) == sorted(f"{round} {number}" for round in range(3) for number in range(12))
    again = await chat.poll(bob, first)
    assert texts(again) == found


@pytest.mark.gen_test
async def test_a_session_in_use_is_not_read_again_while_nothing_ends_one(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    sessions = chat.services.sessions
    token, _, session = await sessions.start(await chat.services.accounts.account(ann.user_id), "other")
    passed = 0.0
    chat.clock.monotonic = lambda: time.monotonic() + passed
    actor = await sessions.authenticate(token)
    cursor = (await chat.poll(actor, await chat.cursor(actor), wait=0.01)).cursor
    passed += 5.1
    await sessions.authenticate(token)  # read again, now that a version is known
    await chat.storage.sessions.delete(ann.user_id, session.id)  # seen by nobody who does not read it
    for number in range(4):
        await chat.say(bob, conversation, str(number))
        answer = await chat.poll(actor, cursor, wait=5)
        assert texts(answer) == [str(number)]
        cursor = answer.cursor
        passed += 5.1
        await chat.check.check(list(chat.hub))
        assert await sessions.authenticate(token) == actor
    # Another node ends it. Its bell is lost, and the message here is the second of two entries that are new.
    await chat.storage.inboxes.push([ann.user_id], Entry("session", ref=session.id))
    await chat.say(bob, conversation, "after the end")
    await chat.poll(ann, cursor, wait=5)
    passed += 5.1
    await chat.check.check(list(chat.hub))
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(token)


@pytest.mark.parametrize(("kind", "calm"), [("read", True), ("session", False), (UNKNOWN, False)])
def test_what_may_have_ended_a_session_is_no_reason_to_trust_it(kind: str, calm: bool) -> None:
    present = Present(1)
    message = Entry("messages", 7, 1, 1)
    present.read(Tail("epoch", 1, (message,)), 0.0, present.stamp)

    present.read(Tail("epoch", 2, (message, Entry(kind))), 1.0, present.stamp)

    assert present.calm_since(1) is calm
