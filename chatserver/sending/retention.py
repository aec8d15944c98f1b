"""Messages that are too old go, a few with each sweep: first nobody is shown them any more, then they are deleted.

Only the oldest of a conversation, so that its numbers have no holes. The newest one stays, as a tombstone: the next
number comes from it. Every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from chatserver import failpoints, metrics
from chatserver.clock import Clock
from chatserver.model import Bell, Change, Kept, message_id, tombstone
from chatserver.ports import Bus, Stores

LOOKED_AT = 50  # conversations in one sweep
BATCHES = 20  # of messages in one sweep
BATCH = 1_000
AGAIN = timedelta(hours=1)  # after the last conversation, until the first one's turn
PAUSE_SECS = 0.02


class Retention:
    def __init__(
        self,
        stores: Stores,
        bus: Bus,
        finish_change: Callable[[Change], Awaitable[object]],
        clock: Clock,
        days: int,
    ) -> None:
        """`days`: of conversations that have none of their own; 0 keeps everything."""
        self._stores = stores
        self._bus = bus
        self._finish_change = finish_change
        self._clock = clock
        self._days = days

    async def go_on(self, now: datetime) -> None:
        """One sweep's part. Raises Unavailable."""
        seen = await self._stores.marks.kept_up_to(now, now + AGAIN)
        if seen is None:
            return
        left = BATCHES
        found = await self._stores.retention.conversations(seen, LOOKED_AT, self._days > 0)
        for one in found:
            days = self._days if one.days is None else one.days
            if days and not one.hold:
                left = await self._shorten(one, now - timedelta(days=days), left)
            if left <= 0:  # with this one again
                break
            seen = one.id
        is_over = left > 0 and len(found) < LOOKED_AT
        await self._stores.marks.keep_up_to(0 if is_over else seen, now + AGAIN if is_over else now)

    async def _shorten(self, one: Kept, cutoff: datetime, batches: int) -> int:
        """How many more batches there may be: none when this one is not done."""
        stores, floor = self._stores.retention, one.floor_seq
        head = await self._stores.messages.head(one.id)
        while batches > 0:
            old = await stores.old(one.id, floor, cutoff, BATCH)
            last = min(old[-1][1] if old else floor, head - 1)
            if last > floor:
                await stores.pass_over(one.id, last, await self._user_ids(one), old)
                if not await stores.raise_floor(one.id, last):
                    return batches
                floor = last
            if failpoints.armed:
                await failpoints.reach("after_floor")
            ids, files = await stores.below(one.id, floor, BATCH)
            for file in files:
                await self._stores.attachments.delete(file)
            if ids:
                await stores.delete(one.id, floor, ids)
                metrics.MESSAGES_EXPIRED.inc(len(ids))
            if len(old) < BATCH and len(ids) < BATCH:
                await self._bury_newest(one, head, bool(old) and old[-1][1] >= head)
                self._bus.publish(Bell("inbox", await self._user_ids(one)))
                return batches if not ids else batches - 1
            batches -= 1
            await self._clock.sleep(PAUSE_SECS)
        return 0

    async def _user_ids(self, one: Kept) -> tuple[int, ...]:
        return one.user_ids or (await self._stores.conversations.member_ids([one.id]))[one.id]

    async def _bury_newest(self, one: Kept, head: int, is_old: bool) -> None:
        """As its sender would delete it."""
        id = message_id(one.id, head)
        newest = (await self._stores.messages.by_ids([id])).get(id) if is_old else None
        if newest is not None and newest.deleted_at is None and newest.system is None:
            change = await self._stores.messages.change(id, tombstone(), "deleted_at", self._clock.now())
            if change is not None:
                await self._finish_change(change)
                metrics.MESSAGES_EXPIRED.inc()
