"""Words from the host application to a person: stored, so that they survive, then fanned out."""

from __future__ import annotations

from chatserver.clock import Clock
from chatserver.model import Bell, Entry, Notification
from chatserver.ports import Bus, Stores


class Notifications:
    def __init__(self, stores: Stores, bus: Bus, clock: Clock) -> None:
        self._stores = stores
        self._bus = bus
        self._clock = clock

    async def notify(self, user_id: int, title: str, message: str, notification_type: str) -> Notification:
        """Reaches every session of the user, at once or at its next poll. Raises Unavailable."""
        id = await self._stores.marks.next_id("notification")
        notification = Notification(id, user_id, title, message, notification_type, self._clock.now())
        await self._stores.notifications.create(notification)
        await self.finish(notification)
        return notification

    async def finish(self, notification: Notification) -> None:
        """The fan-out. Repeatable."""
        entry = Entry("notification", ref=notification.id)
        await self._stores.inboxes.push([notification.user_id], entry)
        await self._stores.notifications.finish(notification.id)
        self._bus.publish(Bell("inbox", (notification.user_id,)))
