"""The load generator's HTTP client: keep-alive connections, hand-built requests, a parser of Content-Length.

It speaks just enough HTTP/1.1 for servers that always answer with Content-Length, because it must cost a
small part of what it measures. `ceiling` of the results says how many requests a second of its CPU is worth.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

BASE = "/api/v1/communication/"
Answered = Callable[[int, bytes], None]


class ConnectionLost(Exception):
    """The server closed a connection."""


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time. `on_answer` is called with status and body.

    `on_lost` is called when the server closes it: nothing here opens it again.
    """

    __slots__ = ("buffer", "on_answer", "on_lost", "transport")

    def __init__(self) -> None:
        self.buffer = b""
        self.on_answer: Answered | None = None
        self.on_lost: Callable[[], None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    @property
    def port(self) -> int:
        """Ours."""
        assert self.transport is not None
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def send(self, request: bytes, on_answer: Answered) -> None:
        assert self.transport is not None and self.on_answer is None
        self.on_answer = on_answer
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.buffer:
            data = self.buffer + data
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0:
            self.buffer = data
            return
        body_start = head_end + 4
        body_end = body_start + content_length(data, head_end)
        if len(data) < body_end:
            self.buffer = data
            return
        self.buffer = data[body_end:]
        on_answer, self.on_answer = self.on_answer, None
        if on_answer is not None:
            on_answer(int(data[9:12]), data[body_start:body_end])

    def connection_lost(self, exc: Exception | None) -> None:
        self.on_answer = None
        if self.on_lost is not None:
            self.on_lost()

    def close(self) -> None:
        self.on_answer = self.on_lost = None
        if self.transport is not None:
            self.transport.abort()


def content_length(data: bytes, head_end: int) -> int:
    start = data.find(b"Content-Length: ", 0, head_end)
    if start < 0:
        start = data[:head_end].lower().find(b"content-length: ")
        if start < 0:
            raise ValueError(f"an answer without Content-Length: {data[:head_end]!r}")
    return int(data[start + 16 : data.find(b"\r", start)])


def get(path: str, token: str) -> bytes:
    return f"GET {BASE}{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Token {token}\r\n\r\n".encode()


def post_head(path: str, token: str, more: str = "") -> bytes:
    """Everything of a POST but the number of its bytes and the bytes."""
    return (
        f"POST {BASE}{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Token {token}\r\n"
        f"Content-Type: application/json\r\n{more}Content-Length: "
    ).encode()


def post(head: bytes, body: bytes) -> bytes:
    return head + b"%d\r\n\r\n" % len(body) + body


async def connect(port: int, count: int, source: str = "127.0.0.1") -> list[Connection]:
    """Open `count` connections, a few at a time so that no listen backlog overflows.

    `source` spreads large numbers of connections over loopback addresses: one address has 28,000 ports.
    """
    loop = asyncio.get_running_loop()

    async def one() -> Connection:
        _, connection = await loop.create_connection(Connection, "127.0.0.1", port, local_addr=(source, 0))
        return connection

    connections: list[Connection] = []
    while len(connections) < count:
        batch = min(64, count - len(connections))
        connections += await asyncio.gather(*(one() for _ in range(batch)))
    return connections


async def call(connection: Connection, request: bytes) -> tuple[int, Any]:
    """One request and its parsed answer: for the set-up, not for the measured part."""
    answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
    connection.on_lost = lambda: answer.done() or answer.set_exception(ConnectionLost())
    connection.send(request, lambda status, body: answer.done() or answer.set_result((status, body)))
    status, body = await answer
    return status, json.loads(body) if body else None


async def call_once(port: int, request: bytes) -> tuple[int, Any]:
    [connection] = await connect(port, 1)
    try:
        return await call(connection, request)
    finally:
        connection.close()
