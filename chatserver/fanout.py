"""From the log to the inboxes: bring every member's inbox to the head of a conversation, and ring.

Once a message is appended its fan-out must happen, but need not happen now: the fast path takes inboxes that stand
exactly one step behind, the repair takes all others, and what neither reached is tried again until it is done.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import structlog

from chatserver import failpoints, metrics
from chatserver.clock import Clock
from chatserver.cover import Cover
from chatserver.errors import Unavailable
from chatserver.hub import Hub
from chatserver.model import Advance, Bell
from chatserver.ports import Bus, ConversationStore, InboxStore, MessageStore
from chatserver.standing import Standing

log = structlog.get_logger(__name__)

# Beyond this many the sweeper alone finishes them: it finds them again in the log.
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
        self._unfinished: dict[int, Advance] = {}
        self._retrying: asyncio.Task[None] | None = None

    def prepare(self, advances: Sequence[Advance], cover: Cover) -> None:
        """It may go out behind the messages, should all of them be stored. `advance` is then to say the same."""
        if not failpoints.armed:
            cover.follow_up = self._inboxes.follow_up(advances, self._claim(advances))

    async def advance(self, advances: Sequence[Advance], cover: Cover | None = None) -> None:
        """What the database does not take now is retried behind the scenes.

        Raises Unavailable with a `cover` only, and before it covers: nobody knows whether there is anything to fan out.
        """
        try:
            if failpoints.armed:
                await failpoints.reach("before_fanout")
            advances = await self._with_members(advances)
            missing = sum(len(advance.member_ids) for advance in advances)
            done = cover.follow_up if cover is not None else None
            if done is not None and done.reached is not None:
                claims = done.claims
                missing -= done.reached
            else:
                claims = self._claim(advances)
                missing -= await self._inboxes.advance(advances, claims=claims, cover=cover)
            cover = None
            if missing and claims:  # something else moved an inbox as well
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
            if not isinstance(error, Unavailable):
                log.exception("fan-out failed", conversations=len(advances))
            if cover is not None:
                raise Unavailable("The fan-out did not cover the messages.") from error
            self._retry_later(advances)

    async def repair(self, advance: Advance) -> bool:
        """Bring members to `advance.last`, each from its own head. True when anybody was behind."""
        c, last, members = advance.conversation_id, advance.last, advance.member_ids
        lowest = await self._inboxes.lowest_head(c, last, members)
        if lowest is None:
            return False
        senders = await self._messages.senders(c, lowest, last)
        mended = await self._inboxes.repair(c, last, members, senders)
        metrics.FANOUT_REPAIRS.inc(mended)
        return mended > 0

    def _claim(self, advances: Sequence[Advance]) -> dict[int, Standing]:
        """Of those present here whom a direct conversation brings one message, and nothing else comes with it."""
        times = Counter(chain.from_iterable(advance.member_ids for advance in advances))
        single = (
            advance for advance in advances if advance.first == advance.last and len(advance.member_ids) <= 2
        )
        return self._hub.claim(id for advance in single for id in advance.member_ids if times[id] == 1)

    async def _with_members(self, advances: Sequence[Advance]) -> Sequence[Advance]:
        """Read after the append: who is a member by then is told here, and who joins later looks into the log."""
        ids = [advance.conversation_id for advance in advances if not advance.member_ids]
        if not ids:
            return advances
        found = await self._conversations.conversations(ids)
        members = {id: conversation.member_ids for id, conversation in found.items()}
        named = (replace(a, member_ids=a.member_ids or members.get(a.conversation_id, ())) for a in advances)
        return [advance for advance in named if advance.member_ids]

    def _retry_later(self, advances: Sequence[Advance]) -> None:
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
            except Exception:  # only this one: the others must not wait behind it
                log.exception("fan-out left to the sweeper", conversation=advance.conversation_id)
            pause = RETRY_SECS[0]
            if self._unfinished[advance.conversation_id] is advance:
                del self._unfinished[advance.conversation_id]
                metrics.FANOUT_UNFINISHED.set(len(self._unfinished))
            for one in named:
                self._bus.publish(Bell("inbox", one.member_ids))

    async def close(self) -> None:
        """What is unfinished now is finished by any node's sweeper."""
        if self._retrying is not None:
            self._retrying.cancel()
            await asyncio.gather(self._retrying, return_exceptions=True)
        if self._unfinished:
            log.warning("fan-out left to the sweeper", conversations=len(self._unfinished))
