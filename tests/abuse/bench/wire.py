"""Bytes on a socket, as no HTTP library would send them."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

LONG_SECS = 20.0


@dataclass(frozen=True)
class Reply:
    """Everything until the server closed, or was silent for a while."""

    body: bytes
    closed: bool
    secs: float

    @property
    def status(self) -> int:
        """0 when nothing came."""
        words = self.body.split(None, 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


async def exchange(port: int, request: bytes, quiet_secs: float = 0.5, half_close: bool = False) -> Reply:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got, closed = b"", False
    try:
        writer.write(request)
        if half_close:
            writer.write_eof()
        while True:
            # The first byte may take as long as a busy machine needs; after it silence means the end.
            async with asyncio.timeout(quiet_secs if got else LONG_SECS):
                part = await reader.read(65536)
            if not part:
                closed = True
                break
            got += part
    except TimeoutError:
        pass
    except OSError:
        closed = True
    finally:
        writer.close()
    return Reply(got, closed, loop.time() - begun)


async def connect(port: int, *, receive_bytes: int = 0) -> socket.socket:
    """A bare non-blocking socket; with a small receive buffer the server soon cannot write on."""
    made = socket.socket()
    made.setblocking(False)
    if receive_bytes:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    return made


async def closed_within(made: socket.socket, secs: float) -> float | None:
    """After how long the server ended the connection; None if it did not."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with asyncio.timeout(secs):
            while await loop.sock_recv(made, 65536):
                pass
    except TimeoutError:
        return None
    except OSError:
        pass
    return loop.time() - begun
