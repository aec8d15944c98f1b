"""Counters for ids, how far sweeps and lists of words got, the name of the installation and its keys."""

from __future__ import annotations

import contextlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from chatserver.storage.driver import Collection

BELL_KEY, LINK_KEY = "bell_key", "link_key"
KEYS = (BELL_KEY, LINK_KEY)  # each made once, for one purpose; no backup has them
KEY_BYTES = 32


class MarkStore:
    def __init__(self, collection: Collection) -> None:
        self._marks = collection

    async def next_id(self, noun: str) -> int:
        """Counts up for ever; a number taken and not used leaves a gap."""
        return (await self.next_ids(noun, 1))[0]

    async def next_ids(self, noun: str, count: int) -> range:
        """The same for several, which stand together."""
        found = await self._marks.find_one_and_update(
            {"_id": noun}, {"$inc": {"last": count}}, upsert=True, after=True
        )
        assert found is not None
        last = int(found["last"])
        return range(last - count + 1, last + 1)

    async def installation(self) -> str:
        """What is shared with other installations is told apart by it."""
        return str(await self._made_once("installation", "name", secrets.token_hex(4)))

    async def bell_key(self) -> bytes:
        """What this installation's bells are sealed with."""
        return await self._key(BELL_KEY)

    async def link_key(self) -> bytes:
        """What its links to files are signed with."""
        return await self._key(LINK_KEY)

    async def _key(self, mark: str) -> bytes:
        return bytes(await self._made_once(mark, "key", secrets.token_bytes(KEY_BYTES)))

    async def _made_once(self, mark: str, field: str, proposed: Any) -> Any:
        """What the first proposed who asked."""
        while True:
            with contextlib.suppress(DuplicateKeyError):
                found = await self._marks.find_one_and_update(
                    {"_id": mark}, {"$setOnInsert": {field: proposed}}, upsert=True, after=True
                )
                assert found is not None
                return found[field]

    async def claim_sweep(self, now: datetime, interval_secs: float) -> datetime | None:
        """When the last completed sweep began, if it is our turn now; None while another node's turn lasts."""
        due = now - timedelta(seconds=interval_secs)
        # A claim from the future is one by a wrong clock: it must not keep the others from their turns.
        try:
            found = await self._marks.find_one_and_update(
                {"_id": "sweep", "claimed_at": {"$not": {"$gt": due, "$lte": now}}},
                {"$set": {"claimed_at": now}},
                upsert=True,
            )
        except DuplicateKeyError:
            return None
        beginning = datetime.fromtimestamp(0, now.tzinfo)
        return found["completed_at"] if found and "completed_at" in found else beginning

    async def complete_sweep(self, began: datetime) -> None:
        await self._marks.update_one({"_id": "sweep"}, {"$max": {"completed_at": began}})

    async def listed_up_to(self, noun: str, rules: int, now: datetime, again_at: datetime) -> int | None:
        """The last one that was looked at under these rules, 0 before the first; None when there is nothing to do now.

        Whoever asks first under new rules begins the first round, and a second one at `again_at`.
        """
        id = f"words of {noun}"
        begin = {"rules": rules, "seen": 0, "count": 0, "again_at": again_at}
        with contextlib.suppress(DuplicateKeyError):  # begun already, or by a newer version
            older = {"_id": id, "rules": {"$not": {"$gte": rules}}}
            await self._marks.update_one(older, {"$set": begin}, upsert=True)
        again = {"_id": id, "rules": rules, "seen": None, "again_at": {"$lte": now}}
        await self._marks.update_one(again, {"$set": {"seen": 0, "again_at": None}})
        found = await self._marks.find_one({"_id": id, "rules": rules})
        return found["seen"] if found else None

    async def list_up_to(self, noun: str, rules: int, last: int | None, count: int) -> None:
        """`count` more were looked at; without a last one the round is over."""
        mark = {"_id": f"words of {noun}", "rules": rules}
        await self._marks.update_one(mark, {"$set": {"seen": last}, "$inc": {"count": count}})

    async def kept_up_to(self, now: datetime, latest: datetime) -> int | None:
        """The last conversation whose old messages are known to be gone, 0 before the first; None while it rests.

        A rest that is to end after `latest` was begun by a wrong clock.
        """
        found = await self._marks.find_one({"_id": "retention"})
        if found is None:
            return 0
        return None if now < found["again_at"] <= latest else int(found["seen"])

    async def keep_up_to(self, last: int, again_at: datetime) -> None:
        mark = {"seen": last, "again_at": again_at}
        await self._marks.update_one({"_id": "retention"}, {"$set": mark}, upsert=True)

    async def guests_seen(self) -> str:
        """The name of the last guest of whom it is known whether they still come; nothing at the beginning."""
        found = await self._marks.find_one({"_id": "guests"})
        return found["seen"] if found else ""

    async def see_guests(self, last: str) -> None:
        await self._marks.update_one({"_id": "guests"}, {"$set": {"seen": last}}, upsert=True)

    async def files_seen(self) -> str:
        """The last file of which it is known whether a message names it; nothing before the first."""
        found = await self._marks.find_one({"_id": "files"})
        return found["seen"] if found else ""

    async def see_files(self, last: str) -> None:
        await self._marks.update_one({"_id": "files"}, {"$max": {"seen": last}}, upsert=True)
