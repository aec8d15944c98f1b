"""What people used of their limits, over all nodes: shares that nodes exchange, and exact windows of attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from limits.aio.storage import MovingWindowSupport, Storage
from pymongo import UpdateOne

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.storage.cover import repeated
from chatserver.storage.driver import Collection, Document
from chatserver.storage.script import Script


class RateStore:
    """One document for a person, a bucket and a window's length of slots: {_id, counts: {slot: calls}, expires_at}."""

    def __init__(self, collection: Collection, clock: Clock) -> None:
        self._rates = collection
        self._clock = clock

    async def exchange(
        self, bucket: str, spent: Mapping[int, Mapping[int, int]], slots: int, since: int, window_secs: float
    ) -> dict[int, dict[int, int]]:
        """Add `spent`, by person and slot; then the calls of all nodes after slot `since`, for the same people."""
        expires_at = self._clock.now() + timedelta(seconds=3 * window_secs)
        writes = [
            UpdateOne(
                {"_id": f"{bucket}:{user_id}:{slot // slots}"},
                {"$inc": {f"counts.{slot}": count}, "$max": {"expires_at": expires_at}},
                upsert=True,
            )
            for user_id, counts in spent.items()
            for slot, count in counts.items()
        ]
        if writes:
            await self._rates.bulk_write(writes, ordered=False)
        spans = (since // slots, since // slots + 1)
        owners = {f"{bucket}:{user_id}:{span}": user_id for user_id in spent for span in spans}
        found: dict[int, dict[int, int]] = {}
        for document in await self._rates.find({"_id": {"$in": list(owners)}}):
            counts = {int(slot): count for slot, count in document["counts"].items() if int(slot) > since}
            found.setdefault(owners[document["_id"]], {}).update(counts)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """One to be made in a window; no two are the same, and all of one moment are made together."""

    key: str
    limit: int
    expiry: int
    amount: int

    def update(self, now: datetime) -> Document:
        """It tries to insert a window that is there, and so has a duplicate key, where that is full or just made."""
        at = now.timestamp()
        has_room = {
            "_id": self.key,
            f"entries.{self.limit - self.amount}": {"$not": {"$gte": at - self.expiry}},
        }
        entries = {"$each": [at] * self.amount, "$position": 0, "$slice": self.limit}
        until = now + timedelta(seconds=self.expiry)
        return {
            "q": has_room,
            "u": {"$push": {"entries": entries}, "$set": {"expires_at": until}},
            "upsert": True,
        }


class AttemptStore(Storage, MovingWindowSupport):
    """The moving windows of `limits`, behind our gate and on our one client: {_id, entries: [newest first], expires_at}.

    The library's own MongoDB storage opens a second client, which knows neither.
    """

    def __init__(self, collection: Collection, clock: Clock) -> None:
        super().__init__()
        self._attempts = collection
        self._clock = clock
        self._entries: BatchedCalls[_Entry, bool] = BatchedCalls(self._acquire_all, clock)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        # Two first entries of a window race to insert it, and the loser's key is a duplicate though there is room.
        # From then on it exists: a second refusal means that it is full.
        entry = _Entry(key, limit, expiry, amount)
        return bool(await self._entries.call(entry)) or bool(await self._entries.call(entry))

    async def _acquire_all(self, entries: list[_Entry]) -> dict[_Entry, bool]:
        now = self._clock.now()
        updates = [entry.update(now) for entry in entries]
        full = set(repeated(await self._attempts.run("update", self._acquiring(updates))))
        return {entry: number not in full for number, entry in enumerate(entries)}

    def _acquiring(self, updates: list[Document]) -> Script[Document]:
        return (yield self._attempts.updating(updates))

    async def close(self) -> None:
        await self._entries.close()

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        at = self._clock.now().timestamp()
        found: Document = await self._attempts.find_one({"_id": key}) or {}
        within = [moment for moment in found.get("entries", ()) if moment > at - expiry]
        return (within[-1] if within else at), len(within)

    async def clear(self, key: str) -> None:
        await self._attempts.delete_one({"_id": key})

    # What the moving window never asks for.

    @property
    def base_exceptions(self) -> type[Exception]:
        return Unavailable

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError

    async def get(self, key: str) -> int:
        raise NotImplementedError

    async def get_expiry(self, key: str) -> float:
        raise NotImplementedError

    async def check(self) -> bool:
        raise NotImplementedError

    async def reset(self) -> int | None:
        raise NotImplementedError
