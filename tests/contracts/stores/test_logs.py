"""Logs: whoever is late is told, nothing is stored twice, and no hole forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chatserver.model import Advance, Fact, Message, Outcome, tombstone
from chatserver.storage import Storage
from tests.contracts.stores.conftest import NOW, inboxes, message, new
from tests.support.waiting import together

STORED, TAKEN, REPEATED, SKIPPED = Outcome.STORED, Outcome.TAKEN, Outcome.REPEATED, Outcome.SKIPPED


async def append(stores: Storage, *messages: Message) -> Sequence[Outcome]:
    return (await stores.flushes.append_and_advance(messages)).outcomes


@pytest.mark.gen_test
async def test_of_all_who_append_the_same_number_at_once_one_does(stores: Storage) -> None:
    id = await new(stores)
    racing = [message(id, 1, sender) for sender in range(1, 21)]
    outcomes = [found for [found] in await together(*(append(stores, one) for one in racing))]
    assert sorted(outcome.name for outcome in outcomes) == ["STORED"] + ["TAKEN"] * 19
    [stored] = await stores.messages.page_after(id, 0, 10)
    assert stored == racing[outcomes.index(STORED)]
    assert await stores.messages.head(id) == 1


@pytest.mark.gen_test
async def test_the_same_send_again_is_told_apart_from_a_lost_race_and_the_first_is_found_by_its_key(
    stores: Storage,
) -> None:
    id = await new(stores)
    first = message(id, 1)
    assert await append(stores, first) == [STORED]
    assert await append(stores, replace(message(id, 2), client_id=first.client_id)) == [REPEATED]
    assert await append(stores, message(id, 1)) == [TAKEN]
    key = (first.sender_id, first.client_id)
    assert await stores.messages.by_client_ids([key, (1, "of nobody")]) == {key: first}
    assert await stores.messages.head(id) == 1


@pytest.mark.gen_test
async def test_behind_a_refused_message_nothing_of_its_conversation_is_tried_and_others_are_stored(
    stores: Storage,
) -> None:
    one, other = await new(stores), await new(stores)
    await append(stores, message(one, 1))
    run = [message(one, 1), message(one, 2), message(other, 1), message(other, 2)]
    assert await append(stores, *run) == [TAKEN, SKIPPED, STORED, STORED]
    assert [await stores.messages.head(id) for id in (one, other)] == [1, 2]


@pytest.mark.gen_test
async def test_what_goes_out_behind_a_flush_reaches_those_whose_messages_were_stored(stores: Storage) -> None:
    one, other = await new(stores), await new(stores)
    ann, bob = await inboxes(stores, 2, one)
    [cat] = await inboxes(stores, 1, other)
    await append(stores, message(other, 1))
    advances = [
        Advance(one, 1, 2, (ann, bob), {ann: 2}, is_direct=True),
        Advance(other, 1, 1, (cat,), {cat: 1}),
    ]
    run = [message(one, 1, ann), message(one, 2, ann), message(other, 1, cat)]
    flushed = await stores.flushes.append_and_advance(run, advances)
    assert list(flushed.outcomes) == [STORED, STORED, TAKEN]
    assert (list(flushed.advances), flushed.reached) == ([advances[0]], 2)
    heads = await stores.inboxes.heads([ann, bob, cat], [one, other])
    assert heads == {ann: {one: 2}, bob: {one: 2}, cat: {other: 0}}


@pytest.mark.gen_test
async def test_heads_are_found_near_what_is_known_and_left_out_where_they_are_far(stores: Storage) -> None:
    empty, near, far = [await new(stores) for _ in range(3)]
    await append(stores, *(message(near, seq) for seq in range(1, 6)))
    await append(stores, *(message(far, seq) for seq in range(1, 60)))
    assert await stores.messages.heads_above({empty: 0, near: 2, far: 1}) == {empty: 0, near: 5}


@pytest.mark.gen_test
async def test_pages_are_newest_first_and_say_nothing_of_other_conversations(stores: Storage) -> None:
    id, next_to_it = await new(stores), await new(stores)
    await append(stores, *(message(id, seq, sender_id=seq % 2) for seq in range(1, 8)))
    await append(stores, message(next_to_it, 1))
    assert [m.seq for m in await stores.messages.page(id, 1, 7, 3)] == [6, 5, 4]
    assert [m.seq for m in await stores.messages.page_after(id, 2, 3)] == [5, 4, 3]
    assert await stores.messages.senders(id, 2, 5) == [(1, 3), (0, 4), (1, 5)]
    assert await stores.messages.count_by([1], id, 0, 7) == 4


@pytest.mark.gen_test
async def test_a_changed_message_is_pending_until_that_very_change_is_told(
    stores: Storage,
) -> None:
    said = message(await new(stores), 1)
    await append(stores, said)
    change = stores.messages.change
    assert await change(said.id, {"text": said.text}, "edited_at", NOW) is None, "it says this already"
    first = await change(said.id, {"text": "first"}, "edited_at", NOW)
    second = await change(said.id, {"text": "second"}, "edited_at", NOW)
    assert first and second and (first.message.rev, second.message.rev) == (1, 2)
    await stores.messages.finish_change(first)
    assert said.id in [change.message.id for change in await stores.messages.pending_changes(1000)]
    await stores.messages.finish_change(second)
    await stores.messages.finish_change(second)
    assert said.id not in [change.message.id for change in await stores.messages.pending_changes(1000)]


@pytest.mark.gen_test
async def test_a_deleted_message_keeps_its_number_and_is_changed_no_more(stores: Storage) -> None:
    said = message(await new(stores), 1)
    await append(stores, said)
    deleted = await stores.messages.change(said.id, tombstone(), "deleted_at", NOW)
    assert deleted and (deleted.message.text, deleted.message.deleted_at) == ("", NOW)
    assert await stores.messages.change(said.id, tombstone(), "deleted_at", NOW) is None
    assert await stores.messages.change(said.id, {"text": "again"}, "edited_at", NOW) is None
    assert await append(stores, message(said.conversation_id, 1)) == [TAKEN]


@pytest.mark.gen_test
async def test_the_second_log_has_one_line_for_each_number_too(stores: Storage) -> None:
    id = await new(stores)
    facts = [Fact(id, 1, "message", target, 1, NOW) for target in range(1, 9)]
    appended = await together(*(stores.facts.append(fact) for fact in facts))
    assert appended.count(True) == 1
    assert await stores.facts.head(id) == 1
    won = facts[appended.index(True)]
    assert await stores.facts.by_ids([won.id, won.id + 1]) == {won.id: won}
