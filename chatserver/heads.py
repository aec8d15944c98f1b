"""The head of each conversation's log, as far as this node knows it: a hint of the next number, never a promise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from cachetools import LRUCache

from chatserver.errors import Unavailable
from chatserver.model import Message
from chatserver.ports import MessageStore

HEADS = 100_000  # conversations


class Heads:
    def __init__(self, messages: MessageStore) -> None:
        self._messages = messages
        self._seqs: LRUCache[int, int] = LRUCache(HEADS)

    def get(self, conversation_id: int) -> int | None:
        return self._seqs.get(conversation_id)

    def move(self, conversation_id: int, seq: int) -> None:
        self._seqs[conversation_id] = seq

    def forget(self, conversation_id: int) -> None:
        self._seqs.pop(conversation_id, None)

    def overtaken(self, message: Message) -> None:
        """Another node stored this: look the head up again rather than try a number that is taken."""
        if self._seqs.get(message.conversation_id, message.seq) < message.seq:
            del self._seqs[message.conversation_id]

    async def learn(self, conversation_ids: Iterable[int]) -> None:
        """Those unknown that can be had. Majority reads: nothing is built upon a seq that a failover may take back."""
        unknown = [id for id in conversation_ids if id not in self._seqs]
        if not unknown:
            return
        found = await asyncio.gather(*map(self._messages.head, unknown), return_exceptions=True)
        for id, head in zip(unknown, found, strict=True):
            if isinstance(head, int):
                self._seqs[id] = head
            elif not isinstance(head, Unavailable):
                raise head
