"""The one place time comes from, so that tests can move it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None:
        """The call is not made, if it has not been yet."""


class Clock:
    """Wall time for people, monotonic time for deadlines, and what waits for either."""

    def now(self) -> datetime:
        """UTC, cut to milliseconds: what MongoDB stores is then what we answered."""
        return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, secs: float) -> None:
        await asyncio.sleep(secs)

    def later(self, secs: float, call: Callable[..., object], *given: object) -> Timer:
        """`call(*given)` from the running loop once so many seconds have passed."""
        return asyncio.get_running_loop().call_later(secs, call, *given)

    async def rest(self, woken: asyncio.Event, secs: float) -> None:
        """Until it is set, or for so many seconds; then it is set as well."""
        timer = self.later(secs, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def limit(self, secs: float) -> asyncio.Timeout:
        """For `async with`: TimeoutError ends a block that takes longer. At 0 or below it ends at its first wait."""
        return asyncio.timeout(secs)
