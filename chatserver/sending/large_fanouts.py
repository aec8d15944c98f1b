"""Fan-outs to very many: slice after slice behind the answer, with pauses, so that sends of others do not wait for them.

Those who poll at this node come first. What is appended meanwhile in the conversation goes along with the next round;
what the database does not take, and what a node leaves that dies, goes the way of every unfinished fan-out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.model import Advance, Bell
from chatserver.polls.hub import Hub
from chatserver.ports import Bus, ConversationStore, InboxStore

SLICE = 1_000  # members; more of them in one command would hold up the sends of others
PAUSE_SECS = 0.02
MAX_WAITING = 10_000  # conversations; beyond, the sweeper finds them


class LargeFanOuts:
    def __init__(
        self,
        conversations: ConversationStore,
        inboxes: InboxStore,
        hub: Hub,
        bus: Bus,
        clock: Clock,
        repair: Callable[[Advance], Awaitable[bool]],
        put_off: Callable[[Sequence[Advance], Exception], None],
    ) -> None:
        """`put_off` is given what has failed."""
        self._conversations = conversations
        self._inboxes = inboxes
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._repair = repair
        self._put_off = put_off
        self._waiting: dict[int, Advance] = {}
        self._working: asyncio.Task[None] | None = None

    def takes(self, advance: Advance) -> bool:
        """False for what is small enough to be done at once."""
        if max(advance.member_count, len(advance.member_ids)) <= SLICE:
            return False
        known = self._waiting.get(advance.conversation_id)
        if known is not None:
            own = dict(Counter(known.own) + Counter(advance.own))
            advance = replace(advance, first=known.first, own=own)
        if known is not None or len(self._waiting) < MAX_WAITING:
            self._waiting[advance.conversation_id] = advance
        metrics.FANOUT_LARGE.set(len(self._waiting))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return True

    async def _work(self) -> None:
        while self._waiting:
            advance = self._waiting.pop(next(iter(self._waiting)))
            try:
                await self._round(advance)
            except Exception as error:
                self._put_off([advance], error)
            metrics.FANOUT_LARGE.set(len(self._waiting))

    async def _round(self, advance: Advance) -> None:
        c = advance.conversation_id
        members = advance.member_ids or (await self._conversations.member_ids([c]))[c]
        here = [id for id in members if self._hub.get(id) is not None]
        away = [id for id in members if self._hub.get(id) is None]
        slices = [ids[start : start + SLICE] for ids in (here, away) for start in range(0, len(ids), SLICE)]
        for member_ids in slices:
            part = replace(advance, member_ids=tuple(member_ids))
            if await self._inboxes.advance([part]) < len(part.member_ids):
                await self._repair(part)
            self._bus.publish(Bell("inbox", part.member_ids))
            await self._clock.sleep(PAUSE_SECS)

    async def close(self) -> None:
        """Stop: the sweeper of any node finishes what is left."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
