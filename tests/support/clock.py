"""Time that passes only where a test says so, and time that can be made to pass faster."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from chatserver.clock import Clock, Timer

BEGIN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


class _Due:
    """One call to come; made once at most."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call: Callable[[], object] | None = call

    @property
    def is_waiting(self) -> bool:
        return self._call is not None

    def fire(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call()

    def cancel(self) -> None:
        self._call = None


class _TestClock(Clock):
    """All waits by `later`, which is for each to define."""

    async def sleep(self, secs: float) -> None:
        if secs <= 0:
            await asyncio.sleep(0)
            return
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.later(secs, lambda: over.done() or over.set_result(None))
        try:
            await over
        finally:
            timer.cancel()

    def limit(self, secs: float) -> asyncio.Timeout:
        limit = asyncio.timeout(None if secs > 0 else 0)
        if secs > 0:
            self.later(secs, _expire, limit, asyncio.get_running_loop())
        return limit


class MovedClock(_TestClock):
    """Stands still until told to go on: set `passed`. What is due by then is called before that returns."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._numbers = count()  # so that what is due at the same moment compares
        self._due: list[tuple[float, int, _Due]] = []

    @property
    def passed(self) -> float:
        return self._passed

    @passed.setter
    def passed(self, secs: float) -> None:
        """Stops at each moment at which something is due, so that what that sets again is due in its turn."""
        while self._due and self._due[0][0] <= secs:
            at, _, due = heappop(self._due)
            self._passed = max(self._passed, at)
            due.fire()
        self._passed = secs

    @property
    def waiting(self) -> int:
        """How many calls are still to come."""
        return sum(due.is_waiting for _, _, due in self._due)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def later(self, secs: float, call: Callable[..., object], *given: object) -> Timer:
        due = _Due(lambda: call(*given))
        heappush(self._due, (self.passed + secs, next(self._numbers), due))
        return due


class SkippingClock(_TestClock):
    """The real time, and whatever was skipped of it."""

    def __init__(self) -> None:
        self._skipped = 0.0
        self._timers: list[tuple[float, _Due]] = []

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._skipped)

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def run_ahead(self, secs: float) -> None:
        """Who asks for the time is told a later one. From any thread: no timer notices."""
        self._skipped += secs

    def skip(self, secs: float) -> None:
        """The same, and what is due by then is called before this returns."""
        self.run_ahead(secs)
        for at, due in sorted(self._timers, key=lambda timer: timer[0]):
            if at <= self.monotonic():
                due.fire()

    def later(self, secs: float, call: Callable[..., object], *given: object) -> Timer:
        due = _Due(lambda: call(*given))
        asyncio.get_running_loop().call_later(secs, due.fire)
        self._timers = [timer for timer in self._timers if timer[1].is_waiting]
        self._timers.append((self.monotonic() + secs, due))
        return due


def _expire(limit: asyncio.Timeout, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the block was left in time
        limit.reschedule(loop.time())
