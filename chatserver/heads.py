"""The head of each conversation's log, as far as this node knows it. It may have gone on: whoever appends finds out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from cachetools import LRUCache, TTLCache

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Message
from chatserver.ports import MessageStore

HEADS = 100_000  # conversations
# A number that is taken costs a second flush. For so long after one was, the head is looked up before it is built upon,
# and longer while others go on writing there: with sends spread over two nodes half of the numbers were taken.
SHARED_SECS = 60.0


class Heads:
    def __init__(self, messages: MessageStore, clock: Clock) -> None:
        self._messages = messages
        self._seqs: LRUCache[int, int] = LRUCache(HEADS)
        self._passed: LRUCache[int, int] = LRUCache(HEADS)  # to be looked up from there on
        self._shared: TTLCache[int, bool] = TTLCache(HEADS, SHARED_SECS, timer=clock.monotonic)

    def get(self, conversation_id: int) -> int | None:
        return self._seqs.get(conversation_id)

    def move(self, conversation_id: int, seq: int) -> None:
        self._seqs[conversation_id] = seq
        if conversation_id in self._shared:
            self._pass(conversation_id)

    def forget(self, conversation_id: int) -> None:
        """Nothing is sure any more."""
        self._seqs.pop(conversation_id, None)
        self._passed.pop(conversation_id, None)

    def passed(self, conversation_id: int) -> None:
        """Another node has taken the next number: look up how far they are, rather than try the one behind."""
        self._shared[conversation_id] = True
        self._pass(conversation_id)

    def overtaken(self, message: Message) -> None:
        """Another node stored this. Whoever is told so in time need not look up what nobody moved."""
        if self._seqs.get(message.conversation_id, message.seq) < message.seq:
            self._pass(message.conversation_id)

    async def learn(self, conversation_ids: Iterable[int]) -> None:
        """Those unknown that can be had. Majority reads: nothing is built upon a seq that a failover may take back."""
        unknown = {id for id in conversation_ids if id not in self._seqs}
        passed = {id: self._passed[id] for id in unknown if id in self._passed}
        if passed:
            unknown -= await self._learn_above(passed)
        await asyncio.gather(*map(self._learn, unknown))

    def _pass(self, conversation_id: int) -> None:
        """The head may be of a flush under way, which no majority has yet. Nobody looks it up before that flush has
        ended, and if it fails the head is forgotten.
        """
        seq = self._seqs.pop(conversation_id, None)
        if seq is not None:
            self._passed[conversation_id] = seq

    async def _learn_above(self, passed: dict[int, int]) -> set[int]:
        """Which of them need not be looked up one by one: all, when the database does not answer now."""
        try:
            found = await self._messages.heads_above(passed)
        except Unavailable:
            return set(passed)
        for id, seq in passed.items():
            self._passed.pop(id, None)
            if id in self._shared and found.get(id) != seq:
                self._shared[id] = True
        self._seqs.update(found)
        return set(found)

    async def _learn(self, conversation_id: int) -> None:
        with suppress(Unavailable):
            self._seqs[conversation_id] = await self._messages.head(conversation_id)
