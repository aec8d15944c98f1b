"""The one place time comes from, so that tests can move it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Wall time for people, monotonic time for deadlines."""

    def now(self) -> datetime:
        """UTC, cut to milliseconds: what MongoDB stores is then what we answered."""
        return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, secs: float) -> None:
        await asyncio.sleep(secs)
