"""What somebody wrote lately goes when they are banned, if that is wanted: by the ordinary way of deleting.

A mark in their membership says what is left, and moves down the log with each page that is done. The first page goes
with the ban, the others with each sweep, whatever died in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import MAX_SEQ, Actor, Wipe, tombstone
from chatserver.ports import Stores
from chatserver.services.changes import Changes
from chatserver.services.groups import step

PAGE = 200  # messages, of everybody
PAGES = 20  # in one sweep
PAUSE_SECS = 0.02

log = structlog.get_logger(__name__)


class Wipes:
    def __init__(self, stores: Stores, changes: Changes, clock: Clock) -> None:
        self._stores = stores
        self._changes = changes
        self._clock = clock

    def wanted(self, actor: Actor, conversation_id: int, user_id: int, secs: int) -> Wipe:
        """To be kept with the ban."""
        since = self._clock.now() - timedelta(seconds=secs)
        return Wipe(conversation_id, user_id, actor.user_id, since, MAX_SEQ)

    async def begin(self, conversation_id: int, user_id: int) -> None:
        """The first page. What cannot be done now is left to the sweeper."""
        try:
            await step()
            for wipe in await self._stores.outsiders.wipes(1, (conversation_id, user_id)):
                await self._page(wipe)
        except Unavailable:
            log.warning("messages left to the sweeper", conversation=conversation_id, member=user_id)

    async def go_on(self, most: int) -> None:
        """With `most` of them, as far as one sweep goes. Raises Unavailable."""
        left = PAGES
        for wipe in await self._stores.outsiders.wipes(most):
            rest: Wipe | None = wipe
            while rest is not None and left:
                rest, left = await self._page(rest), left - 1
                await self._clock.sleep(PAUSE_SECS)

    async def _page(self, wipe: Wipe) -> Wipe | None:
        """What is left of it then."""
        c = wipe.conversation_id
        found = await self._stores.messages.page(c, 0, wipe.below_seq, PAGE)
        for message in found:
            if message.sender_id == wipe.user_id and message.created_at >= wipe.since:
                now = self._clock.now()
                change = await self._stores.messages.change(message.id, tombstone(wipe.by), "deleted_at", now)
                if change is not None:
                    await self._changes.finish(change)
        is_over = len(found) < PAGE or found[-1].created_at < wipe.since
        below_seq = 0 if is_over else found[-1].seq
        await self._stores.outsiders.move_wipe(wipe, below_seq)
        return None if is_over else replace(wipe, below_seq=below_seq)
