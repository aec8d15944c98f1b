"""What an inbox owes: the notifications that no device of its person has, however long ago the ring let go of them.

They stand in the inbox itself, because the entry and its version are to appear with them in one write.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatserver.cursor import Cursor
from chatserver.model import Entry
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document
from chatserver.storage.inboxes import RING

OWED = 100  # of one person


class OwedStore:
    def __init__(self, inboxes: Collection) -> None:
        self._inboxes = inboxes

    async def add(self, user_id: int, entry: Entry) -> bool:
        """Append its entry where it is not yet, and owe it. Whether the oldest that was owed had to go for it."""
        filter: Document = {"_id": user_id, "ring.key": {"$ne": entry.key}, "owed.i": {"$ne": entry.ref}}
        version: Document = {"$add": ["$version", 1]}
        added: Document = {
            "ring": ({"$literal": records.entry_document(entry)}, RING),
            "owed": ({"i": entry.ref, "v": version}, OWED),
        }
        grown = {
            field: {"$slice": [{"$concatArrays": [{"$ifNull": [f"${field}", []]}, [one]]}, -most]}
            for field, (one, most) in added.items()
        }
        before = await self._inboxes.find_one_and_update(
            filter, [{"$set": {"version": version, **grown}}], projection={"owed": 1}
        )
        return before is not None and len(before.get("owed", ())) >= OWED

    async def passed(self, user_id: int, cursor: Cursor) -> None:
        """A device has all that is owed up to there, but for what was missed."""
        filter = {"_id": user_id, "epoch": cursor.epoch}
        gone = {"v": {"$lte": cursor.version}, "x": {"$exists": False}}
        await self._inboxes.update_one(filter, {"$pull": {"owed": gone}})

    async def given(self, user_id: int, ids: Iterable[int]) -> None:
        """A device has these."""
        await self._inboxes.update_one({"_id": user_id}, {"$pull": {"owed": {"i": {"$in": list(ids)}}}})

    async def missed(self, user_id: int) -> None:
        """A device is sent past all that is owed."""
        filter = {"_id": user_id, "owed.i": {"$exists": True}}
        await self._inboxes.update_one(filter, {"$set": {"owed.$[].x": True}})

    async def shown(self, user_id: int, ids: Iterable[int]) -> None:
        """A device is given these beside the cursor to go on from, so that they are missed no more."""
        listed = [{"one.i": {"$in": list(ids)}}]
        update = {"q": {"_id": user_id}, "u": {"$unset": {"owed.$[one].x": ""}}, "arrayFilters": listed}
        await self._inboxes.update([update])
