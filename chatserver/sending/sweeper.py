"""Finishes what a node that died left half done: fan-outs of messages, their changes, reads, own settings and
notifications, changes of groups and of who is in them, and what the host is to be told of them; and deletes the files of
sends that came to nothing, messages that are too old, and guests who do not come back.
Lists the words of full pages for search, and anew what
older rules listed.

Safe to run everywhere at once, a no-op where nothing is missing; a claim in the database keeps it to one node a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

import structlog

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Advance, Bell, Change, Member, Notification, PendingRead
from chatserver.ports import Bus, Stores
from chatserver.sending.fanout import FanOut
from chatserver.sending.feed import Feed
from chatserver.sending.relisting import Relisting
from chatserver.sending.retention import Retention
from chatserver.word_pages import PAGE

log = structlog.get_logger(__name__)

# Messages carry the wall clock of the node that took them. The margins are what clocks may differ and sends may take
# together: usually, and at most. Who is beyond the first is found when the second is over.
MARGIN, MOST_MARGIN = timedelta(seconds=5), timedelta(minutes=1)
EVER = datetime.max.replace(tzinfo=UTC)
CHUNK = 100  # conversations looked at together: of each member the heads in all of them are asked for
FILE_AGE = timedelta(days=1, hours=1)  # longer than its send may take
FILES = 100  # looked at in one sweep
# Nobody waits for long calls here, but whoever sends during one does: they are made short, with pauses between.
PAUSE_SECS = 0.02
MESSAGES = 5_000  # found in one call
PAGES = 4  # listed in one call
PENDING = 500  # pending ones of each other kind finished in one sweep


class Sweeper:
    def __init__(
        self,
        stores: Stores,
        fanout: FanOut,
        feed: Feed,
        bus: Bus,
        clock: Clock,
        interval_secs: float,
        finish_read: Callable[[PendingRead], Awaitable[object]],
        finish_notification: Callable[[Notification], Awaitable[object]],
        finish_change: Callable[[Change], Awaitable[object]],
        finish_own_settings: Callable[[Member], Awaitable[object]],
        retention: Retention,
        forget_guests: Callable[[], Awaitable[object]],
        settle_groups: Callable[[int], Awaitable[object]],
    ) -> None:
        self._stores = stores
        self._fanout = fanout
        self._feed = feed
        self._bus = bus
        self._clock = clock
        self._relisting = Relisting(stores, clock)
        self._interval_secs = interval_secs
        self._finish_read = finish_read
        self._finish_notification = finish_notification
        self._finish_change = finish_change
        self._finish_own_settings = finish_own_settings
        self._retention = retention
        self._forget_guests = forget_guests
        self._settle_groups = settle_groups

    async def run(self) -> None:
        """Until cancelled. The first sweep is at once, whoever swept last: the node that died may have been this one."""
        apart_secs = 0.0
        while True:
            try:
                await self.sweep(apart_secs)
                apart_secs = self._interval_secs / 2
            except Unavailable:
                log.info("sweep put off: the database is away")
            except Exception:
                log.exception("sweep failed")
            await self._clock.sleep(self._interval_secs)

    async def sweep(self, apart_secs: float = 0.0) -> None:
        """Unless another node began one within `apart_secs`."""
        began = self._clock.now()
        last = await self._stores.marks.claim_sweep(began, apart_secs)
        if last is None:
            return
        await self._feed.refresh()
        for pending in await self._stores.conversations.pending_reads(PENDING):
            await self._finish_read(pending)
        for notification in await self._stores.notifications.pending(PENDING):
            await self._finish_notification(notification)
        for change in await self._stores.messages.pending_changes(PENDING):
            await self._finish_change(change)
        for member in await self._stores.own_settings.pending(PENDING):
            await self._finish_own_settings(member)
        if last > began:  # a wrong clock put the mark there: until then the whole look back, each time
            last = began - MOST_MARGIN + MARGIN
        new, late = (last - MARGIN, EVER), (last - MOST_MARGIN, began - MOST_MARGIN)
        appended = await self._appended(new, late)
        conversations = iter(appended)
        chunks = []
        while chunk := list(islice(conversations, CHUNK)):
            chunks.append(await self._mend({id: appended[id] for id in chunk}))
            await self._feed.make_up(chunks[-1])
            await asyncio.sleep(0)
        for lasts in chunks:
            await self._list_words(lasts)
        await self._settle_groups(PENDING)
        await self._collect_files(began)
        await self._forget_guests()
        await self._stores.marks.complete_sweep(began)
        metrics.SWEEPS.inc()
        await self._feed.bound()
        await self._relisting.go_on(began)
        await self._retention.go_on(began)

    async def _appended(self, *spans: tuple[datetime, datetime]) -> dict[int, int]:
        """conversation → highest seq, of all that got a message in one of them."""
        appended: dict[int, int] = {}
        for since, until in spans:
            more: tuple[datetime, int] | None = (since, 0)
            while more is not None:
                found, more = await self._stores.messages.appended_between(*more, until, MESSAGES)
                appended.update((id, max(last, appended.get(id, 0))) for id, last in found.items())
                await self._clock.sleep(PAUSE_SECS)
        return appended

    async def _collect_files(self, now: datetime) -> None:
        """A send that was refused when the database was away could not take its file back either."""
        seen = await self._stores.marks.files_seen()
        ids = await self._stores.attachments.begun(seen, now - FILE_AGE, FILES)
        if not ids:
            return
        for id in set(ids) - await self._stores.messages.attached(ids):
            await self._stores.attachments.delete(id)
            metrics.FILES_COLLECTED.inc()
        await self._stores.marks.see_files(ids[-1])

    async def _list_words(self, lasts: dict[int, int]) -> None:
        """Pages that have become full are what search looks at first."""
        paged = await self._stores.conversations.paged(lasts)
        full = ((id, n) for id, last in lasts.items() for n in range(paged.get(id, 0), last // PAGE))
        while pages := list(islice(full, PAGES)):
            await self._stores.pages.fill(pages)
            await self._stores.conversations.set_paged({id: n + 1 for id, n in pages})
            await self._clock.sleep(PAUSE_SECS)

    async def _mend(self, lasts: dict[int, int]) -> dict[int, int]:
        """Compare each member's head with the log, and repair only where one is behind.

        Returns those that there are: what is still being imported is nobody's yet.
        """
        ready = await self._stores.conversations.conversations(lasts)
        groups = [id for id, one in ready.items() if not one.is_direct]
        members = {id: one.member_ids for id, one in ready.items() if one.is_direct}
        members |= await self._stores.conversations.member_ids(groups)
        heads = await self._stores.inboxes.heads(set(chain.from_iterable(members.values())), ready)
        for id, member_ids in members.items():
            reached = (heads.get(user_id, {}).get(id) for user_id in member_ids)
            behind = any(head is not None and head < lasts[id] for head in reached)
            if behind and await self._fanout.repair(Advance(id, 0, lasts[id], member_ids)):
                self._bus.publish(Bell("inbox", member_ids))
        return {id: lasts[id] for id in ready}
