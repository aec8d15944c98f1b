"""Keys of the host's servers: {_id, name, scopes, hash, created_at, expires_at, last_used_at, networks,
former: {hash, until}}
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chatserver.model import ApiKey
from chatserver.storage.driver import Collection, Document


class ApiKeyStore:
    def __init__(self, keys: Collection) -> None:
        self._keys = keys

    async def create(self, key: ApiKey) -> None:
        document: Document = {
            "_id": key.id,
            "name": key.name,
            "scopes": list(key.scopes),
            "hash": key.hash,
            "created_at": key.created_at,
        }
        if key.expires_at is not None:
            document["expires_at"] = key.expires_at
        if key.networks:
            document["networks"] = list(key.networks)
        await self._keys.insert_one(document)

    async def by_ids(self, ids: Iterable[int]) -> dict[int, ApiKey]:
        found = await self._keys.find({"_id": {"$in": list(ids)}})
        return {doc["_id"]: _key(doc) for doc in found}

    async def all(self) -> list[ApiKey]:
        return [_key(doc) for doc in await self._keys.find({}, sort=[("_id", 1)])]

    async def rotate(self, id: int, hash: bytes, former_until: datetime) -> ApiKey | None:
        """The one before this is good until then, and the one before that no longer. None when there is no such key."""
        # As one step that reads what it replaces: of two at once the later one's former is what the earlier one gave.
        change = [{"$set": {"former": {"hash": "$hash", "until": former_until}, "hash": hash}}]
        found = await self._keys.find_one_and_update({"_id": id}, change, after=True)
        return _key(found) if found else None

    async def touch(self, id: int, at: datetime) -> None:
        await self._keys.update_one({"_id": id}, {"$set": {"last_used_at": at}})

    async def delete(self, id: int) -> bool:
        return await self._keys.delete_one({"_id": id}) == 1


def _key(document: Document) -> ApiKey:
    former = document.get("former", {})
    return ApiKey(
        document["_id"],
        document["name"],
        tuple(document["scopes"]),
        document["created_at"],
        document.get("expires_at"),
        document["hash"],
        document.get("last_used_at"),
        former.get("hash"),
        former.get("until"),
        tuple(document.get("networks", ())),
    )
