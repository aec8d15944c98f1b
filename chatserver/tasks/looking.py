"""Looking for work: as soon as a bell rings, and every second in case one was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from chatserver.clock import Clock
from chatserver.errors import Unavailable

LOOK_SECS = 1.0

log = structlog.get_logger(__name__)


async def keep_looking(
    what: str, look: Callable[[], Awaitable[None]], woken: asyncio.Event, clock: Clock
) -> None:
    """Until cancelled. One look that fails is logged as that of `what`, and is not the last."""
    put_off, failed = f"{what} put off: the database is away", f"{what} failed"
    while True:
        try:
            await look()
        except Unavailable:
            log.info(put_off)
        except Exception:
            log.exception(failed)
        woken.clear()
        await clock.rest(woken, LOOK_SECS)
