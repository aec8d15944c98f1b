"""What the list of all messages costs the database, and that it is the same as sorting everything."""

from __future__ import annotations

import random
from typing import Any

import pymongo
import pytest

from chatserver.model import Actor, Advance, Conversation
from chatserver.services.message_list import MOST, Wanted
from tests.unit.conftest import Chat

LONG = 3000


async def fill(chat: Chat, ann: Actor, bob: Actor, conversation: Conversation, amount: int) -> None:
    """As sends leave it."""
    for first in range(1, amount + 1, 500):
        last = min(first + 499, amount)
        messages = []
        for seq in range(first, last + 1):
            sender = ann if seq % 3 else bob
            chat.clock.skip(random.random())
            messages.append(chat.send(sender, conversation, f"{seq}").at(seq))
        advance = Advance(conversation.id, first, last, conversation.member_ids, is_direct=True)
        await chat.storage.flushes.append_and_advance(messages, [advance])


@pytest.fixture
def town(chat: Chat, io_loop: Any) -> tuple[Chat, Actor]:
    """Ann has one long conversation and 130 short ones; others have written more than that."""

    async def meet() -> tuple[Chat, Actor]:
        ann = await chat.person()
        bob = await chat.person()
        long, _ = await chat.services.conversations.open_direct(ann, bob.user_id)
        for number in range(130):
            other = await chat.person()
            conversation, _ = await chat.services.conversations.open_direct(ann, other.user_id)
            await fill(chat, ann, other, conversation, 1 + number % 4)
            if number % 50 == 0:
                strangers = await chat.pair()
                await fill(chat, *strangers, LONG)
        await fill(chat, ann, bob, long, LONG)
        await chat.say(bob, long, "the last")
        return chat, ann

    made: tuple[Chat, Actor] = io_loop.run_sync(meet)
    return made


async def sorted_by_hand(chat: Chat, actor: Actor, oldest: bool) -> list[int]:
    heads = (await chat.inbox(actor)).heads
    found = [m for id, head in heads.items() for m in await chat.storage.messages.page_after(id, 0, head)]
    found.sort(key=lambda m: (m.created_at, m.id), reverse=not oldest)
    return [message.id for message in found]


@pytest.mark.gen_test
async def test_the_pages_are_those_of_everything_sorted_and_cost_no_more_than_they_hold(town: Any) -> None:
    chat, ann = town
    listing = chat.services.message_list
    database = pymongo.MongoClient[dict[str, Any]](chat.settings.mongodb_uri)[chat.settings.mongodb_database]
    for oldest in (False, True):
        expected = await sorted_by_hand(chat, ann, oldest)
        for number, size in ((1, 20), (3, 50), (5, 200)):
            database.command("profile", 2)
            found, count = await listing.page(ann, Wanted(oldest_first=oldest), number, size)
            database.command("profile", 0)
            read = list(database["system.profile"].find({"ns": f"{database.name}.messages"}))
            database["system.profile"].drop()
            start = (number - 1) * size
            assert [message["id"] for message in found] == expected[start : start + size]
            assert count == MOST
            assert read and all("COLLSCAN" not in call.get("planSummary", "") for call in read)
            examined = sum(call.get("docsExamined", 0) for call in read)
            # The ends of 131 conversations, a little of a hundred, twice the page for what goes on, the page itself.
            assert examined <= 131 + 100 * 10 + 6 * number * size, read
    database.client.close()


@pytest.mark.gen_test
async def test_deleted_messages_are_found_without_reading_the_others(town: Any) -> None:
    chat, ann = town
    mine = [m for m in (await chat.services.message_list.page(ann, Wanted(sender_id=ann.user_id), 1, 200))[0]]
    gone = [message["id"] for message in mine[::40]]
    for id in gone:
        await chat.services.changes.delete(ann, id)
    database = pymongo.MongoClient[dict[str, Any]](chat.settings.mongodb_uri)[chat.settings.mongodb_database]
    database.command("profile", 2)
    found, count = await chat.services.message_list.page(ann, Wanted(is_active=False), 1, 50)
    database.command("profile", 0)
    calls = list(database["system.profile"].find({"ns": f"{database.name}.messages"}))
    database["system.profile"].drop()
    database.client.close()
    assert ([message["id"] for message in found], count) == (gone, len(gone))
    assert sum(call.get("docsExamined", 0) for call in calls) < LONG / 3, calls
