"""How a stream of events begins, and what it looks like. Once it has begun it is that of hot/event_streams.py.

A browser's EventSource gives up for good, and does not say why, at every status but 200. So what a client can do
something about is told in the stream: a token that is not good as an event, and when to come again as `retry`.
"""

from __future__ import annotations

from typing import Any

from chatserver.cursor import parse_cursor
from chatserver.errors import RateLimited, TokenInvalid, TokenMissing, Unavailable
from chatserver.services.events import PollRequest
from handlers.base import ApiHandler
from handlers.hot.answer_bytes import written
from handlers.schemas import Stream

MEDIA = "text/event-stream"
EVENTS_AT_ONCE = 100
SIGN_IN_SECS = 30.0  # for a client that comes again with a token that was refused


def event_bytes(name: str, data: bytes, cursor: str = "") -> bytes:
    """`data` is on one line, as JSON is. With `cursor` the client's place is that, once it has this event."""
    place = f"id: {cursor}\n" if cursor else ""
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), place.encode(), data)


def come_again(secs: float) -> bytes:
    """To be followed by the end: an EventSource waits so long before it connects again."""
    return b"retry: %d\n\n" % (secs * 1000)


# One event, with the wait in it, since an EventSource comes again whatever it is told.
UNAUTHORIZED = event_bytes("error", b'{"error": "Unauthorized"}')[:-1] + come_again(SIGN_IN_SECS)


class EventStreamHandler(ApiHandler):
    bucket = "poll"
    query_token = True

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Type", MEDIA)
        self.set_header("Cache-Control", "no-store, no-transform")
        self.set_header("X-Accel-Buffering", "no")

    async def prepare(self) -> None:
        try:
            await super().prepare()
        except (TokenMissing, TokenInvalid):
            self.finish(UNAUTHORIZED)
        except (RateLimited, Unavailable) as error:
            self.finish(come_again(error.retry_after_secs))

    async def get(self) -> None:
        request = self._asked()
        self.set_header("Connection", "close")  # its end is that of the stream
        self.tell_ignored()
        connected = event_bytes("connected", b'{"status": "connected", "user_id": %d}' % self.actor.user_id)
        connection: Any = self.request.connection
        await written(connection.stream, self._head() + connected)
        application: Any = self.application
        application.log_request(self)
        detached: Any = self.detach()
        detached.follow = self.actor, request

    async def head(self, *_: str) -> None:
        self._asked()
        self.tell_ignored()
        await self.flush()  # before the end, which would say how long the body is: it has no length
        self.finish()

    def _asked(self) -> PollRequest:
        """Raises Invalid, CursorInvalid."""
        asked = self.query(Stream)
        # A browser that connects again says where it was, and names the first place in the address still.
        place = self.request.headers.get("Last-Event-ID") or asked.cursor
        return PollRequest(
            cursor=parse_cursor(place) if place is not None else None,
            wait_secs=0.0,
            limit=EVENTS_AT_ONCE,
            client=asked.client,
            original=place is None and asked.client is None,
        )

    def _head(self) -> bytes:
        """Not as Tornado writes it: it would send the body in chunks, each with its length."""
        lines = [f"{name}: {value}\r\n" for name, value in self._headers.get_all()]
        return f"HTTP/1.1 200 OK\r\n{''.join(lines)}\r\n".encode("latin-1")


class StreamTestHandler(ApiHandler):
    public = True

    async def get(self) -> None:
        now = self.runtime.clock.now().timestamp()
        self.answer({"status": "ok", "message": "Streams of events work here.", "timestamp": now})
