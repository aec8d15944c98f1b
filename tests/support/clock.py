"""Time that passes only where a test says so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from chatserver.clock import Clock, Timer

BEGIN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


class _Due:
    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        self.call = None


class MovedClock(Clock):
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
            if due.call is not None:
                due.call()
        self._passed = secs

    @property
    def waiting(self) -> int:
        """How many calls are still to come."""
        return sum(due.call is not None for _, _, due in self._due)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

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

    def later(self, secs: float, call: Callable[..., object], *given: object) -> Timer:
        due = _Due(lambda: call(*given))
        heappush(self._due, (self.passed + secs, next(self._numbers), due))
        return due

    def limit(self, secs: float) -> asyncio.Timeout:
        limit = asyncio.timeout(None if secs > 0 else 0)
        if secs > 0:
            self.later(secs, _expire, limit, asyncio.get_running_loop())
        return limit


def _expire(limit: asyncio.Timeout, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the block was left in time
        limit.reschedule(loop.time())
