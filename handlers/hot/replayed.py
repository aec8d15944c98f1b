"""A stream whose next request was read already, for Tornado to read again; a body of crumbs is not read to its end."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPMessageDelegate
from tornado.iostream import IOStream, StreamClosedError

from chatserver.model import Actor
from chatserver.services.events import PollRequest

# A chunk costs as much as kilobytes do, so these are the most: some of any size, and one more for so many bytes that
# chunks carry. Who writes a small JSON piece by piece has enough, and who sends a file in 200 bytes each has always.
FREE_CHUNKS = 64
CHUNK_BYTES = 128


class Replayed:
    """Gives `head` and `body` first. In everything else it is the stream.

    `follow` is set by a handler that detached it: whose events the connection is for from then on, and how asked.
    """

    follow: tuple[Actor, PollRequest] | None = None

    def __init__(self, stream: IOStream, head: bytes, body: bytes) -> None:
        self._stream = stream
        self._head = head
        self._body = body
        self._chunks = 0
        self._carried_bytes = 0
        self._is_new = False  # the chunk whose bytes are read next

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        if not self._head:
            return self._stream.read_until_regex(regex, max_bytes)
        head, self._head = self._head, b""
        return _done(head)

    def read_until(self, delimiter: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """The size of a chunk. Raises HTTPInputError, a 400, when there are too many small ones."""
        self._chunks += 1
        self._is_new = True
        if self._chunks > FREE_CHUNKS + self._carried_bytes // CHUNK_BYTES:
            raise HTTPInputError("too many small chunks")
        return self._stream.read_until(delimiter, max_bytes)

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        if self._is_new:
            # Once a chunk: what has not come yet is asked for again, and that would count for as often as it drips.
            self._carried_bytes += num_bytes
            self._is_new = False
        if not self._body:
            return self._stream.read_bytes(num_bytes, partial)
        part, self._body = self._body[:num_bytes], self._body[num_bytes:]
        return _done(part)


class Connection(HTTP1Connection):
    """Tornado's, which keeps nothing of the body of a client that went away."""

    def _read_body(
        self, code: int, headers: HTTPHeaders, delegate: HTTPMessageDelegate
    ) -> Awaitable[None] | None:
        reading = super()._read_body(code, headers, delegate)
        return None if reading is None else _without_remains(reading)


async def _without_remains(reading: Awaitable[None]) -> None:
    """Raises an error of its own in place of one that has the last bytes in its frames, and is part of a cycle."""
    with suppress(StreamClosedError):
        await reading
        return
    raise StreamClosedError


def _done(data: bytes) -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_result(data)
    return future
