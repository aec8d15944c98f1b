"""What one person may use up: conversations and groups begun, bytes of files a day, exports and files on their way.

Counted exactly and over all nodes, in the database: none of it is on the way of a plain send. Only files on their way in
are counted by each process for itself, because it is its memory that they take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from limits.aio.strategies import MovingWindowRateLimiter

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import LimitReached, Unavailable
from chatserver.guard.rates import rate
from chatserver.model import Actor
from chatserver.ports import PIECE_BYTES, QuotaStore
from chatserver.settings import Settings

EXPORT_SECS = (
    60.0  # a part of an export takes a few; a node that dies in one bars its person for no longer than this
)


@dataclass(slots=True)
class Taken:
    """What an upload holds until it is over. `key` is that of the day it counts towards."""

    user_id: int
    size_bytes: int
    memory_bytes: int
    key: str = ""
    over: bool = False


class Quotas:
    def __init__(self, store: QuotaStore, attempts: Any, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._windows = MovingWindowRateLimiter(attempts)
        self._clock = clock
        self._conversations = rate(settings, "conversation")
        self._groups = rate(settings, "group")
        self._joins = rate(settings, "join")
        self._day_bytes = settings.upload_day_bytes
        self._open_uploads = settings.open_uploads
        self._memory_bytes = settings.upload_memory_bytes
        self._uploads: Counter[int] = Counter()
        self._memory_taken = 0

    async def begin_conversation(self, actor: Actor) -> None:
        """Count one more. Raises LimitReached, Unavailable."""
        window = self._conversations
        if window is None or await self._windows.hit(window, "conversation", str(actor.user_id)):
            return
        raise reached("conversations", f"You have begun {window.amount} conversations; begin more later.")

    async def begin_group(self, actor: Actor) -> None:
        """The same of those of several people."""
        window = self._groups
        if window is None or await self._windows.hit(window, "group", str(actor.user_id)):
            return
        raise reached("groups", f"You have begun {window.amount} groups; begin more later.")

    async def join(self, actor: Actor) -> None:
        """The same of those that the actor comes into, or asks to, by themselves."""
        window = self._joins
        if window is None or await self._windows.hit(window, "join", str(actor.user_id)):
            return
        raise reached("joins", f"You have joined, or asked to, {window.amount} times; go on later.")

    async def begin_upload(self, actor: Actor, size_bytes: int) -> Taken:
        """For a body of that size, until `end_upload`. Raises LimitReached, Unavailable."""
        if self._uploads[actor.user_id] >= self._open_uploads:
            detail = f"You are sending {self._open_uploads} files already; send this one after them."
            raise reached("open_uploads", detail)
        memory_bytes = min(size_bytes, PIECE_BYTES)
        if self._memory_taken + memory_bytes > self._memory_bytes:
            metrics.UPLOADS_PUT_OFF.inc()
            raise Unavailable("Too many files are coming in right now.")
        taken = Taken(actor.user_id, size_bytes, memory_bytes)
        self._count(taken, 1)
        try:
            taken.key = await self.use_bytes(actor, size_bytes)
        except BaseException:
            self._let_go(taken)
            raise
        return taken

    async def use_bytes(self, actor: Actor, size_bytes: int) -> str:
        """Of those of the day, whose key it returns. Raises LimitReached, Unavailable."""
        today, most = self._clock.now().date(), self._day_bytes
        key = f"upload:{actor.user_id}:{today}"
        forgotten_at = datetime.combine(today, time(), UTC) + timedelta(days=2)
        if most and not await self._store.use(key, size_bytes, most, forgotten_at):
            detail = f"Files of {most} bytes a day are the most; send this one after midnight (UTC)."
            raise reached("upload_day_bytes", detail)
        return key

    async def end_upload(self, taken: Taken, came_bytes: int) -> None:
        """Once or more often. What never came is not counted."""
        if taken.over:
            return
        self._let_go(taken)
        if self._day_bytes and came_bytes < taken.size_bytes:
            with suppress(Unavailable):  # it counts as if it had come, until the end of the day
                await self._store.give_back(taken.key, taken.size_bytes - came_bytes)

    @asynccontextmanager
    async def export(self, actor: Actor) -> AsyncIterator[None]:
        """One at a time. Raises LimitReached, Unavailable."""
        key, now = f"export:{actor.user_id}", self._clock.now()
        if not await self._store.hold(key, now, now + timedelta(seconds=EXPORT_SECS)):
            raise reached("exports", "You are exporting already; wait for the end of that.")
        try:
            yield
        finally:
            with suppress(Unavailable):
                await self._store.let_go(key)

    def _let_go(self, taken: Taken) -> None:
        taken.over = True
        self._count(taken, -1)
        if not self._uploads[taken.user_id]:
            del self._uploads[taken.user_id]

    def _count(self, taken: Taken, sign: int) -> None:
        self._uploads[taken.user_id] += sign
        self._memory_taken += sign * taken.memory_bytes
        metrics.UPLOADS.set(self._uploads.total())
        metrics.UPLOAD_MEMORY_BYTES.set(self._memory_taken)


def reached(limit: str, detail: str) -> LimitReached:
    """To be raised."""
    metrics.LIMITS_REACHED.labels(limit).inc()
    return LimitReached(limit, detail)
