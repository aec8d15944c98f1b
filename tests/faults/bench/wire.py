"""HTTP on kept-alive connections, cheap enough to load two cores with, and exact about how an exchange ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

API = "/api/v1/communication/"


class NoAnswer(ConnectionError):
    """The connection was refused, or ended before the first byte of an answer."""


class CutAnswer(ConnectionError):
    """An answer began and did not end."""


class ProxyAnswer(ConnectionError):
    """A proxy answered in the server's place: what became of the request nobody knows."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Tally:
    """How all exchanges of a run ended."""

    statuses: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    unanswered: int = 0
    cut: int = 0
    late: int = 0
    bare_503: int = 0
    by_proxy: int = 0

    def count(self, reply: Reply) -> None:
        self.statuses[reply.status] += 1
        self.bare_503 += reply.status == 503 and "retry-after" not in reply.headers

    def faults(self) -> list[str]:
        """What no fault excuses: cut answers, and server errors other than an honest 503."""
        found = [f"{n} answers of {s}" for s, n in self.statuses.items() if s >= 500 and s != 503]
        if self.bare_503:
            found.append(f"{self.bare_503} answers of 503 without Retry-After")
        return found


@dataclass
class Refusals:
    """Sends that took more than one try, and how long a 503 took to come."""

    retried: int = 0
    unavailable: int = 0
    slowest_503: float = 0.0
    answer_secs: list[tuple[float, float]] = field(default_factory=list)  # (at, took) of accepted tries


class Line:
    """One client's connections, one request at a time, to one of several servers."""

    def __init__(self, bases: list[str], tally: Tally, seed: int) -> None:
        self.bases = bases
        self.tally = tally
        self.random = random.Random(seed)
        self._open: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def call(
        self,
        method: str,
        path: str,
        token: str,
        body: Any = None,
        *,
        base: str | None = None,
        limit_secs: float = 10.0,
        **query: Any,
    ) -> Reply:
        """Raises NoAnswer, CutAnswer, TimeoutError. A kept connection found closed is replaced once, as HTTP asks."""
        base = base or self.random.choice(self.bases)
        target = API + path + ("?" + urlencode(query) if query else "")
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {urlsplit(base).netloc}\r\nAuthorization: Token {token}\r\n"
        )
        if method in ("POST", "PUT", "PATCH"):
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        request = head.encode() + b"\r\n" + content
        kept = self._open.pop(base, None)
        try:
            async with asyncio.timeout(limit_secs):
                if kept is not None:
                    with contextlib.suppress(NoAnswer):
                        return await self._exchange(base, kept, request)
                try:
                    return await self._exchange(base, await self._connect(base), request)
                except NoAnswer:
                    self.tally.unanswered += 1
                    raise
        except TimeoutError:
            self.tally.late += 1
            raise

    async def _connect(self, base: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = urlsplit(base)
        try:
            return await asyncio.open_connection(place.hostname, place.port, limit=1 << 20)
        except OSError as error:
            self.tally.refused += 1
            self.tally.unanswered -= 1
            raise NoAnswer(str(error)) from None

    async def _exchange(
        self, base: str, pair: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
    ) -> Reply:
        reader, writer = pair
        begun = False
        keep = False
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            begun = True
            lines = head.decode("latin-1").split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:-2])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            keep = headers.get("connection", "").lower() != "close"
        except (asyncio.IncompleteReadError, OSError) as error:
            if begun or getattr(error, "partial", b""):
                self.tally.cut += 1
                raise CutAnswer(str(error)) from None
            raise NoAnswer(str(error)) from None
        finally:
            if keep:
                self._open[base] = pair
            else:
                writer.close()
        reply = Reply(int(lines[0].split()[1]), headers, body)
        if reply.status in (502, 504) and headers.get("server", "").startswith("nginx"):
            self.tally.by_proxy += 1
            raise ProxyAnswer(f"{reply.status} from nginx")
        self.tally.count(reply)
        return reply

    def close(self) -> None:
        for _, writer in self._open.values():
            writer.close()
        self._open.clear()
