"""What becomes of a deleted message's file, and of a change whose node died."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatserver import failpoints
from chatserver.errors import Unavailable
from chatserver.model import tombstone
from chatserver.services.bodies import KEPT
from tests.unit.test_events import texts


@pytest.mark.gen_test
async def test_the_file_of_a_deleted_message_leaves_the_database_also_when_its_node_died(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    kept = []
    for _ in range(2):
        async with chat.storage.attachments.upload("a.txt", "text/plain") as upload:
            await upload.write(b"secret")
            kept.append(await upload.finish())
    first, second = [
        (await chat.writer.post(chat.send(ann, conversation, "", attachment=file)))[0] for file in kept
    ]
    await chat.services.changes.delete(ann, first.id)
    await chat.storage.messages.change(
        second.id, tombstone(), "deleted_at", chat.clock.now()
    )  # and here its node died
    assert [b async for b in chat.storage.attachments.chunks(kept[1], 0, 6)] == [b"secret"]
    await chat.sweeper().sweep()
    for file in kept:
        with pytest.raises(Unavailable):
            [b async for b in chat.storage.attachments.chunks(file, 0, 6)]
        await chat.storage.attachments.delete(file.id)
    assert [entry.kind for entry in await chat.ring(bob)] == ["messages", "messages", "facts", "facts"]
    await chat.sweeper().sweep()
    assert not await chat.storage.messages.pending_changes(10)
    assert len(await chat.ring(bob)) == 4, "told once"


@pytest.mark.gen_test
async def test_a_change_that_cannot_be_told_now_is_answered_and_told_by_the_sweeper(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    message = await chat.say(ann, conversation, "before")
    failpoints.arm("after_change=raise")
    try:
        assert (await chat.services.changes.edit(ann, message.id, "after"))["message"] == "after"
    finally:
        failpoints.arm("")
    assert [entry.kind for entry in await chat.ring(bob)] == ["messages"]
    await chat.services.changes.edit(ann, message.id, "after all")
    await chat.sweeper().sweep()
    assert [entry.kind for entry in await chat.ring(bob)] == ["messages", "facts"], (
        "the later one is told for both"
    )


@pytest.mark.gen_test
async def test_words_taken_back_are_not_told_from_what_outlived_the_message_in_memory(chats: Any) -> None:
    one, other = await chats(), await chats()  # with a bus for each: no bell gets across
    ann, bob, conversation = await one.pair()
    start = await one.cursor(bob)
    message = await one.say(ann, conversation, "before")
    assert texts(await one.poll(bob, start)) == ["before"]
    for number in range(KEPT):  # others come, while this one is read again and again
        one.services.bodies.remember(replace(message, id=message.id + number + 1))
        assert one.services.bodies.known(message.id)
    await other.services.changes.edit(ann, message.id, "after")
    events = (await one.poll(bob, start)).events
    assert [b"after" in event for event in events] == [True, True], "the message, and that it was changed"
