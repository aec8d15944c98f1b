"""What a node leaves half done when it dies, any other finishes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from chatserver.errors import Unavailable
from chatserver.model import Attachment, Notification
from chatserver.ports import PIECE_BYTES
from tests.support.waiting import eventually, held

TWO_DAYS_SECS = 2 * 86_400


@pytest.mark.gen_test
async def test_a_fan_out_that_was_never_done_is_finished_and_wakes_who_is_held(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    poll = await held(chat.poll(bob, await chat.cursor(bob), wait=60))
    await chat.append_only(ann, conversation, "its node died")
    await chat.sweeper().sweep()
    await eventually(poll.done)
    assert b"its node died" in (await poll).events[0]
    assert (await chat.inbox(bob)).unread(conversation.id) == 1
    assert (await chat.inbox(ann)).unread(conversation.id) == 0
    version = (await chat.inbox(bob)).version
    await chat.sweeper().sweep()
    assert (await chat.inbox(bob)).version == version, "nothing is given twice"


@pytest.mark.gen_test
async def test_what_was_appended_is_found_in_short_calls_and_none_of_it_missed(
    chat: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["messages"].delete_many({})  # what other tests said lately would be looked at three by three
    monkeypatch.setattr("chatserver.sending.sweeper.MESSAGES", 3)
    pairs = [await chat.pair() for _ in range(7)]
    at = chat.clock.now().replace(microsecond=0)
    for number, (ann, _, conversation) in enumerate(pairs):  # five of them in one moment
        created_at = at + timedelta(seconds=max(0, number - 4))
        await chat.append_only(ann, conversation, "lost", created_at=created_at)
    await chat.sweeper().sweep()
    for _, bob, conversation in pairs:
        assert (await chat.inbox(bob)).unread(conversation.id) == 1


@pytest.mark.gen_test
async def test_what_a_node_took_whose_clock_is_behind_is_found_a_while_later_and_looked_at_once(
    chat: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["marks"].delete_one({"_id": "sweep"})  # other tests swept in a time that is yet to come
    ann, bob, conversation = await chat.pair()
    sweeper, now, looks = chat.sweeper(), chat.clock.now(), []
    heads = chat.storage.inboxes.heads

    async def looked(user_ids: Any, conversation_ids: Any) -> Any:
        looks.append(conversation.id in conversation_ids)
        return await heads(user_ids, conversation_ids)

    monkeypatch.setattr(chat.storage.inboxes, "heads", looked)
    for secs in range(0, 100, 10):
        monkeypatch.setattr(chat.clock, "now", lambda secs=secs: now + timedelta(seconds=secs))
        if secs == 30:
            await chat.append_only(ann, conversation, "its node died", created_at=now)
        await sweeper.sweep()
        assert (await chat.inbox(bob)).unread(conversation.id) == (1 if secs >= 70 else 0)
    assert looks.count(True) == 1


@pytest.mark.gen_test
async def test_a_read_and_a_notification_whose_fan_out_was_never_done_are_finished(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    await chat.say(ann, conversation, "hello")
    now = chat.clock.now()
    assert await chat.storage.conversations.move_read(conversation.id, bob.user_id, 1, now)
    id = await chat.storage.marks.next_id("notification")
    await chat.storage.notifications.create(Notification(id, bob.user_id, "t", "m", "kind", now))
    await chat.sweeper().sweep()
    assert [entry.kind for entry in await chat.ring(ann)] == ["messages", "read"]
    assert sorted(entry.kind for entry in await chat.ring(bob)) == ["messages", "notification", "read"]
    assert (await chat.inbox(bob)).unread(conversation.id) == 0
    assert not await chat.storage.conversations.pending_reads(10)
    assert not await chat.storage.notifications.pending(10)


@pytest.mark.gen_test
async def test_a_node_whose_clock_is_a_day_ahead_does_not_make_the_others_miss_anything(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    now = chat.clock.now()
    marks = chat.storage.marks
    assert await marks.claim_sweep(now + timedelta(days=1), 5) is not None
    await marks.complete_sweep(now + timedelta(days=1))
    earlier = now - timedelta(seconds=50)
    await chat.append_only(ann, conversation, "its node died", created_at=earlier)
    await chat.sweeper().sweep()
    assert (await chat.inbox(bob)).unread(conversation.id) == 1


@pytest.mark.gen_test
async def test_a_node_that_starts_sweeps_at_once_though_another_just_did(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    await chat.sweeper().sweep()
    await chat.append_only(ann, conversation, "its node died")
    sweeper = chat.sweeper(600)
    await sweeper.sweep(600)
    assert not await chat.ring(bob), "it was the other's turn"
    running = asyncio.create_task(sweeper.run())
    try:
        await eventually(lambda: chat.ring(bob), 5)
    finally:
        running.cancel()


@pytest.mark.gen_test
async def test_files_that_no_message_names_are_deleted_when_they_are_a_day_old(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    files = [await stored_file(chat, name) for name in ("orphan", "kept")]
    send = chat.send(ann, conversation, "see there", attachment=files[1])
    await chat.writer.post(send)
    await chat.sweeper().sweep()
    assert await contents(chat, files[0]) == b"orphan", "it may still belong to a send"
    chat.clock.run_ahead(TWO_DAYS_SECS)
    sweeper = chat.sweeper()
    for _ in range(3):
        await sweeper.sweep()
    with pytest.raises(Unavailable):
        await contents(chat, files[0])
    assert await contents(chat, files[1]) == b"kept"


@pytest.mark.gen_test
async def test_pieces_of_a_file_that_never_came_to_its_end_are_deleted_when_they_are_a_day_old(
    chat: Any, database: Any
) -> None:
    pieces, before = database["fs.chunks"], database["fs.chunks"].distinct("files_id")
    own = {"files_id": {"$nin": before}}
    upload = chat.storage.attachments.upload("half", "text/plain")
    await upload.write(b"x" * (PIECE_BYTES + 1))  # and then its node died
    assert pieces.count_documents(own) == 1, "stored while it comes"
    await chat.sweeper().sweep()
    assert pieces.count_documents(own) == 1, "it may still be coming"
    chat.clock.run_ahead(TWO_DAYS_SECS)
    sweeper = chat.sweeper()
    for _ in range(3):
        await sweeper.sweep()
    assert pieces.count_documents(own) == 0


async def stored_file(chat: Any, content: str) -> Attachment:
    async with chat.storage.attachments.upload(content, "text/plain") as upload:
        await upload.write(content.encode())
        return await upload.finish()


async def contents(chat: Any, file: Attachment) -> bytes:
    return b"".join([chunk async for chunk in chat.storage.attachments.chunks(file, 0, file.size_bytes)])
