"""Many deadlines on one timer: a timer for each would cost more than most of the waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any, Generic, TypeVar

from chatserver.clock import Clock, Timer

T = TypeVar("T")


def refuse(future: asyncio.Future[Any], error: Exception) -> None:
    """Give `future` this error, unless it is done. It is also looked at, since asyncio logs what nobody looks at."""
    if not future.done():
        future.set_exception(error)
        future.exception()


class Deadlines(Generic[T]):
    """Calls `over` with everything whose future is not done by its deadline."""

    def __init__(self, clock: Clock, over: Callable[[T], object]) -> None:
        self._clock = clock
        self._over = over
        # A heap by deadline; the number decides between equal deadlines. An entry that is done is dropped when it comes
        # to the top, not before: finding it inside the heap would cost more.
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
        """Stop the timer. Whatever still waits now waits without a deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _forget_done(self) -> None:
        while self._waiting and self._waiting[0][2].done():
            heappop(self._waiting)

    def _expire(self) -> None:
        """Call `over` for all whose time has come, and set the timer for the next deadline."""
        self.close()
        now = self._clock.monotonic()
        self._forget_done()
        while self._waiting and self._waiting[0][0] <= now:
            self._over(heappop(self._waiting)[3])
            self._forget_done()
        if self._waiting:
            wait_secs = self._waiting[0][0] - now
            self._timer = self._clock.later(wait_secs, self._expire)
