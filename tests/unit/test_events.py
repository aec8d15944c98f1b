"""The poll's arithmetic: what is passed over, what is given, and when a held poll looks again."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from chatserver.model import Advance
from tests.support.waiting import GENEROUS_SECS, eventually, held


def texts(answer: Any) -> list[str]:
    events = [msgspec.json.decode(event) for event in answer.events]
    return [event["data"]["message"] for event in events if event["event"] == "message"]


@pytest.mark.gen_test
async def test_without_a_cursor_a_page_that_is_all_not_for_this_session_is_passed(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    for number in range(12):
        await chat.append_only(bob, conversation, f"mine {number}")
    await chat.fanout.repair(Advance(conversation.id, 1, 12, conversation.member_ids))
    await chat.say(ann, conversation, "for bob")
    found: list[str] = []
    for _ in range(4):
        found += texts(await chat.poll(bob, limit=5))
    assert found == ["for bob"]


@pytest.mark.gen_test
async def test_a_held_poll_looks_on_when_a_whole_page_was_not_for_it(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    cursor = await chat.cursor(bob)
    for number in range(12):
        await chat.say(bob, conversation, f"mine {number}")
    await chat.say(ann, conversation, "for bob")
    answer = await chat.poll(bob, cursor, wait=GENEROUS_SECS, limit=5)
    assert texts(answer) == ["for bob"]


@pytest.mark.gen_test
async def test_a_page_may_end_inside_a_range_and_the_next_goes_on_there(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    first = cursor = await chat.cursor(bob)
    for number in range(12):
        await chat.append_only(ann, conversation, str(number))
    await chat.fanout.repair(Advance(conversation.id, 1, 12, conversation.member_ids))
    await chat.say(ann, conversation, "12")
    pages: list[list[str]] = []
    ids: list[int] = []
    more = True
    while more:
        answer = await chat.poll(bob, cursor, limit=5)
        assert [e for e in (await chat.poll(bob, cursor, limit=5)).events] == answer.events
        pages.append(texts(answer))
        ids += [msgspec.json.decode(event)["id"] for event in answer.events]
        cursor, more = answer.cursor, answer.more
    assert [text for page in pages for text in page] == [str(n) for n in range(13)]
    assert [len(page) for page in pages] == [5, 5, 3]
    assert ids == sorted(set(ids))
    assert (first.version, first.offset) == (cursor.version - 2, 0)


@pytest.mark.gen_test
async def test_without_a_cursor_a_range_is_given_page_by_page(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    for number in range(12):
        await chat.append_only(ann, conversation, str(number))
    await chat.fanout.repair(Advance(conversation.id, 1, 12, conversation.member_ids))
    pages = [texts(await chat.poll(bob, limit=5)) for _ in range(4)]
    assert pages == [["0", "1", "2", "3", "4"], ["5", "6", "7", "8", "9"], ["10", "11"], []]


@pytest.mark.gen_test
async def test_the_check_wakes_the_sender_whose_own_bell_did_not(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    cursor = await chat.cursor(ann)
    poll = await held(chat.poll(ann, cursor, wait=60))
    await chat.say(ann, conversation, "wakes everybody but me")
    message = await chat.append_only(bob, conversation, "its bell is lost")
    await chat.storage.inboxes.advance(
        [Advance(conversation.id, message.seq, message.seq, conversation.member_ids)]
    )

    async def answered() -> bool:
        await chat.check.check(list(chat.hub))
        await asyncio.sleep(0)
        return poll.done()

    await eventually(answered)
    assert texts(await poll) == ["its bell is lost"]


@pytest.mark.gen_test
async def test_the_check_wakes_a_poll_behind_what_another_poll_has_read(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    other = await chat.device(ann.user_id)
    cursor = await chat.cursor(ann)
    poll = await held(chat.poll(ann, cursor, wait=60))
    message = await chat.append_only(bob, conversation, "its bell is lost")
    await chat.storage.inboxes.advance(
        [Advance(conversation.id, message.seq, message.seq, conversation.member_ids)]
    )
    chat.hub.get(ann.user_id).confirmed_at -= 10  # too old to be trusted: the next poll looks
    assert texts(await chat.poll(other, cursor)) == ["its bell is lost"]

    async def answered() -> bool:
        await chat.check.check(list(chat.hub))
        await asyncio.sleep(0)
        return poll.done()

    await eventually(answered)
    assert texts(await poll) == ["its bell is lost"]


@pytest.mark.gen_test
async def test_a_poll_that_does_not_wait_sees_what_is_stored_though_its_bell_is_on_its_way(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    cursor = await chat.cursor(ann)
    assert not (await chat.poll(ann, cursor)).events
    message = await chat.append_only(bob, conversation, "stored by another node")
    await chat.storage.inboxes.advance(
        [Advance(conversation.id, message.seq, message.seq, conversation.member_ids)]
    )
    assert texts(await chat.poll(ann, cursor)) == ["stored by another node"]
