"""What people used up of their quotas, over all nodes: {_id, used, expires_at}. Every step is one conditional update."""

from __future__ import annotations

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chatserver.storage.driver import Collection


class QuotaStore:
    def __init__(self, collection: Collection) -> None:
        self._quotas = collection

    async def use(self, key: str, amount: int, most: int, expires_at: datetime) -> bool:
        """Add `amount` unless that makes more than `most`. Whether it was added."""
        if amount > most:  # an update that inserts does not look at what is there
            return False
        # Two first ones race to insert, and the loser's key is a duplicate though there is room: a second refusal
        # means that it is full.
        return await self._use(key, amount, most, expires_at) or await self._use(
            key, amount, most, expires_at
        )

    async def _use(self, key: str, amount: int, most: int, expires_at: datetime) -> bool:
        try:
            await self._quotas.update_one(
                {"_id": key, "used": {"$lte": most - amount}},
                {"$inc": {"used": amount}, "$set": {"expires_at": expires_at}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return True

    async def give_back(self, key: str, amount: int) -> None:
        await self._quotas.update_one({"_id": key}, {"$inc": {"used": -amount}})

    async def hold(self, key: str, now: datetime, until: datetime) -> bool:
        """Take it for oneself, unless somebody holds it for longer than `now`."""
        try:
            await self._quotas.update_one(
                {"_id": key, "expires_at": {"$lte": now}}, {"$set": {"expires_at": until}}, upsert=True
            )
        except DuplicateKeyError:
            return False
        return True

    async def let_go(self, key: str) -> None:
        await self._quotas.delete_one({"_id": key})
