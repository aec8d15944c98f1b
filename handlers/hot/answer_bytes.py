"""The bytes of an answer, with the same fields as those of the ordinary handlers (tests/api/test_hot_calls.py)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from http import HTTPStatus

import msgspec
from tornado.httputil import format_timestamp
from tornado.iostream import IOStream, StreamClosedError

from chatserver.errors import ChatError, HeaderTooLarge
from chatserver.runtime import Runtime
from handlers.connections.forwarded import STAY_WITH_TLS
from handlers.data_fields import DATA_FIELDS
from handlers.events import WRITE_SECS
from handlers.hot.request import HotRequest
from handlers.hot.stream import HotStream
from handlers.problems import problem, problem_fields

JSON = b"application/json; charset=utf-8"
PROBLEM = b"application/problem+json"
_STATUS_LINES: dict[HTTPStatus, bytes] = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus
}
_encode = msgspec.json.Encoder().encode


class AnswerBytes:
    """`secure`: they go out by HTTPS."""

    def __init__(self, runtime: Runtime, secure: bool) -> None:
        self._runtime = runtime
        fixed = [("Cache-Control", "no-store"), *DATA_FIELDS]
        if secure:
            fixed.append(("Strict-Transport-Security", STAY_WITH_TLS))
        self._fixed = _lines(fixed)
        self._date = b""
        self._date_until = 0.0

    def is_last(self, request: HotRequest) -> bool:
        """Whether the connection ends with this answer."""
        return request.last or self._runtime.draining

    def answer(
        self,
        request: HotRequest,
        body: bytes,
        fields: bytes = b"",
        status: HTTPStatus = HTTPStatus.OK,
        kind: bytes = JSON,
    ) -> bytes:
        """`fields`: further lines, each with its end."""
        if self.is_last(request):
            fields += b"Connection: close\r\n"
        return b"%b%b%bContent-Type: %b\r\nX-Request-Id: %b\r\n%bContent-Length: %d\r\n\r\n%b" % (
            _STATUS_LINES[status],
            self._dated(),
            self._fixed,
            kind,
            request.request_id,
            fields,
            len(body),
            body,
        )

    def refusal(self, request: HotRequest, error: ChatError) -> bytes:
        status, body = problem(500, error, request.request_id.decode())
        fields = _lines(problem_fields(status, error))
        return self.answer(request, _encode(body), fields, HTTPStatus(status), PROBLEM)

    def head_too_long(self, most_bytes: int) -> bytes:
        """To a request of which nothing is known, not even where it ends: the connection ends with this."""
        request = HotRequest("", None, 0, secrets.token_hex(8).encode(), True)
        return self.refusal(request, HeaderTooLarge(most_bytes))

    def _dated(self) -> bytes:
        """The Date field, made anew once a second."""
        now = self._runtime.clock.monotonic()
        if now >= self._date_until:
            wall = self._runtime.clock.now().timestamp()
            self._date = b"Date: %b\r\n" % format_timestamp(wall).encode()
            self._date_until = now + 1 - wall % 1
        return self._date


async def written(stream: IOStream | HotStream, data: bytes) -> bool:
    """Whether all of it went to a socket that was still open."""
    if stream.closed():
        return False
    done = stream.write(data)
    if stream.writing():
        try:
            async with asyncio.timeout(WRITE_SECS):
                await done
        except StreamClosedError:
            return False
        except TimeoutError:
            stream.close()
            return False
    return not stream.closed()


def _lines(fields: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
