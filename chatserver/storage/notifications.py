"""Words from the host application to a person; stored first, fanned out second."""

from __future__ import annotations

from collections.abc import Iterable

from pymongo.errors import DuplicateKeyError

from chatserver.model import Notification
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document


class NotificationStore:
    def __init__(self, collection: Collection) -> None:
        self._notifications = collection

    async def create(self, notification: Notification) -> bool:
        """False when its client_id was used before."""
        document: Document = {
            "_id": notification.id,
            "user_id": notification.user_id,
            "title": notification.title,
            "message": notification.message,
            "notification_type": notification.notification_type,
            "created_at": notification.created_at,
            "pending": True,
        }
        if notification.client_id is not None:
            document["client_id"] = notification.client_id
        try:
            await self._notifications.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def by_client_id(self, client_id: str) -> Notification | None:
        found = await self._notifications.find_one({"client_id": client_id})
        return records.notification(found) if found else None

    async def by_ids(self, ids: Iterable[int]) -> dict[int, Notification]:
        found = await self._notifications.find({"_id": {"$in": list(ids)}})
        return {doc["_id"]: records.notification(doc) for doc in found}

    async def pending(self, limit: int) -> list[Notification]:
        return [
            records.notification(doc)
            for doc in await self._notifications.find({"pending": True}, limit=limit)
        ]

    async def finish(self, notification_id: int) -> None:
        await self._notifications.update_one({"_id": notification_id}, {"$unset": {"pending": ""}})
