"""The core, driven by one thread and by a loop. Each request has a connection of its own."""

from __future__ import annotations

import asyncio
import http.client
import io
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import TypeVar, cast

from chatserver_client.core import ANSWER_BYTES, PATIENCE, Answer, Call, Core, Patience, Pause, Request
from chatserver_client.errors import Unreachable
from chatserver_client.polls import Poll
from chatserver_client.shapes import Event

T = TypeVar("T")
Steps = Generator[Request | Pause, Answer | Unreachable | None, T]


class Chat:
    """A chat server, as whoever `token` belongs to: a server of yours (its key) or a person (of a session, or a JWT).

    `token` may be a function, which is asked before every request. May be used by several threads at once.
    `tls` is what certificates are checked with; the system's own where it is left out.
    """

    def __init__(
        self,
        url: str,
        token: str | Callable[[], str] = "",
        *,
        patience: Patience = PATIENCE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._core = Core(url, token, patience)
        self._tls = (tls or ssl.create_default_context()) if self._core.is_tls else None

    def do(self, call: Call[T]) -> T:
        """Raises Refused, Unreachable."""
        steps: Steps[T] = self._core.steps(call)
        came: Answer | Unreachable | None = None
        try:
            while True:
                step = steps.send(came)
                if isinstance(step, Pause):
                    time.sleep(step.secs)
                    came = None
                else:
                    came = self._ask(step)
        except StopIteration as end:
            result: T = end.value
            return result

    def poll(self, poll: Poll) -> Iterator[Event]:
        """Waits for events, for ever; ends when a newer poll of the same name takes over. Raises Refused, as a 401."""
        while not poll.superseded:
            yield from self.do(poll.call())

    def _ask(self, request: Request) -> Answer | Unreachable:
        where, timeout = (self._core.host, self._core.port), request.timeout_secs
        connection: http.client.HTTPConnection
        if self._tls is not None:
            connection = http.client.HTTPSConnection(*where, timeout=timeout, context=self._tls)
        else:
            connection = http.client.HTTPConnection(*where, timeout=timeout)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.endheaders(request.body or None)
            return _answer(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            return Unreachable(f"no answer from {self._core.host}: {error or type(error).__name__}")
        finally:
            connection.close()


class AsyncChat:
    """The same for programs with a loop. A task that is cancelled closes its connection; `do` needs no other end."""

    def __init__(
        self,
        url: str,
        token: str | Callable[[], str] = "",
        *,
        patience: Patience = PATIENCE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._core = Core(url, token, patience)
        self._tls = (tls or ssl.create_default_context()) if self._core.is_tls else None

    async def do(self, call: Call[T]) -> T:
        """Raises Refused, Unreachable."""
        steps: Steps[T] = self._core.steps(call)
        came: Answer | Unreachable | None = None
        try:
            while True:
                step = steps.send(came)
                if isinstance(step, Pause):
                    await asyncio.sleep(step.secs)
                    came = None
                else:
                    came = await self._ask(step)
        except StopIteration as end:
            result: T = end.value
            return result

    async def poll(self, poll: Poll) -> AsyncIterator[Event]:
        """Waits for events, for ever; ends when a newer poll of the same name takes over. Raises Refused, as a 401."""
        while not poll.superseded:
            for event in await self.do(poll.call()):
                yield event

    async def _ask(self, request: Request) -> Answer | Unreachable:
        try:
            async with asyncio.timeout(request.timeout_secs):
                return _parsed(request.method, await self._exchange(request))
        except (OSError, http.client.HTTPException) as error:
            return Unreachable(f"no answer from {self._core.host}: {error or type(error).__name__}")

    async def _exchange(self, request: Request) -> bytes:
        """The answer as it came, up to its end: the server closes what is sent with `Connection: close`."""
        reader, writer = await asyncio.open_connection(self._core.host, self._core.port, ssl=self._tls)
        try:
            lines = [f"{request.method} {request.target} HTTP/1.1", "Connection: close"]
            lines += [f"{name}: {_one_line(value)}" for name, value in request.headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + request.body)
            await writer.drain()
            answer = bytearray()
            while part := await reader.read(1 << 16):
                answer += part
                if len(answer) > ANSWER_BYTES:
                    raise http.client.HTTPException("the answer is too long")
            return bytes(answer)
        finally:
            writer.transport.abort()


def _one_line(value: str) -> str:
    if "\r" in value or "\n" in value:
        raise ValueError("a header field must be one line")
    return value


class _Received:
    """Stands where HTTPResponse expects a socket: it only asks for a file to read from."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def _parsed(method: str, received: bytes) -> Answer:
    response = http.client.HTTPResponse(cast("socket.socket", _Received(received)), method=method)
    response.begin()
    return _answer(response)


def _answer(response: http.client.HTTPResponse) -> Answer:
    """Raises HTTPException when it ends early."""
    body = response.read(ANSWER_BYTES + 1)
    if len(body) > ANSWER_BYTES:
        raise http.client.HTTPException("the answer is too long")
    # One that breaks off within its head looks as if it had no length.
    if response.length is None and not response.chunked:
        raise http.client.HTTPException("the answer does not say where it ends")
    if response.length:  # what its Content-Length still promises
        raise http.client.IncompleteRead(body, response.length)
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
