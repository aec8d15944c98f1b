"""From the log to the inboxes: bring every member's inbox to the head of a conversation, and ring.

Once a message is appended its fan-out must happen, but it need not happen now. There are three ways, from the cheapest
to the surest:

1. The fast path moves inboxes that stand exactly before the first new message, as nearly all do.
2. The repair moves all others, each from its own head.
3. What the database did not take is retried in the background, and after a crash found by the sweeper of any node.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

import structlog

from chatserver import failpoints, metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Advance, Bell, KnownVersion, with_members
from chatserver.polls.hub import Hub
from chatserver.ports import Bus, ConversationStore, InboxStore, MessageStore
from chatserver.sending.large_fanouts import LargeFanOuts

log = structlog.get_logger(__name__)

# Beyond this many conversations the sweeper alone finishes what is left: it finds them again in the log.
MAX_UNFINISHED = 10_000
RETRY_SECS = (0.1, 5.0)


class FanOut:
    def __init__(
        self,
        messages: MessageStore,
        conversations: ConversationStore,
        inboxes: InboxStore,
        hub: Hub,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._hub = hub
        self._messages = messages
        self._conversations = conversations
        self._inboxes = inboxes
        self._bus = bus
        self._clock = clock
        self._large = LargeFanOuts(conversations, inboxes, hub, bus, clock, self.repair, self._put_off)
        self._unfinished: dict[int, Advance] = {}
        self._retrying: asyncio.Task[None] | None = None

    def claim(self, advances: Sequence[Advance]) -> dict[int, KnownVersion]:
        """Where the inboxes stand of those present here who get one message of a direct conversation and nothing else.

        The update then demands to find them there, so that afterwards the hub knows the new version without a read.
        """
        times = Counter(chain.from_iterable(advance.member_ids for advance in advances))
        single = (advance for advance in advances if advance.first == advance.last and advance.is_direct)
        return self._hub.claim(id for advance in single for id in advance.member_ids if times[id] == 1)

    async def advance(self, advances: Sequence[Advance]) -> Sequence[Advance]:
        """Move the inboxes of all members, who are then named in what is returned, less those of very many: they follow.

        What the database does not take now is retried behind the scenes.
        """
        try:
            if failpoints.armed:
                await failpoints.reach("before_fanout")
            # To read who the very many are would hold up the answer already; the count that sends know may be old.
            advances = [advance for advance in advances if not self._large.takes(advance)]
            advances = await self._with_members(advances)
            advances = [advance for advance in advances if not self._large.takes(advance)]
            if not advances:
                return advances
            claims = self.claim(advances)
            reached = await self._inboxes.advance(advances, claims)
        except Exception as error:
            self._put_off(advances, error)
        else:
            await self.finish(advances, claims, reached)
        return advances

    async def finish(
        self, advances: Sequence[Advance], claims: Mapping[int, KnownVersion], reached: int
    ) -> None:
        """`reached` inboxes were moved already, as claimed: see to the others, and tell the hub."""
        try:
            missing = sum(len(advance.member_ids) for advance in advances) - reached
            if (
                missing and claims
            ):  # an inbox has moved since it was claimed: it may still stand before `first`
                again = [advance for advance in advances if not claims.keys().isdisjoint(advance.member_ids)]
                missing -= await self._inboxes.advance(again)
                claims = {}
            if missing:
                for advance in advances:
                    await self.repair(advance)
            self._hub.moved(claims, advances)
            if failpoints.armed:
                await failpoints.reach("after_fanout")
        except Exception as error:
            self._put_off(advances, error)

    async def repair(self, advance: Advance) -> bool:
        """Bring all members to `advance.last`, each from its own head. True when anybody was behind."""
        c, last, members = advance.conversation_id, advance.last, advance.member_ids
        lowest = await self._inboxes.lowest_head(c, last, members)
        if lowest is None:
            return False
        senders = await self._messages.senders(c, lowest, last)
        mended = await self._inboxes.repair(c, last, members, senders)
        metrics.FANOUT_REPAIRS.inc(mended)
        return mended > 0

    async def _with_members(self, advances: Sequence[Advance]) -> Sequence[Advance]:
        """The members of groups are read here, after the append: whoever joins later looks into the log itself."""
        ids = [advance.conversation_id for advance in advances if not advance.member_ids]
        if not ids:
            return advances
        return with_members(advances, await self._conversations.member_ids(ids))

    def _put_off(self, advances: Sequence[Advance], error: Exception) -> None:
        if not isinstance(error, Unavailable):
            log.error("fan-out failed", conversations=len(advances), exc_info=error)
        for advance in advances:
            known = self._unfinished.get(advance.conversation_id)
            if known is None and len(self._unfinished) >= MAX_UNFINISHED:
                continue
            if known is None or known.last < advance.last:
                self._unfinished[advance.conversation_id] = advance
        metrics.FANOUT_UNFINISHED.set(len(self._unfinished))
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(self._retry())

    async def _retry(self) -> None:
        pause, longest = RETRY_SECS
        while self._unfinished:
            advance = next(iter(self._unfinished.values()))
            named: Sequence[Advance] = ()
            try:
                named = await self._with_members([advance])
                for one in named:
                    await self.repair(one)
            except Unavailable:
                await self._clock.sleep(pause)
                pause = min(longest, pause * 2)
                continue
            except Exception:  # It is the fault of this one, and the others must not wait behind it.
                log.exception("fan-out left to the sweeper", conversation=advance.conversation_id)
            pause = RETRY_SECS[0]
            if self._unfinished[advance.conversation_id] is advance:
                del self._unfinished[advance.conversation_id]
                metrics.FANOUT_UNFINISHED.set(len(self._unfinished))
            for one in named:
                self._bus.publish(Bell("inbox", one.member_ids))

    async def close(self) -> None:
        """Stop retrying: the sweeper of any node finishes what is left."""
        await self._large.close()
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.gather(self._retrying, return_exceptions=True)
        if self._unfinished:
            log.warning("fan-out left to the sweeper", conversations=len(self._unfinished))
