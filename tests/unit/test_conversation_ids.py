"""Ids of conversations: each once, in their order on one node, and ahead while many begin."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.services.conversation_ids import AHEAD, BUSY_SECS, CALM_SECS, ConversationIds


class Counted:
    """The counter of the database, and how often it was asked."""

    def __init__(self, chat: Any) -> None:
        self._marks = chat.storage.marks
        self.asked: list[int] = []

    async def next_ids(self, noun: str, count: int) -> range:
        self.asked.append(count)
        ids: range = await self._marks.next_ids(noun, count)
        return ids


@pytest.mark.gen_test
async def test_of_many_at_once_none_is_taken_twice_and_the_counter_is_asked_ever_less(chat: Any) -> None:
    counter = Counted(chat)
    ids = ConversationIds(counter, chat.clock)
    taken = [id for _ in range(100) for part in await asyncio.gather(ids.take(3), ids.take(1)) for id in part]
    assert len(set(taken)) == len(taken) == 400
    assert len(counter.asked) < 20 and max(counter.asked) <= AHEAD + 4


@pytest.mark.gen_test
async def test_where_few_begin_their_ids_follow_one_another_and_none_is_kept(chat: Any) -> None:
    counter = Counted(chat)
    ids = ConversationIds(counter, chat.clock)
    taken = []
    for _ in range(3):
        taken += await ids.take(1)
        chat.clock.skip(BUSY_SECS)
    assert counter.asked == [1, 1, 1]
    assert taken == list(range(taken[0], taken[0] + 3))


@pytest.mark.gen_test
async def test_after_a_rush_none_is_taken_ahead_any_more(chat: Any) -> None:
    counter = Counted(chat)
    ids = ConversationIds(counter, chat.clock)
    while len(counter.asked) < 3:
        await ids.take(1)
    chat.clock.skip(CALM_SECS + 1)
    while len(counter.asked) < 4:
        await ids.take(1)
    assert counter.asked[3] == 1 < counter.asked[2]
