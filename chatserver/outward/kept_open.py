"""Calls over connections that stay open for the next one: to make a connection costs five times what a call over it does.

What a name leads to is checked when it is connected, and a connection never leads elsewhere than where it was connected
to. None is used for longer than OLD_SECS, so that a name which leads elsewhere by now is followed there, and checked.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

from chatserver.clock import Clock, Timer
from chatserver.errors import Unreachable
from chatserver.model import Reply
from chatserver.outward.public_only import Allowed, PublicOnly
from chatserver.outward.way_out import ANSWER_BYTES, HEADER_BYTES, USER_AGENT, is_usual, unreachable

IDLE_SECS = 4.0  # Most servers close what is idle for 5 s or longer, and nothing may be written just then.
OLD_SECS = 60.0
MOST_IDLE = 32
PORTS = {"http": 80, "https": 443}

_parameters = HTTP1ConnectionParameters(
    no_keep_alive=False, max_header_size=HEADER_BYTES, max_body_size=ANSWER_BYTES
)


@dataclass(eq=False)
class _Connection:
    origin: tuple[str, str]
    stream: IOStream
    made_at: float
    leaves: Timer | None = None  # while it is idle


class KeptOpen:
    def __init__(self, allow: Iterable[str], clock: Clock) -> None:
        """`allow` as for WayOut. Callers see to it how many calls are under way."""
        allowed = Allowed(allow)
        self._public = TCPClient(resolver=PublicOnly(allowed=allowed))
        self._inner = TCPClient(resolver=PublicOnly(allowed=allowed, public=False))
        self._clock = clock
        self._idle: list[_Connection] = []

    async def post(self, url: str, body: bytes, fields: Mapping[str, str], limit_secs: float) -> Reply:
        """Whatever status it has. It may come twice to a server that closes a kept connection at this moment.

        Raises Unreachable, within the limit.
        """
        parts = _parts(url)
        deadline = self._clock.monotonic() + limit_secs
        answer = _ReplySoFar()
        try:
            if (kept := self._kept(parts)) is not None:
                try:
                    await self._ask(kept, parts, body, fields, deadline, answer)
                    return answer.reply(whole=True)
                except StreamClosedError:  # as its server may do with what is idle at any time
                    if answer.status is not None:
                        raise
            await self._ask(await self._connected(parts, deadline), parts, body, fields, deadline, answer)
        except (HTTPInputError, OSError, ValueError, TimeoutError) as error:
            # An answer that is too long, or never ends, has said all that counts in its first line.
            if answer.status is None:
                raise unreachable(error) from None
            return answer.reply(whole=False)
        return answer.reply(whole=True)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when it is first needed: reading whom this machine trusts takes tens of milliseconds of every start."""
        return ssl.create_default_context()

    async def _connected(self, parts: SplitResult, deadline: float) -> _Connection:
        client = self._public if is_usual(parts) else self._inner
        now = self._clock.monotonic()
        stream = await client.connect(
            parts.hostname or "",
            parts.port or PORTS[parts.scheme],
            max_buffer_size=ANSWER_BYTES + HEADER_BYTES,
            ssl_options=self._tls if parts.scheme == "https" else None,
            timeout=deadline - now,
        )
        stream.set_nodelay(True)
        return _Connection(_origin(parts), stream, now)

    async def _ask(
        self,
        connection: _Connection,
        parts: SplitResult,
        body: bytes,
        fields: Mapping[str, str],
        deadline: float,
        answer: _ReplySoFar,
    ) -> None:
        """It is kept when the whole answer came and its server keeps it too, else closed."""
        is_kept = False
        head = HTTPHeaders(fields)
        head["Host"] = parts.netloc
        head["User-Agent"] = USER_AGENT
        head["Content-Type"] = "application/json"
        head["Content-Length"] = str(len(body))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        http = HTTP1Connection(connection.stream, True, _parameters)
        try:
            async with self._clock.limit(deadline - self._clock.monotonic()):
                http.write_headers(RequestStartLine("POST", target, ""), head, body)
                http.finish()
                await http.read_response(answer)
            if not answer.is_whole:
                raise HTTPInputError("an answer that cannot be read")
            is_kept = answer.keeps
        finally:
            if is_kept and not connection.stream.closed():
                self._keep(connection)
            else:
                connection.stream.close()

    def _kept(self, parts: SplitResult) -> _Connection | None:
        """The one that was used last."""
        origin = _origin(parts)
        found = next((one for one in reversed(self._idle) if one.origin == origin), None)
        if found is None:
            return None
        self._idle.remove(found)
        assert found.leaves is not None
        found.leaves.cancel()
        return found

    def _keep(self, connection: _Connection) -> None:
        is_old = self._clock.monotonic() - connection.made_at > OLD_SECS
        if is_old or len(self._idle) >= MOST_IDLE:
            connection.stream.close()
            return
        connection.leaves = self._clock.later(IDLE_SECS, self._let_go, connection)
        self._idle.append(connection)

    def _let_go(self, connection: _Connection) -> None:
        self._idle.remove(connection)
        connection.stream.close()

    def close(self) -> None:
        """Those that are under way are closed by whoever cancels them."""
        for connection in self._idle:
            assert connection.leaves is not None
            connection.leaves.cancel()
            connection.stream.close()
        self._idle.clear()
        self._public.close()
        self._inner.close()


class _ReplySoFar(HTTPMessageDelegate):
    """How far it got."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.fields = HTTPHeaders()
        self.keeps = False
        self.is_whole = False
        self._body = b""

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return
        self.status, self.fields = start_line.code, headers
        is_closing = headers.get("Connection", "").lower() == "close"
        self.keeps = start_line.version == "HTTP/1.1" and not is_closing

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk

    def finish(self) -> None:
        self.is_whole = True

    def reply(self, *, whole: bool) -> Reply:
        assert self.status is not None
        return Reply(self.status, dict(self.fields), self._body if whole else b"", whole=whole)


def _origin(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, parts.netloc


def _parts(url: str) -> SplitResult:
    """Raises Unreachable for what is no address of a web server."""
    try:
        parts = urlsplit(url)
        if parts.scheme in PORTS and parts.hostname and parts.port != 0 and "@" not in parts.netloc:
            return parts
    except ValueError:
        pass
    raise Unreachable("not_allowed", "its address cannot be read")
