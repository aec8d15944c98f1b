"""One connection: hot calls are answered here, everything else is handed over to Tornado, request by request."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from tornado.http1connection import HTTP1ConnectionParameters
from tornado.httpserver import _HTTPRequestContext
from tornado.httputil import HTTPServerConnectionDelegate
from tornado.iostream import IOStream, StreamClosedError, UnsatisfiableReadError

from chatserver import metrics
from chatserver.model import Actor
from chatserver.runtime import Runtime
from chatserver.services.events import PollRequest
from handlers.connections.own_address import OwnAddress
from handlers.hot.answer_bytes import AnswerBytes, written
from handlers.hot.event_streams import EventStreams
from handlers.hot.polls import Polls
from handlers.hot.replayed import Connection, Replayed
from handlers.hot.request import END_OF_HEAD, HotRequest, recognise
from handlers.hot.sends import Sends
from handlers.hot.stream import HotStream, PlainStream

log = structlog.get_logger(__name__)

HEARD_SECS = 1.0
HEARD_BYTES = 1 << 20
HEARD_AT_ONCE_BYTES = 4096
TELL_SECS = 1.0  # a flood of such requests fills no log
FAIR = 16  # a client that sends one request after the other lets others go first every so often


class HotCalls:
    """What the connections of a server share."""

    def __init__(self, runtime: Runtime, secure: bool) -> None:
        self.runtime = runtime
        self.answers = AnswerBytes(runtime, secure)
        self._own_address = OwnAddress(runtime.settings, secure)
        self.sends = Sends(runtime, self.answers)
        self.polls = Polls(runtime, self.answers, self._own_address)
        self.event_streams = EventStreams(runtime)
        self._origins = bool(runtime.settings.cors_origins)
        self._told_at = -TELL_SECS
        # Only handlers log every request.
        self._off = runtime.settings.hot_calls == "off" or runtime.settings.log_level == "debug"

    def recognise(self, head: bytes, peer: Any) -> HotRequest | None:
        """A draining server has no hot calls: Tornado ends the connections.

        `peer`: the address of the connection, as the socket has it.
        """
        if self._off or self.runtime.draining:
            return None
        scheme = partial(self._own_address.scheme, peer=peer)
        request = recognise(head, origins=self._origins, scheme=scheme)
        if request is None or request.body_bytes > self.runtime.settings.body_bytes:
            return None
        return request

    def tell_of_long_head(self, address: Any) -> None:
        metrics.CONNECTIONS_CLOSED.labels("header").inc()
        now = self.runtime.clock.monotonic()
        if now - self._told_at >= TELL_SECS:
            self._told_at = now
            peer = address[0] if isinstance(address, tuple) else ""
            log.warning("a request's header is longer than what is read, and was refused", peer=peer)


class HotConnection:
    """Stands where Tornado's HTTP1ServerConnection would.

    `deadline` is when it is hung up on a client that does not go on (time of the loop; None: it is our turn).
    """

    __slots__ = ("_address", "_calls", "_context", "_follow", "_params", "_serving", "deadline", "stream")

    def __init__(
        self, stream: IOStream | HotStream, params: HTTP1ConnectionParameters, address: Any, calls: HotCalls
    ) -> None:
        self.stream = stream
        self.deadline: float | None = None
        self._params = params
        self._address = address
        # What Tornado knows of a connection: of most of ours it is never asked.
        self._context: _HTTPRequestContext | None = None
        if not isinstance(stream, HotStream):
            self._context = _HTTPRequestContext(stream, address, None)
        self._calls = calls
        self._follow: tuple[Actor, PollRequest] | None = None  # whose events all that follows is
        self._serving: asyncio.Task[None] | None = None

    def start_serving(self, delegate: HTTPServerConnectionDelegate) -> None:
        self._serving = asyncio.create_task(self._serve(delegate))

    async def close(self) -> None:
        """And wait for the end of what was being answered."""
        self.stream.close()
        if self._serving is not None:
            await asyncio.gather(self._serving, return_exceptions=True)

    async def _serve(self, delegate: HTTPServerConnectionDelegate) -> None:
        served = 0
        try:
            while await self._next(delegate):
                served += 1
                if served % FAIR == 0:
                    await asyncio.sleep(0)
            if self._follow is not None:
                self._keep_little()
                await self._calls.event_streams.give(self.stream, *self._follow)
        except (StreamClosedError, UnsatisfiableReadError):
            pass
        except Exception:
            log.exception("connection failed")
        finally:
            self.stream.close()
            delegate.on_close(self)

    async def _next(self, delegate: HTTPServerConnectionDelegate) -> bool:
        """Read and answer one request. Whether another one may follow."""
        calls, stream, params = self._calls, self.stream, self._params
        self.deadline = _in(params.header_timeout)
        head = await stream.read_until_regex(END_OF_HEAD, max_bytes=params.max_header_size)
        if len(head) > params.max_header_size:
            await self._refuse_head()
            return False
        request = calls.recognise(head, self._address)
        body = b""
        if request is not None:
            if request.body_bytes:
                self.deadline = _in(params.body_timeout)
                body = await stream.read_bytes(request.body_bytes)
            self.deadline = None
            with calls.runtime.requests:
                if request.query is None:
                    answered = await calls.sends.answer(request, body, stream)
                else:
                    answered = await calls.polls.answer(request, stream, self._address)
            if answered:
                return not (stream.closed() or calls.answers.is_last(request))
        self.deadline = None
        return await self._hand_over(delegate, head, body)

    async def _refuse_head(self) -> None:
        """And hear out, for a little, a client that goes on sending: else it would see a reset and not the answer."""
        self.deadline = None
        self._calls.tell_of_long_head(self._address)
        if await written(self.stream, self._calls.answers.head_too_long(self._params.max_header_size)):
            with suppress(TimeoutError, StreamClosedError):
                async with asyncio.timeout(HEARD_SECS):
                    for _ in range(HEARD_BYTES // HEARD_AT_ONCE_BYTES):
                        await self.stream.read_bytes(HEARD_AT_ONCE_BYTES)

    async def _hand_over(self, delegate: HTTPServerConnectionDelegate, head: bytes, body: bytes) -> bool:
        if isinstance(self.stream, HotStream):
            self.stream = self.stream.hand_over()
            self._context = _HTTPRequestContext(self.stream, self._address, None)
        stream: Any = Replayed(self.stream, head, body)
        connection = Connection(stream, False, self._params, self._context)
        again = await connection.read_response(delegate.start_request(self, connection))
        self._follow = stream.follow
        return again

    def _keep_little(self) -> None:
        """Of Tornado, for a connection that may be a stream of events for days. Raises StreamClosedError."""
        if isinstance(self.stream, PlainStream):
            self.stream = HotStream.taken_back(self.stream)
        self._context = None


def _in(secs: float | None) -> float | None:
    return None if secs is None else asyncio.get_running_loop().time() + secs
