"""Words from the host application to a person: stored, so that they survive, then fanned out."""

from __future__ import annotations

from dataclasses import replace

import structlog

from chatserver.clock import Clock
from chatserver.errors import IdempotencyConflict, Unavailable
from chatserver.model import Bell, Entry, Notification
from chatserver.ports import Bus, Stores

log = structlog.get_logger(__name__)


class Notifications:
    def __init__(self, stores: Stores, bus: Bus, clock: Clock) -> None:
        self._stores = stores
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
        await self._stores.inboxes.push([notification.user_id], entry)
        await self._stores.notifications.finish(notification.id)
        self._bus.publish(Bell("inbox", (notification.user_id,)))
