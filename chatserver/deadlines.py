"""The deadlines of many that wait, with one timer for all: one each would cost more than most of the waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any, Generic, TypeVar

from chatserver.clock import Clock, Timer

T = TypeVar("T")


def refuse(future: asyncio.Future[Any], error: Exception) -> None:
    """Unless it is done. The error is looked at here: nobody may be waiting for it any more."""
    if not future.done():
        future.set_exception(error)
        future.exception()


class Deadlines(Generic[T]):
    """`over` gets each whose future is not done at its time."""

    def __init__(self, clock: Clock, over: Callable[[T], object]) -> None:
        self._clock = clock
        self._over = over
        # The number is there so that equal deadlines compare. Who is done leaves when all with earlier ones have left.
        self._waiting: list[tuple[float, int, asyncio.Future[Any], T]] = []
        self._numbers = count()
        self._timer: Timer | None = None

    def add(self, waiting: T, future: asyncio.Future[Any], deadline: float) -> None:
        """Times are those of the clock's `monotonic`."""
        self._forget_done()
        entry = (deadline, next(self._numbers), future, waiting)
        heappush(self._waiting, entry)
        if self._timer is None or self._waiting[0] is entry:
            self._expire()

    def close(self) -> None:
        """Whoever waits now waits without a deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _forget_done(self) -> None:
        while self._waiting and self._waiting[0][2].done():
            heappop(self._waiting)

    def _expire(self) -> None:
        """And come back for the next of them."""
        self.close()
        now = self._clock.monotonic()
        self._forget_done()
        while self._waiting and self._waiting[0][0] <= now:
            self._over(heappop(self._waiting)[3])
            self._forget_done()
        if self._waiting:
            wait_secs = self._waiting[0][0] - now
            self._timer = self._clock.later(wait_secs, self._expire)
