"""Words from the host application to a person: stored, so that they survive, then fanned out.

An inbox keeps a hundred entries, and anybody who writes can push one out. So it also names what is owed: the
notifications that no device of the person is known to have. A device with a cursor has one when it polls from beyond
it, one without when an answer with it got out; what either would be sent past, a snapshot or the next poll has.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import structlog

from chatserver import failpoints, metrics
from chatserver.clock import Clock
from chatserver.cursor import Cursor
from chatserver.errors import IdempotencyConflict, Unavailable
from chatserver.model import Bell, Entry, Inbox, Notification
from chatserver.polls.hub import Hub
from chatserver.polls.present import Present
from chatserver.ports import Bus, Stores

log = structlog.get_logger(__name__)


class Notifications:
    def __init__(self, stores: Stores, hub: Hub, bus: Bus, clock: Clock) -> None:
        self._stores = stores
        self._hub = hub
        self._bus = bus
        self._clock = clock

    async def notify(
        self, user_id: int, title: str, message: str, notification_type: str, client_id: str | None
    ) -> tuple[Notification, bool]:
        """Reaches every session of the user, at once or at its next poll; false for a repeat by client_id.

        Raises IdempotencyConflict, Unavailable.
        """
        id = await self._stores.marks.next_id("notification")
        now = self._clock.now()
        notification = Notification(id, user_id, title, message, notification_type, now, client_id)
        if not await self._stores.notifications.create(notification):
            return await self._first(notification), False
        try:
            await self.finish(notification)
        except Unavailable:
            log.warning("notification left to the sweeper", notification=id)
        return notification, True

    async def _first(self, again: Notification) -> Notification:
        assert again.client_id is not None
        first = await self._stores.notifications.by_client_id(again.client_id)
        if first is None:
            raise Unavailable("The notification is not completely readable yet.")
        if replace(again, id=first.id, created_at=first.created_at) != first:
            raise IdempotencyConflict("client_id was used before, with another notification.")
        return first

    async def finish(self, notification: Notification) -> None:
        """The fan-out. Repeatable."""
        entry = Entry("notification", ref=notification.id)
        if await self._stores.owed.add(notification.user_id, entry):
            metrics.OWED_DROPPED.inc()
            log.warning("too much is owed: the oldest notification was let go", user=notification.user_id)
        await self._stores.notifications.finish(notification.id)
        self._bus.publish(Bell("inbox", (notification.user_id,)))

    async def owed(self, user_id: int, inbox: Inbox) -> list[Notification]:
        """What belongs into a snapshot of this inbox, the oldest first. Raises Unavailable."""
        present = self._hub.get(user_id)
        # That a device was given one stands in the inbox only a moment after the device has it.
        given = present.given if present is not None else frozenset()
        owed = [one for one in inbox.owed if one.id not in given]
        if not owed:
            return []
        found = await self._stores.notifications.by_ids(one.id for one in owed)
        if any(one.missed for one in owed):
            await self._stores.owed.shown(user_id, [one.id for one in owed])
        return [found[one.id] for one in owed if one.id in found]

    async def passed(self, present: Present, cursor: Cursor) -> None:
        """A device of theirs goes on from there."""
        if any(one.version <= cursor.version for one in present.owed):
            with suppress(Unavailable):  # told twice rather than never
                await self._stores.owed.passed(present.user_id, cursor)
                present.owed = tuple(one for one in present.owed if one.version > cursor.version)

    async def given(self, present: Present, ids: Iterable[int]) -> None:
        """An answer with these got out to a device that keeps no cursor."""
        present.given |= frozenset(ids)
        if failpoints.armed:
            await failpoints.reach("before_given")
        with suppress(Unavailable):
            await self._stores.owed.given(present.user_id, ids)

    async def missed(self, present: Present) -> None:
        """A device of theirs is about to be sent past what is owed. Raises Unavailable."""
        if present.owed:
            await self._stores.owed.missed(present.user_id)
