"""Telling a person's own devices that something of theirs has changed in a conversation. Nobody else hears of it."""

from __future__ import annotations

import structlog

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Bell, Entry, Member
from chatserver.ports import Bus, Stores

log = structlog.get_logger(__name__)


class OwnDevices:
    def __init__(self, stores: Stores, bus: Bus, clock: Clock) -> None:
        self._stores = stores
        self._bus = bus
        self._clock = clock

    async def told(self, conversation_id: int, user_id: int, own_rev: int) -> None:
        """Changed is changed: what is not told now, the sweeper tells."""
        try:
            await self.finish(Member(conversation_id, user_id, own_rev=own_rev))
        except Unavailable:
            log.warning("own settings left to the sweeper", conversation=conversation_id)

    async def finish(self, member: Member) -> None:
        """An entry in their inbox for what stands at `own_rev`. Repeatable."""
        c, user_id = member.conversation_id, member.user_id
        entry = Entry("mine", c, user_id=user_id, rev=member.own_rev, at=self._clock.now())
        await self._stores.inboxes.push([user_id], entry)
        self._bus.publish(Bell("inbox", (user_id,)))
        await self._stores.own_settings.finish(member)
