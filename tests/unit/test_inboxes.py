"""One document a person: what repairs a lost fan-out, and what counts as unread."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.model import Advance, Entry
from tests.support.waiting import together


@pytest.mark.gen_test
async def test_a_repair_cuts_the_range_from_each_own_head_and_counts_each_own_messages(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    for number in range(2):
        await chat.say(ann, conversation, str(number))
    late = [await chat.append_only(actor, conversation, "late") for actor in (bob, ann, bob)]
    # Of the lost fan-outs Ann alone got the first.
    await chat.storage.inboxes.advance([Advance(conversation.id, 3, 3, (ann.user_id,), {bob.user_id: 1})])
    assert await chat.fanout.repair(Advance(conversation.id, 0, late[-1].seq, conversation.member_ids))
    for actor, first, unread in ((ann, 4, 2), (bob, 3, 3)):
        assert (await chat.ring(actor))[-1] == Entry("messages", conversation.id, first, 5)
        inbox = await chat.inbox(actor)
        assert inbox.heads[conversation.id] == 5
        assert inbox.unread(conversation.id) == unread
    before = [await chat.inbox(actor) for actor in (ann, bob)]
    assert not await chat.fanout.repair(Advance(conversation.id, 0, 5, conversation.member_ids))
    assert before == [await chat.inbox(actor) for actor in (ann, bob)]


@pytest.mark.gen_test
async def test_a_read_that_overtakes_the_fan_out_of_ones_own_message_leaves_the_count_exact(
    chat: Any,
) -> None:
    ann, bob, conversation = await chat.pair()
    await chat.say(bob, conversation, "one")
    own = await chat.append_only(ann, conversation, "two, and its fan-out is late")
    marked, _ = await chat.services.receipts.mark_read(ann, conversation.id, None)
    assert marked == 1
    assert (await chat.inbox(ann)).unread(conversation.id) == 0
    await chat.fanout.advance(
        [Advance(conversation.id, own.seq, own.seq, conversation.member_ids, {ann.user_id: 1})]
    )
    assert (await chat.inbox(ann)).unread(conversation.id) == 0
    await chat.say(bob, conversation, "three")
    assert (await chat.inbox(ann)).unread(conversation.id) == 1


@pytest.mark.gen_test
async def test_messages_that_cross_a_read_stay_unread_unless_they_are_ones_own(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    seen = await chat.say(bob, conversation, "seen")
    await chat.say(ann, conversation, "mine, crossing")
    await chat.say(bob, conversation, "theirs, crossing")
    marked, _ = await chat.services.receipts.mark_read(ann, conversation.id, seen.seq)
    assert marked == 1
    assert (await chat.inbox(ann)).unread(conversation.id) == 1
    await chat.say(ann, conversation, "mine again")
    assert (await chat.inbox(ann)).unread(conversation.id) == 1
    marked, _ = await chat.services.receipts.mark_read(ann, conversation.id, None)
    assert marked == 1
    assert (await chat.inbox(ann)).unread(conversation.id) == 0


@pytest.mark.gen_test
async def test_reads_and_messages_all_at_once_end_in_the_exact_count(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    for number in range(5):
        await chat.say(bob, conversation, str(number))
    read = chat.services.receipts.mark_read
    work = [chat.say(actor, conversation, "x") for _ in range(10) for actor in (ann, bob)]
    reads = [read(ann, conversation.id, seq) for seq in (1, 3, 5, 2)]
    answers = await together(*work, *reads)
    assert sum(marked for marked, _ in answers[20:]) == 5
    log = await chat.storage.messages.page_after(conversation.id, 5, 100)
    assert (
        (await chat.inbox(ann)).unread(conversation.id) == sum(m.sender_id == bob.user_id for m in log) == 10
    )
    receipts = [entry for entry in await chat.ring(ann) if entry.kind == "read"]
    assert sorted(seq for entry in receipts for seq in range(entry.first, entry.last + 1)) == [1, 2, 3, 4, 5]
