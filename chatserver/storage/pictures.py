"""Pictures of groups, one of each: {_id: conversation, key, png}. Another one takes its place, and its key with it."""

from __future__ import annotations

from chatserver.storage.driver import Collection


class PictureStore:
    def __init__(self, pictures: Collection) -> None:
        self._pictures = pictures

    async def keep(self, conversation_id: int, key: str, png: bytes) -> None:
        await self._pictures.update_one(
            {"_id": conversation_id}, {"$set": {"key": key, "png": png}}, upsert=True
        )

    async def find(self, conversation_id: int, key: str) -> bytes | None:
        """None also for a key that another one has taken the place of."""
        found = await self._pictures.find_one({"_id": conversation_id, "key": key})
        return bytes(found["png"]) if found else None

    async def delete(self, conversation_id: int) -> None:
        """Repeatable."""
        await self._pictures.delete_one({"_id": conversation_id})
