"""Many people with a poll each, on bare connections: guests, because a password costs its hash."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import ClassVar

from tests.support.client import API, Client, Device, unique


async def guests(client: Client, count: int, together: int = 20) -> list[Device]:
    async def one() -> Device:
        answer = await client.call("POST", "auth/guest/", json_body={"full_name": unique("Guest ")})
        assert answer.status == 201, answer
        return Device(client, answer["token"], answer["user"], answer["session"])

    made: list[Device] = []
    while len(made) < count:
        made += await asyncio.gather(*(one() for _ in range(min(together, count - len(made)))))
    return made


@dataclass
class RawPoll:
    """One poll on a connection of its own."""

    port: int
    token: str
    query: str = "wait=30"
    status: int = 0
    content: dict[str, object] = field(default_factory=dict)
    _line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    asked: ClassVar[list[RawPoll]] = []  # of one test, whose end closes them

    async def ask(self, stray: bytes = b"") -> None:
        self.asked.append(self)
        self._line = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET {API}poll/events/?{self.query} HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {self.token}\r\n\r\n"
        self._line[1].write(head.encode() + stray)
        await self._line[1].drain()

    async def answered(self) -> int:
        """The status; 0 when the connection ended without an answer."""
        assert self._line is not None
        try:
            head = (await self._line[0].readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
            self.content = json.loads(await self._line[0].readexactly(length))
            self.status = int(head.split()[1])
        except (asyncio.IncompleteReadError, ConnectionError):
            self.status = 0
        return self.status

    def close(self) -> None:
        if self._line is not None:
            self._line[1].close()
            self._line = None
