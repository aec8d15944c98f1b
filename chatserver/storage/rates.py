"""What people used of their limits, over all nodes: shares that nodes exchange, and exact windows of attempts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from limits.aio.storage import MovingWindowSupport, Storage
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.storage.driver import Collection, Document


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


class AttemptStore(Storage, MovingWindowSupport):
    """The moving windows of `limits`, behind our gate and on our one client: {_id, entries: [newest first], expires_at}.

    The library's own MongoDB storage opens a second client, which knows neither.
    """

    def __init__(self, collection: Collection, clock: Clock) -> None:
        super().__init__()
        self._attempts = collection
        self._clock = clock

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        # Two first entries of a window race to insert it, and the loser's key is a duplicate though there is room.
        # From then on it exists: a second refusal means that it is full.
        return await self._acquire(key, limit, expiry, amount) or await self._acquire(
            key, limit, expiry, amount
        )

    async def _acquire(self, key: str, limit: int, expiry: int, amount: int) -> bool:
        now = self._clock.now()
        at = now.timestamp()
        try:
            await self._attempts.update_one(
                {"_id": key, f"entries.{limit - amount}": {"$not": {"$gte": at - expiry}}},
                {
                    "$push": {"entries": {"$each": [at] * amount, "$position": 0, "$slice": limit}},
                    "$set": {"expires_at": now + timedelta(seconds=expiry)},
                },
                upsert=True,
            )
        except DuplicateKeyError:  # it is there, and full or just made
            return False
        return True

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
