"""Words from the host application to a person; stored first, fanned out second."""

from __future__ import annotations

from collections.abc import Iterable

from chatserver.model import Notification
from chatserver.storage import codec
from chatserver.storage.driver import Collection


class NotificationStore:
    def __init__(self, collection: Collection) -> None:
        self._notifications = collection

    async def create(self, notification: Notification) -> None:
        await self._notifications.insert_one(
            {
                "_id": notification.id,
                "user_id": notification.user_id,
                "title": notification.title,
                "message": notification.message,
                "notification_type": notification.notification_type,
                "created_at": notification.created_at,
                "pending": True,
            }
        )

    async def by_ids(self, ids: Iterable[int]) -> dict[int, Notification]:
        found = await self._notifications.find({"_id": {"$in": list(ids)}})
        return {doc["_id"]: codec.notification(doc) for doc in found}

    async def pending(self, limit: int) -> list[Notification]:
        return [
            codec.notification(doc) for doc in await self._notifications.find({"pending": True}, limit=limit)
        ]

    async def finish(self, notification_id: int) -> None:
        await self._notifications.update_one({"_id": notification_id}, {"$unset": {"pending": ""}})
