"""How many connections there is room for: each takes a file, and a process may only have so many open.

Tornado goes on to ask for connections when there are no files left: the system says no, at once, again and again, and
a core burns while nobody is served. So the listeners rest before that, and what else needs a file still gets one.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from tornado.netutil import add_accept_handler

from chatserver import metrics
from handlers.hot.server import HotServer

try:
    import resource
except ImportError:  # not a Unix: there the limit is no number to be asked for
    resource = None  # type: ignore[assignment]

RESERVE = 64  # files for the database, the broker, the log and what is read from disk
UNLIMITED = 1 << 30
TELL_SECS = 60.0

log = structlog.get_logger(__name__)


def raise_limit() -> None:
    """As many open files as this user may have at all."""
    if resource is not None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard and hard != resource.RLIM_INFINITY:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_connections() -> int:
    """Asked anew each time: the limit may be changed while we run."""
    if resource is None:
        return UNLIMITED
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else max(1, soft - RESERVE)


class RoomyServer(HotServer):
    """Who comes when there is no room waits in the system's own line until somebody goes."""

    _resting = False
    _told_at = -TELL_SECS

    def handle_stream(self, stream: Any, address: Any) -> None:
        super().handle_stream(stream, address)
        if not self._resting and len(self._connections) >= most_connections():
            self._resting = True
            metrics.LISTENER_RESTS.inc()
            now = asyncio.get_running_loop().time()
            if now - self._told_at >= TELL_SECS:  # a full server rests again at every connection that ends
                self._told_at = now
                log.warning("no room for more connections", connections=len(self._connections))
            for fd in self._sockets:
                self._handlers[fd]()

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        if self._resting and not self._stopped and len(self._connections) < most_connections():
            self._resting = False
            for fd, sock in self._sockets.items():
                self._handlers[fd] = add_accept_handler(sock, self._handle_connection)
