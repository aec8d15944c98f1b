"""Puts the counts of all nodes together, about once a second and in the background.

Only people who have used a good part of a bucket are told of, so that ordinary talk costs nothing. A database that is
away costs only the sharing: each node then limits what it sees itself.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.guard.rates import SLOTS, Bucket, RateLimits
from chatserver.ports import RateStore

EVERY_SECS = 1.0
HURRIED_SECS = 0.1  # when somebody uses a bucket up faster than that
MOST = 1000  # people told of in one exchange; the rest wait for the next


class SharedRates:
    def __init__(self, limits: RateLimits, store: RateStore, clock: Clock, *, alone: bool) -> None:
        """`alone`: there is no other node to tell."""
        self._limits = limits
        self._store = store
        self._clock = clock
        self._alone = alone
        self._hurried = asyncio.Event()
        # What we have told so far by bucket, user and slot; of those whose counts are not worth it any more, nothing.
        self._own: dict[str, dict[int, dict[int, int]]] = defaultdict(dict)
        if not alone:
            limits.hurry = self._hurried.set

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with self._clock.limit(EVERY_SECS):
                    await self._hurried.wait()
            self._hurried.clear()
            for bucket in self._limits.buckets.values():
                bucket.set_clock()
                bucket.tidy()
            metrics.RATE_LIMIT_USERS.set(sum(bucket.users for bucket in self._limits.buckets.values()))
            if not self._alone:
                for bucket in self._limits.buckets.values():
                    await self.exchange(bucket)
            await self._clock.sleep(HURRIED_SECS)

    async def exchange(self, bucket: Bucket) -> None:
        """Tell what we counted and learn what everybody did."""
        told = self._own[bucket.name]
        for user_id in told.keys() - bucket.shared:
            del told[user_id]
        spent: dict[int, dict[int, int]] = {}
        for user_id in list(bucket.shared)[:MOST]:
            usage = bucket.usage(user_id)
            if usage is None or not usage.total:
                bucket.shared.discard(user_id)
                continue
            spent[user_id] = dict(usage.unshared)
        if not spent:
            return
        since = bucket.slot_now() - SLOTS
        try:
            everywhere = await self._store.exchange(bucket.name, spent, SLOTS, since, bucket.window_secs)
        except Unavailable:
            return  # told next time; what may have been stored is then counted twice, for one window
        for user_id, counts in spent.items():
            own = _told(told, user_id, counts, since)
            if (usage := bucket.usage(user_id)) is not None:
                usage.share(counts)
                usage.learn(everywhere.get(user_id, {}), own)


def _told(
    told: dict[int, dict[int, int]], user_id: int, counts: dict[int, int], since: int
) -> dict[int, int]:
    """Add what was told just now. All that this node has told of this person, by slot, without slots that are over."""
    own = told.setdefault(user_id, {})
    for slot, count in counts.items():
        own[slot] = own.get(slot, 0) + count
    for slot in [slot for slot in own if slot <= since]:
        del own[slot]
    return own
