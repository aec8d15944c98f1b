"""The deadlines of many that wait, with one timer for all: one each would cost more than most of the waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from chatserver.clock import Clock

T = TypeVar("T")


class Deadlines(Generic[T]):
    """`over` gets each whose future is not done at its time."""

    def __init__(self, clock: Clock, over: Callable[[T], object]) -> None:
        self._clock = clock
        self._over = over
        self._waiting: deque[tuple[float, asyncio.Future[Any], T]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, waiting: T, future: asyncio.Future[Any], deadline: float) -> None:
        """No deadline may be before that of the one added last, or it is kept as late as that."""
        self._forget_done()
        self._waiting.append((deadline, future, waiting))
        if self._timer is None:
            self._expire()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _forget_done(self) -> None:
        while self._waiting and self._waiting[0][1].done():
            self._waiting.popleft()

    def _expire(self) -> None:
        """And come back for the next of them."""
        now = self._clock.monotonic()
        self._forget_done()
        while self._waiting and self._waiting[0][0] <= now:
            self._over(self._waiting.popleft()[2])
            self._forget_done()
        self._timer = None
        if self._waiting:
            wait_secs = self._waiting[0][0] - now
            self._timer = asyncio.get_running_loop().call_later(wait_secs, self._expire)
