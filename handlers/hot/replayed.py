"""A stream whose next request was read already, for Tornado to read again."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable
from typing import Any

from tornado.iostream import IOStream


class Replayed:
    """Gives `head` and `body` first. In everything else it is the stream."""

    def __init__(self, stream: IOStream, head: bytes, body: bytes) -> None:
        self._stream = stream
        self._head = head
        self._body = body

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        if not self._head:
            return self._stream.read_until_regex(regex, max_bytes)
        head, self._head = self._head, b""
        return _done(head)

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        if not self._body:
            return self._stream.read_bytes(num_bytes, partial)
        part, self._body = self._body[:num_bytes], self._body[num_bytes:]
        return _done(part)


def _done(data: bytes) -> Future[bytes]:
    future: Future[bytes] = Future()
    future.set_result(data)
    return future
