"""Closes connections whose client dawdles: sends its headers in drops, takes no more of its answer, uploads for ever.

Tornado limits how long a connection may be idle and how long a whole body may take. It does not limit headers apart
from idling, nor writing at all, and a large file over a poor line may take long as long as it comes on.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.ioloop import PeriodicCallback
from tornado.iostream import BaseIOStream

from chatserver import metrics
from chatserver.settings import Settings
from handlers.hot.stream import HotStream

CHECK_SECS = 2.0
UPLOAD_BYTES_PER_SEC = 1024  # the poorest line on which a file still gets through


class Watch:
    """Over all connections of a server, every CHECK_SECS: 10,000 take some milliseconds."""

    def __init__(self, connections: set[Any], settings: Settings) -> None:
        self._connections = connections
        self._limits = {"headers": settings.headers_secs, "answer": settings.taking_secs}
        self._seen: dict[Any, tuple[tuple[str, int], float]] = {}  # who dawdles, at what, since when
        self._every = min(CHECK_SECS, settings.headers_secs / 10)
        self._timer = PeriodicCallback(self.check, self._every * 1000)

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def check(self) -> None:
        now = asyncio.get_running_loop().time()
        before, self._seen = self._seen, {}
        for connection in list(self._connections):
            deadline = getattr(connection, "deadline", None)
            if deadline is not None and now >= deadline - self._every / 2:
                close(connection.stream, "idle")
                continue
            doing = _dawdling(connection.stream)
            if doing is None:
                continue
            since = before[connection][1] if connection in before and before[connection][0] == doing else now
            # Looked at only now and then: nobody has longer than the limit.
            if now - since >= self._limits[doing[0]] - 1.5 * self._every:
                close(connection.stream, doing[0])
            else:
                self._seen[connection] = doing, since


def _dawdling(stream: Any) -> tuple[str, int] | None:
    """What a client is in the middle of, and how far it got with it if that counts. None for idle and for held."""
    if stream.closed():
        return None
    if isinstance(stream, HotStream):
        if stream.writing():
            return "answer", stream.sent_bytes
        return ("headers", 0) if stream.in_head() else None
    if stream.writing():
        return "answer", stream._total_write_done_index
    begun = stream._read_regex is not None and stream._read_buffer_size > 0
    return ("headers", 0) if begun or getattr(stream, "_ssl_accepting", False) else None


class Upload:
    """One body that may take as long as it wants while it comes at a least rate."""

    def __init__(self, stream: BaseIOStream, within_secs: float) -> None:
        self._stream = stream
        self._within_secs = within_secs
        self._came_bytes = 0
        self._timer = self._wait()

    def came(self, size_bytes: int) -> None:
        self._came_bytes += size_bytes

    def end(self) -> None:
        self._timer.cancel()

    def _wait(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._within_secs, self._check)

    def _check(self) -> None:
        if self._came_bytes < UPLOAD_BYTES_PER_SEC * self._within_secs:
            close(self._stream, "upload")
            return
        self._came_bytes = 0
        self._timer = self._wait()


def close(stream: BaseIOStream, reason: str) -> None:
    metrics.CONNECTIONS_CLOSED.labels(reason).inc()
    stream.close()
