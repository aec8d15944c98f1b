"""What a thousand people ask at the same moment, because one message woke them all."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Conversation, User
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations
from tests.support.waiting import eventually
from tests.unit.test_events import texts

MEMBERS = tuple(range(1, 1001))


class Reads:
    """A store's read that counts itself."""

    def __init__(self, make: Any) -> None:
        self.asked: list[list[int]] = []
        self._make = make

    async def __call__(self, ids: list[int]) -> dict[int, Any]:
        self.asked.append(ids)
        await asyncio.sleep(0)
        return {id: self._make(id) for id in ids if id > 0}


@pytest.mark.gen_test
async def test_a_thousand_members_learn_of_the_conversation_of_a_message_from_one_or_two_reads(
    io_loop: Any,
) -> None:
    reads = Reads(lambda id: Conversation(id, "group"))
    store = SimpleNamespace(conversations=reads, members_of=reads)
    stores: Any = SimpleNamespace(conversations=store)
    nobody: Any = None
    beginnings: Any = SimpleNamespace(close=lambda: asyncio.sleep(0))
    conversations = Conversations(stores, nobody, nobody, beginnings, Clock())

    found = await asyncio.gather(*(conversations.named(7) for _ in MEMBERS))

    assert {conversation.id for conversation in found} == {7}
    assert len(reads.asked) <= 2
    await conversations.close()


@pytest.mark.gen_test
async def test_a_thousand_members_learn_who_wrote_from_one_or_two_reads(io_loop: Any) -> None:
    reads = Reads(lambda id: User(id, f"user{id}", f"User {id}", None))
    stores: list[Any] = [SimpleNamespace(by_ids=reads), *[None] * 5]
    accounts = Accounts(*stores, Clock(), "open")

    found = await asyncio.gather(*(accounts.users([1, 2, -3]) for _ in MEMBERS))

    assert all(set(users) == {1, 2} for users in found)
    assert len(reads.asked) <= 2
    await accounts.close()


class Tails:
    """Stands before the store's read of inboxes, and counts, holds up or refuses it."""

    def __init__(self, chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[int, int]] = []  # how many inboxes, and entries of each
        self.gone_ahead = asyncio.Event()
        self.gone_ahead.set()
        self.refused = 0
        self._read = chat.storage.inboxes.newest
        monkeypatch.setattr(chat.storage.inboxes, "newest", self)

    async def __call__(self, known: Any, entries: int) -> Any:
        self.asked.append((len(known), entries))
        await self.gone_ahead.wait()
        if self.refused:
            self.refused -= 1
            raise Unavailable("not now")
        return await self._read(known, entries)


async def held_crowd(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, Any, list[asyncio.Task[Any]], Tails]:
    """A sender, a group of sixteen, the held polls of the fifteen others, and what is read from now on."""
    ann, *others = [await chat.person() for _ in range(16)]
    group = await chat.group(ann, *others)
    cursors = [await chat.cursor(other) for other in others]
    polls = [
        asyncio.create_task(chat.poll(other, cursor, 20))
        for other, cursor in zip(others, cursors, strict=True)
    ]
    await eventually(
        lambda: sum(w.sleeps_before(1 << 60) for p in chat.hub for w in p.waiters) == len(others)
    )
    return ann, group, polls, Tails(chat, monkeypatch)


@pytest.mark.gen_test
async def test_a_message_to_many_is_read_for_all_of_them_at_once(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, group, polls, tails = await held_crowd(chat, monkeypatch)
    await chat.say(ann, group, "all of you")
    assert [texts(answer) for answer in await asyncio.gather(*polls)] == [["all of you"]] * len(polls)
    assert tails.asked == [(len(polls), 2)]


@pytest.mark.gen_test
async def test_when_many_cannot_be_read_for_at_once_each_looks_by_itself(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, group, polls, tails = await held_crowd(chat, monkeypatch)
    tails.refused = 1
    await chat.say(ann, group, "all of you")
    assert [texts(answer) for answer in await asyncio.gather(*polls)] == [["all of you"]] * len(polls)
    assert len(tails.asked) > 1


@pytest.mark.gen_test
async def test_what_comes_while_many_are_read_for_is_given_as_well(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, group, polls, tails = await held_crowd(chat, monkeypatch)
    tails.gone_ahead.clear()
    await chat.say(ann, group, "first")
    await chat.say(ann, group, "second")
    await eventually(lambda: tails.asked)
    tails.gone_ahead.set()
    for answer in await asyncio.gather(*polls):
        assert texts(answer) == ["first", "second"]
