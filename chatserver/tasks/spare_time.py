"""Whether this node has time for what may wait: people who chat go first."""

from __future__ import annotations

import asyncio

from chatserver.clock import Clock

BUSY_SECS = 0.02  # as late as a turn of the loop may be
PAUSE_SECS = 0.05
MOST_PAUSES = 10  # then it goes on all the same: busy for long is no reason to tell the host nothing


async def spare_time(clock: Clock) -> None:
    for _ in range(MOST_PAUSES):
        began = clock.monotonic()
        await asyncio.sleep(0)
        if clock.monotonic() - began < BUSY_SECS:
            return
        await clock.sleep(PAUSE_SECS)
