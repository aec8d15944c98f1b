"""What is too old goes, from the oldest on: nobody is shown it, no file or word of it stays, and no count is wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from chatserver import failpoints
from chatserver.cursor import Cursor
from chatserver.errors import Importing, Unavailable
from chatserver.model import Imported
from chatserver.sending import retention
from chatserver.services.messages import Places
from tests.support.client import unique


@pytest.fixture(scope="module")
def database_name() -> str:
    """Every sweep looks at all conversations there are."""
    return unique("retention")


async def posted(chat: Any, actor: Any, conversation: Any, text: str) -> int:
    message, _ = await chat.services.messages.post_in(actor, conversation.id, text, None, None)
    return int(message["id"])


def days_on(chat: Any, days: float) -> None:
    now = chat.clock.now()
    chat.clock.now = lambda: now + timedelta(days=days)


async def swept(chat: Any, sweeps: int = 3) -> None:
    """Also after the rest between two rounds."""
    for _ in range(sweeps):
        await chat.sweeper().sweep()
        days_on(chat, 0.05)


async def texts(chat: Any, actor: Any, conversation: Any) -> list[str]:
    found, _ = await chat.services.messages.history_of(
        actor, conversation.id, 200, Places(None, None, None, 0)
    )
    return [message["message"] for message in found[::-1] if message["kind"] == "message"]


@pytest.mark.gen_test
async def test_old_messages_go_and_unread_and_the_next_number_stay_right(chats: Any, database: Any) -> None:
    chat = await chats(retention_days=10)
    ann, bob, cid = await chat.person(), await chat.person(), await chat.person()
    group = await chat.group(ann, bob, cid)
    head = await chat.storage.messages.head(group.id)
    for n in range(70):
        await posted(chat, (ann, bob)[n % 2], group, f"old{n}")
    await chat.services.receipts.mark_read(bob, group.id, head + 5)
    days_on(chat, 8)
    new = [await posted(chat, ann, group, f"new{n}") for n in range(3)]
    await swept(chat)
    assert len(await texts(chat, cid, group)) == 73
    days_on(chat, 3)
    await swept(chat)
    assert await texts(chat, cid, group) == ["new0", "new1", "new2"]
    unread = {
        who.user_id: (await chat.services.conversations.inbox(who)).unread(group.id)
        for who in (ann, bob, cid)
    }
    assert unread == {ann.user_id: 0, bob.user_id: 3, cid.user_id: 3}
    assert (
        database["messages"].count_documents({"text": {"$regex": "^old"}, "_id": {"$gte": group.id << 23}})
        == 0
    )
    assert list(database["pages"].find({"c": group.id, "words": {"$regex": "^old"}})) == []
    days_on(chat, 30)
    await swept(chat)
    assert await texts(chat, cid, group) == [""]
    assert [
        m["_id"]
        for m in database["messages"].find({"_id": {"$gt": group.id << 23, "$lt": group.id + 1 << 23}})
    ] == [new[-1]]
    assert await posted(chat, bob, group, "and on") == new[-1] + 1
    inbox = await chat.services.conversations.inbox(cid)
    assert inbox.unread(group.id) == 2  # the tombstone, and the new one


@pytest.mark.gen_test
async def test_a_place_before_what_is_gone_is_polled_from_without_a_503(chats: Any) -> None:
    chat = await chats(retention_days=10)
    ann, bob, conversation = await chat.pair()
    inbox = await chat.services.conversations.inbox(bob)
    place = Cursor(inbox.epoch, inbox.version)
    for n in range(5):
        await posted(chat, ann, conversation, f"old{n}")
    days_on(chat, 11)
    await posted(chat, ann, conversation, "new")
    await swept(chat)
    other = await chats(retention_days=10)  # which remembers no message
    answer = await other.poll(bob, place)
    said = [event for event in answer.events if b'"event":"message"' in event]
    assert len(said) == 1 and b'"new"' in said[0]


@pytest.mark.gen_test
async def test_who_reads_and_polls_while_old_messages_go_has_no_503_and_no_wrong_count(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    chat, other = await chats(retention_days=10), await chats(retention_days=10)
    ann, bob, cid = [await chat.person() for _ in range(3)]
    group = await chat.group(ann, bob, cid)
    inbox = await chat.services.conversations.inbox(bob)
    place = Cursor(inbox.epoch, inbox.version)
    ids = [await posted(chat, ann, group, f"old{n}") for n in range(40)]
    for node in (chat, other):
        days_on(node, 11)
    new = await posted(chat, ann, group, "new")

    async def reads() -> None:
        for id in ids[::5]:
            await other.services.receipts.mark_read_up_to(bob, group.id, id, False)
            for who in (bob, cid):
                assert (await other.services.conversation_views.one(who, group.id))["my"]["unread_count"] >= 0
            await other.poll(bob, place)

    await asyncio.gather(reads(), swept(chat))
    assert await texts(other, bob, group) == ["new"]
    for who in (bob, cid):
        assert (await other.services.conversation_views.one(who, group.id))["my"]["unread_count"] == 1
    await other.services.receipts.mark_read_up_to(bob, group.id, new, False)
    assert (await other.services.conversation_views.one(bob, group.id))["my"]["unread_count"] == 0


@pytest.mark.gen_test
async def test_hold_keeps_all_and_days_of_its_own_count_more_than_the_setting(chats: Any) -> None:
    chat = await chats()
    ann, bob = await chat.person(), await chat.person()
    held, short, kept = [await chat.group(ann, bob) for _ in range(3)]
    for group in (held, short, kept):
        await posted(chat, ann, group, "old")
    rules = chat.services.retention_rules
    await rules.keep(held.id, None, 1, True)
    await rules.keep(short.id, None, 1, False)
    days_on(chat, 2)
    for group in (held, short, kept):
        await posted(chat, ann, group, "new")
    await swept(chat)
    assert [await texts(chat, bob, group) for group in (held, short, kept)] == [
        ["old", "new"],
        ["new"],
        ["old", "new"],
    ]
    await rules.keep(held.id, None, 1, False)
    await swept(chat)
    assert await texts(chat, bob, held) == ["new"]


@pytest.mark.gen_test
async def test_a_sweep_that_ends_between_the_floor_and_the_deleting_is_made_up_for(
    chats: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = await chats(retention_days=1)
    ann, bob, conversation = await chat.pair()
    for n in range(4):
        await posted(chat, ann, conversation, f"old{n}")
    days_on(chat, 2)
    await posted(chat, ann, conversation, "new")
    await chat.storage.marks.keep_up_to(conversation.id - 1, chat.clock.now())
    failpoints.arm("after_floor=raise")
    try:
        with pytest.raises(Unavailable):
            await chat.sweeper().sweep()
    finally:
        failpoints.arm("")
    span = {"_id": {"$gt": conversation.id << 23, "$lt": conversation.id + 1 << 23}}
    assert database["messages"].count_documents(span) == 5
    assert (await chat.services.conversations.inbox(bob)).unread(conversation.id) == 1
    await swept(chat)
    assert database["messages"].count_documents(span) == 1
    assert (await chat.services.conversations.inbox(bob)).unread(conversation.id) == 1


@pytest.mark.gen_test
async def test_nobody_writes_into_what_is_being_imported(chats: Any, database: Any) -> None:
    chat = await chats()
    ann, bob, eve = await chat.person(), await chat.person(), await chat.person()
    pair = f"{ann.user_id}:{bob.user_id}"
    for kind in (pair, None):
        id = await chat.storage.marks.next_id("conversation")
        external_id = unique("old")
        await chat.storage.imports.begin(Imported(id, external_id, 7, kind, "group"), "old", chat.clock.now())
        database["members"].insert_one({"_id": {"c": id, "u": ann.user_id}, "state": "member", "read_seq": 0})
        with pytest.raises(Importing):
            await chat.services.messages.post_in(ann, id, "too soon", None, None)
        with pytest.raises(Exception, match="no such conversation"):
            await chat.services.messages.post_in(eve, id, "whatever", None, None)
    with pytest.raises(Importing):
        await chat.services.messages.post(ann, bob.user_id, "too soon", None, None)
    await chat.sweeper().sweep()
