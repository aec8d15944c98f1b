"""An HTTP client that keeps its connection, as browsers and proxies do, and forgives the server nothing."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from tests.support.client import API


class KeptConnection:
    """One request at a time. A connection that ends before its answer, or is refused, raises."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.opened = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._line is not None:
            self._line[1].close()
            self._line = None

    async def post(self, path: str, content: Any, token: str) -> tuple[int, bytes]:
        body = json.dumps(content).encode()
        return await self._ask("POST", path, token, body)

    async def get(self, path: str, token: str) -> tuple[int, bytes]:
        return await self._ask("GET", path, token, b"")

    async def start(self, method: str, path: str, token: str, body: bytes = b"") -> None:
        """Send a request without waiting for what becomes of it."""
        if self._line is None:
            self._line = await asyncio.open_connection(self._host, self._port)
            self.opened += 1
        head = [
            f"{method} {API}{path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Authorization: Token {token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        self._line[1].write("\r\n".join([*head, "", ""]).encode() + body)
        await self._line[1].drain()

    async def _ask(self, method: str, path: str, token: str, body: bytes) -> tuple[int, bytes]:
        await self.start(method, path, token, body)
        assert self._line is not None
        reader = self._line[0]
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        answer = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(first.split()[1]), answer
