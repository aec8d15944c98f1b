"""How much one person may do, counted in memory: no call waits for a database to learn that it may go on.

Each bucket has a window cut into SLOTS slots and lets at most `amount` pass in the last SLOTS of them. Slots are
numbered by wall time, so that nodes can put their counts together (shared_rates.py, in the background). Between two
exchanges every call here weighs as much as the last exchange showed: with a twelfth of the calls here, twelve.
Rare calls that need an exact count, signing in and registering, have attempts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from limits import RateLimitItem, parse

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import RateLimited
from chatserver.guard.credentials import token_hash
from chatserver.model import Actor
from chatserver.settings import Settings

BUCKETS = ("send", "upload", "typing", "receipts", "history", "poll", "account", "host", "host_address")
ATTEMPTS = (  # attempts.py
    "login",
    "login_account",
    "login_address",
    "register",
    "register_site",
    "register_provider",
    "register_total",
    "invite",
    "invite_address",
)
RATES = BUCKETS + ATTEMPTS
SLOTS = 12
KEY_BYTES = 6  # of a hash, in place of a user's id: enough to tell 100,000 apart
USERS = 100_000  # per bucket; beyond, whoever came first is counted anew
SHARED_FROM = 0.02  # of the amount: below it a count is nobody else's business


class Usage:
    """What one person used of one bucket, as far as this node knows."""

    __slots__ = ("counts", "slot", "total", "unshared", "weight")

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.counts = [0.0] * SLOTS  # by slot number modulo SLOTS
        self.total = 0.0
        self.weight = 1.0
        self.unshared: dict[int, int] = {}  # own calls by slot, not yet told to the other nodes

    def move(self, slot: int) -> None:
        """Forget the slots that left the window. A clock put back by more than that starts anew."""
        if not 0 <= slot - self.slot < SLOTS:
            self.counts = [0.0] * SLOTS
            self.unshared.clear()
        else:
            for passed in range(self.slot + 1, slot + 1):
                self.counts[passed % SLOTS] = 0.0
        self.slot = slot
        self.total = sum(self.counts)

    def share(self, told: Mapping[int, int]) -> None:
        """These calls, by slot, are known to the other nodes now. More may have come since they were counted."""
        for slot, count in told.items():
            left = self.unshared.pop(slot, count) - count
            if left:
                self.unshared[slot] = left

    def learn(self, everywhere: Mapping[int, int], own: Mapping[int, int]) -> None:
        """All nodes' calls by slot; `own` are ours among them. Those not yet shared come on top."""
        for slot in range(self.slot - SLOTS + 1, self.slot + 1):
            self.counts[slot % SLOTS] = everywhere.get(slot, 0) + self.unshared.get(slot, 0)
        self.total = sum(self.counts)
        if ours := sum(own.values()):
            self.weight = max(1.0, sum(everywhere.get(slot, 0) for slot in own) / ours)


class Bucket:
    """One kind of call. `take` is on the way of every send and every poll: keep it short."""

    def __init__(self, name: str, item: RateLimitItem, clock: Clock, hurry: Callable[[], None]) -> None:
        self.name = name
        self.amount = item.amount
        self.window_secs = item.get_expiry()
        self.shared: set[int] = set()  # users whose counts are worth telling
        self._shared_from = max(1.0, self.amount * SHARED_FROM)
        self._hurry = hurry
        self._clock = clock
        self._width = self.window_secs / SLOTS
        self._usages: dict[int, Usage] = {}
        self.set_clock()

    def set_clock(self) -> None:
        """Called every second, so that a corrected wall clock is followed."""
        self._wall = self._clock.now().timestamp() - self._clock.monotonic()

    def take(self, user_id: int) -> None:
        """Count one call. Raises RateLimited, which counts nothing."""
        slot = self.slot_now()
        usage = self._usages.get(user_id)
        if usage is None:
            usage = self._usages[user_id] = Usage(slot)
            if len(self._usages) > USERS:
                self._drop(next(iter(self._usages)))
        elif usage.slot != slot:
            usage.move(slot)
        if usage.total >= self.amount:
            metrics.RATE_LIMITED.labels(self.name).inc()
            raise RateLimited(self.name, self.amount, self.window_secs, self._frees_in(usage))
        usage.counts[slot % SLOTS] += usage.weight
        usage.total += usage.weight
        unshared = usage.unshared[slot] = usage.unshared.get(slot, 0) + 1
        if usage.total >= self._shared_from:
            self.shared.add(user_id)
            if unshared >= self._shared_from:
                self._hurry()

    def remaining(self, user_id: int) -> int:
        usage = self._usages.get(user_id)
        return max(0, self.amount - int(usage.total)) if usage else self.amount

    def slot_now(self) -> int:
        return int((self._clock.monotonic() + self._wall) / self._width)

    def usage(self, user_id: int) -> Usage | None:
        """Up to date."""
        usage = self._usages.get(user_id)
        if usage is not None and usage.slot != (slot := self.slot_now()):
            usage.move(slot)
        return usage

    def tidy(self) -> None:
        """Let go of those who did nothing for a window."""
        oldest = self.slot_now() - SLOTS
        for user_id in [id for id, usage in self._usages.items() if usage.slot <= oldest]:
            self._drop(user_id)

    @property
    def users(self) -> int:
        return len(self._usages)

    def _drop(self, user_id: int) -> None:
        del self._usages[user_id]
        self.shared.discard(user_id)

    def _frees_in(self, usage: Usage) -> float:
        """Until the oldest call leaves the window."""
        used = (slot for slot in range(usage.slot - SLOTS + 1, usage.slot + 1) if usage.counts[slot % SLOTS])
        return (next(used, usage.slot) + SLOTS) * self._width - self._clock.monotonic() - self._wall


class RateLimits:
    """All buckets; a bucket that is off is not among them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.hurry: Callable[[], None] = lambda: None  # set by who shares the counts
        rates = {name: rate(settings, name) for name in BUCKETS}
        self.buckets = {
            name: Bucket(name, item, clock, lambda: self.hurry()) for name, item in rates.items() if item
        }

    def take(self, actor: Actor, bucket: str) -> None:
        """Count one call of the actor's. Raises RateLimited."""
        if found := self.buckets.get(bucket):
            found.take(actor.user_id)

    def take_of(self, who: str, bucket: str) -> None:
        """Count one call of somebody who has no account yet, or comes from this address. Raises RateLimited."""
        if found := self.buckets.get(bucket):
            found.take(int.from_bytes(token_hash(who)[:KEY_BYTES]))


def rate(settings: Settings, name: str) -> RateLimitItem | None:
    """The setting NAME_rate; None when it, or all limits, are off."""
    text: str = getattr(settings, f"{name}_rate")
    return None if "off" in (text, settings.rate_limits) else parse(text)
