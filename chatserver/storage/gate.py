"""Bounds the calls to the database and names their failures.

Motor hands every call to a thread pool with an unbounded queue, so the gate here is the real pool: a call that
cannot start within GATE_WAIT_SECS is refused rather than piled up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable

T = TypeVar("T")

GATE_LINE = 64  # calls waiting for each that may be under way; one more is refused at once
GATE_WAIT_SECS = 0.75  # with the longest call still within the 3 s in which a refusal is due


class Gate:
    """At most `limit` database calls at once. Raises Unavailable when the database cannot keep up or is away."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self._clock = clock
        self._places = asyncio.Semaphore(limit)
        self._longest_line = limit * GATE_LINE
        self._waiting = 0

    async def call(self, operation: str, start: Callable[[], Awaitable[T]]) -> T:
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()
        try:
            with metrics.MONGODB_SECONDS.labels(operation).time():
                return await start()
        except (DuplicateKeyError, BulkWriteError):
            raise
        except PyMongoError as error:
            metrics.MONGODB_ERRORS.inc()
            raise Unavailable("The database does not answer right now.") from error
        finally:
            self._places.release()

    async def _wait(self) -> None:
        """For a place. Neither for long nor in a long line."""
        if self._waiting >= self._longest_line:
            metrics.MONGODB_REFUSED.inc()
            raise Unavailable("The database has too much to do right now.")
        self._waiting += 1
        metrics.MONGODB_WAITING.set(self._waiting)
        try:
            async with self._clock.limit(GATE_WAIT_SECS):
                await self._places.acquire()
        except TimeoutError:
            metrics.MONGODB_REFUSED.inc()
            raise Unavailable("The database has too much to do right now.") from None
        finally:
            self._waiting -= 1
            metrics.MONGODB_WAITING.set(self._waiting)
