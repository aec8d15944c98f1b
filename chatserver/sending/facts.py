"""Telling all members that something in their conversation has changed: a line in its second log, then the inboxes.

Whoever changes a document marks it `pending` in the same update, calls `tell`, and takes the mark away when that is done
and the document stands at the same `rev` still. What dies in between is told again by the sweeper; a line that comes
twice is harmless, since clients keep the higher `rev`.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Bell, Conversation, Fact
from chatserver.ports import Bus, Stores
from chatserver.sending.feed import Feed

TRIES = 20  # Each is lost to a line of another node only.
SLICE = 1_000  # members whose inboxes are moved by one command: more would hold up the sends of others


class Facts:
    def __init__(self, stores: Stores, feed: Feed, bus: Bus, clock: Clock) -> None:
        self._stores = stores
        self._feed = feed
        self._bus = bus
        self._clock = clock

    async def tell(self, conversation: Conversation, *lines: tuple[str, int, int]) -> None:
        """Each line: kind, target, rev. Raises Unavailable: some may know then and others not, until repeated."""
        c = conversation.id
        facts = [await self._append(c, *line) for line in lines]
        member_ids: Sequence[int] = conversation.member_ids
        if not conversation.is_direct:
            member_ids = (await self._stores.conversations.member_ids([c]))[c]
        await self._advance(c, facts[-1].seq if facts else 0, member_ids)
        for fact in facts:
            await self._feed.changed(fact)

    async def tell_host(self, conversation: Conversation, *lines: tuple[str, int, int]) -> None:
        """The same to the host alone, where members are told in another way. Raises Unavailable."""
        for kind, target, rev in lines:
            await self._feed.changed(Fact(conversation.id, 0, kind, target, rev, self._clock.now()))

    async def _append(self, conversation_id: int, kind: str, target: int, rev: int) -> Fact:
        for _ in range(TRIES):
            seq = await self._stores.facts.head(conversation_id) + 1
            fact = Fact(conversation_id, seq, kind, target, rev, self._clock.now())
            if await self._stores.facts.append(fact):
                return fact
        raise Unavailable("This conversation changes too fast right now.")

    async def _advance(self, conversation_id: int, last: int, member_ids: Sequence[int]) -> None:
        for start in range(0, len(member_ids), SLICE):
            part = tuple(member_ids[start : start + SLICE])
            await self._stores.inboxes.advance_facts(conversation_id, last, part)
            self._bus.publish(Bell("inbox", part))
