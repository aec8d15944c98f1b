"""The head of each conversation's log (its highest seq), as far as this node knows it.

The log may have gone on meanwhile: whoever appends finds out. A conversation is in one of these states:

| state   | kept in   | what `learn` does before the next append                            |
|---------|-----------|---------------------------------------------------------------------|
| known   | `_seqs`   | nothing: the append builds upon this seq                            |
| passed  | `_passed` | looks up, in one read for all, how far others went from this seq on |
| unknown | neither   | reads the heads, in one read for all                                |

Beside its state a conversation may be shared: another node wrote to it within SHARED_SECS. A shared one never stays
known; each append of ours leaves it passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from cachetools import LRUCache, TTLCache

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Message
from chatserver.ports import MessageStore

HEADS = 100_000  # conversations
# A number that is taken costs a second flush. For so long after one was taken, the head is looked up before anything is
# built upon it, and longer while others go on writing there. Before, with sends spread over two nodes, half of all
# numbers were taken.
SHARED_SECS = 60.0


class Heads:
    def __init__(self, messages: MessageStore, clock: Clock) -> None:
        self._messages = messages
        self._seqs: LRUCache[int, int] = LRUCache(HEADS)
        self._passed: LRUCache[int, int] = LRUCache(HEADS)
        self._shared: TTLCache[int, bool] = TTLCache(HEADS, SHARED_SECS, timer=clock.monotonic)

    def get(self, conversation_id: int) -> int | None:
        """None while the head has to be looked up first."""
        return self._seqs.get(conversation_id)

    def found(self, conversation_id: int, seq: int) -> None:
        """A read of what a majority has found `seq`. What is known here is newer, or comes from a flush under way."""
        if conversation_id not in self._seqs and conversation_id not in self._passed:
            self._seqs[conversation_id] = seq

    def move(self, conversation_id: int, seq: int) -> None:
        """This node has appended `seq`."""
        self._seqs[conversation_id] = seq
        if conversation_id in self._shared:
            self._pass(conversation_id)

    def forget(self, conversation_id: int) -> None:
        """Nothing is known of this conversation any more: an append of ours may be there or not."""
        self._seqs.pop(conversation_id, None)
        self._passed.pop(conversation_id, None)

    def passed(self, conversation_id: int) -> None:
        """Another node has taken the next number. How far it went is looked up: trying the number behind costs more."""
        self._shared[conversation_id] = True
        self._pass(conversation_id)

    def overtaken(self, message: Message) -> None:
        """A bell says that another node stored this message. One that this node wrote, or knew of, changes nothing."""
        if self._seqs.get(message.conversation_id, message.seq) < message.seq:
            self._pass(message.conversation_id)

    async def learn(self, conversation_ids: Iterable[int]) -> None:
        """Look up the heads of those that are passed or unknown; when the database is away they stay so.

        The reads are of what a majority has: nothing is built upon a seq that a failover may take back.
        """
        unknown = {id for id in conversation_ids if id not in self._seqs}
        passed = {id: self._passed[id] for id in unknown if id in self._passed}
        if passed:
            unknown -= await self._learn_above(passed)
        if unknown:
            with suppress(Unavailable):
                self._seqs.update(await self._messages.heads(unknown))

    def _pass(self, conversation_id: int) -> None:
        """The known head becomes the place to look from.

        It may come from a flush under way, which no majority has yet. That is safe: a conversation is in one flush at a
        time, so nobody looks it up before that flush has ended, and when the flush fails the head is forgotten.
        """
        seq = self._seqs.pop(conversation_id, None)
        if seq is not None:
            self._passed[conversation_id] = seq

    async def _learn_above(self, passed: dict[int, int]) -> set[int]:
        """Returns those that need not be looked up one by one: all of them, when the database does not answer now."""
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
