"""The held poll."""

from __future__ import annotations

import asyncio

import msgspec
from tornado.iostream import StreamClosedError

from chatserver import metrics
from chatserver.cursor import parse_cursor
from chatserver.polls.waiter import Ended, Waiter
from chatserver.services.events import PollAnswer, PollRequest
from chatserver.settings import Settings
from handlers.base import ApiHandler
from handlers.schemas import Poll

MAX_EVENTS = 200
# A client that does not take its answer within this time does not get to hold the connection.
WRITE_SECS = 10.0
_encode = msgspec.json.Encoder().encode


class EventsHandler(ApiHandler):
    bucket = "poll"
    query_token = True
    _waiter: Waiter | None = None
    outcome = "refused"

    async def get(self) -> None:
        asked = self.query(Poll)
        request = poll_request(asked, self.runtime.settings)
        answer = await self.runtime.services.events.poll(self.actor, request, self._started)
        self.outcome = answer.outcome
        if answer.ended is Ended.DRAINING or self.runtime.draining:
            self.set_header("Connection", "close")
        self.set_header("X-Accel-Buffering", "no")
        written = await self._written(poll_body(answer, request, is_extended(asked)))
        await answer.delivered(written)

    async def head(self, *_: str) -> None:
        """What can be said of a poll without holding one: whether it would be taken."""
        poll_request(self.query(Poll), self.runtime.settings)
        self.tell_ignored()
        await self.flush()  # before the end, which would say how long the body is: nobody knows yet
        self.finish()

    def _started(self, waiter: Waiter) -> None:
        self._waiter = waiter

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._waiter is not None:
            self._waiter.gone()

    async def _written(self, body: bytes) -> bool:
        """Whether the whole answer went to a socket that was still open."""
        stream = getattr(self.request.connection, "stream", None)
        if stream is None or stream.closed():
            return False
        self.tell_ignored()
        self.set_header("Content-Length", str(len(body)))
        self.write(body)
        try:
            async with asyncio.timeout(WRITE_SECS):
                await self.flush()
        except StreamClosedError:
            return False
        except TimeoutError:
            stream.close()
            return False
        # Tornado takes a write that failed for a finished one, and a client that hangs up in good order is no error.
        # But until `finish` nobody else closes the stream.
        if stream.closed():
            return False
        self.finish()
        return True

    def on_finish(self) -> None:
        if self.request.method == "HEAD":
            return
        metrics.poll_seconds(self.outcome).observe(self.request.request_time())


def is_extended(asked: Poll) -> bool:
    """Clients of the original system name none of these, and get exactly what they always got."""
    return any(value is not None for value in (asked.cursor, asked.wait, asked.client))


def poll_request(asked: Poll, settings: Settings) -> PollRequest:
    """Raises CursorInvalid."""
    wait_secs = settings.hold_secs if asked.wait is None else min(asked.wait, settings.max_hold_secs)
    return PollRequest(
        cursor=parse_cursor(asked.cursor) if asked.cursor is not None else None,
        wait_secs=wait_secs,
        limit=min(asked.limit, MAX_EVENTS),
        client=asked.client,
        jittered=asked.wait is not None,
    )


def poll_body(answer: PollAnswer, request: PollRequest, extended: bool) -> bytes:
    parts = [b'{"events":[', b",".join(answer.events), b'],"timestamp":%.3f' % answer.timestamp]
    if extended:
        more = {
            "cursor": str(answer.cursor),
            "more": answer.more,
            "wait": request.wait_secs,
            "superseded": answer.ended is Ended.SUPERSEDED,
        }
        parts += [b",", _encode(more)[1:]]
    else:
        parts.append(b"}")
    return b"".join(parts)


class PollTestHandler(ApiHandler):
    public = True

    async def get(self) -> None:
        now = self.runtime.clock.now().timestamp()
        self.answer({"status": "ok", "message": "Long polling works here.", "timestamp": now})
