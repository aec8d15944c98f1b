"""From where people signed in: {_id: account, addresses: [{mark, at}], devices: [{mark, at}], expires_at}.

Marks are hashes, and an account is the hash of a username: nothing here says who came from where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chatserver.storage.driver import Collection

KINDS = ("addresses", "devices")


class KnownCallerStore:
    def __init__(self, collection: Collection) -> None:
        self._known = collection

    async def of(self, accounts: Iterable[str]) -> dict[str, dict[str, datetime]]:
        """account → mark → when it was last remembered."""
        found = await self._known.find({"_id": {"$in": list(accounts)}})
        return {
            doc["_id"]: {one["mark"]: one["at"] for kind in KINDS for one in doc.get(kind, ())}
            for doc in found
        }

    async def remember(
        self, account: str, marks: Mapping[str, str], at: datetime, most: int, expires_at: datetime
    ) -> None:
        """`marks` by kind. Of each kind the `most` that were remembered last are kept."""
        for kind, mark in marks.items():
            if await self._renew(account, kind, mark, at, expires_at):
                continue
            try:
                await self._known.update_one(
                    {"_id": account, f"{kind}.mark": {"$ne": mark}},
                    {
                        "$push": {
                            kind: {"$each": [{"mark": mark, "at": at}], "$sort": {"at": -1}, "$slice": most}
                        },
                        "$max": {"expires_at": expires_at},
                    },
                    upsert=True,
                )
            except DuplicateKeyError:  # another sign-in made the document, or put this mark into it
                await self._renew(account, kind, mark, at, expires_at)

    async def _renew(self, account: str, kind: str, mark: str, at: datetime, expires_at: datetime) -> bool:
        change = {"$set": {f"{kind}.$.at": at}, "$max": {"expires_at": expires_at}}
        return bool(
            (await self._known.update_one({"_id": account, f"{kind}.mark": mark}, change)).matched_count
        )

    async def forget(self, account: str) -> None:
        await self._known.delete_one({"_id": account})
