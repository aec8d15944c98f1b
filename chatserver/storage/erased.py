"""Who was erased: {_id, at}, and `again` where a backup that was restored is from before. No restore loses it."""

from __future__ import annotations

from datetime import datetime

from chatserver.storage.driver import Collection


class ErasedStore:
    def __init__(self, collection: Collection) -> None:
        self._erased = collection

    async def add(self, user_id: int, at: datetime) -> None:
        await self._erased.update_one({"_id": user_id}, {"$setOnInsert": {"at": at}}, upsert=True)

    async def again(self, limit: int) -> list[int]:
        """Those who have come back with a backup."""
        found = await self._erased.find({"again": True}, {"_id": 1}, limit=limit)
        return [int(doc["_id"]) for doc in found]

    async def is_begun(self, user_id: int) -> None:
        await self._erased.update_one({"_id": user_id}, {"$unset": {"again": ""}})
