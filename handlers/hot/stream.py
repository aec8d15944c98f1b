"""A connection's bytes, with as much of Tornado's IOStream as a hot call needs and none of what it does not.

An IOStream allocates 64 KiB for each read, tries every read before it waits for it, and tells the system anew what it
waits for at each request and each answer: together two thirds of what a hot call cost (docs/performance.md). This one
waits for bytes all the time. For everything that is not a hot call the socket goes over to a real IOStream, for good.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable

from tornado.ioloop import IOLoop
from tornado.iostream import BaseIOStream, IOStream, SSLIOStream, StreamClosedError, UnsatisfiableReadError

from chatserver.deadlines import refuse

READ_BYTES = 16 * 1024
# What a client may send before it is asked for: no more is read until it is.
AHEAD_BYTES = 64 * 1024
END_OF_HEAD_BYTES = 4
_NOTHING = memoryview(b"")


class _LongHeads(BaseIOStream):
    """Where a head is too long, Tornado closes the connection without a word; this gives what came of it."""

    def _find_read_pos(self) -> int | None:
        try:
            return super()._find_read_pos()
        except UnsatisfiableReadError:
            if self._read_regex is None:  # the size of a chunk
                raise
            return self._read_buffer_size


class PlainStream(_LongHeads, IOStream):
    pass


class SecureStream(_LongHeads, SSLIOStream):
    pass


class HotStream:
    """One reader at a time; what is written while the system has not taken all of it yet goes out behind it.

    The futures of both fail with StreamClosedError when the connection ends.
    """

    __slots__ = (
        "_buffer",
        "_closed",
        "_loop",
        "_max_bytes",
        "_on_close",
        "_read",
        "_reading",
        "_regex",
        "_unsent",
        "_wanted",
        "_written",
        "sent_bytes",
        "socket",
    )

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.sent_bytes = 0
        # The running loop, or on Windows, whose own cannot wait for sockets, what Tornado put around it.
        self._loop: asyncio.AbstractEventLoop = IOLoop.current().selector_loop  # type: ignore[attr-defined]
        self._buffer = b""
        self._unsent = _NOTHING
        self._closed = False
        self._on_close: Callable[[], None] | None = None
        self._read: asyncio.Future[bytes] | None = None
        self._written: asyncio.Future[None] | None = None
        self._regex: re.Pattern[bytes] | None = None
        self._max_bytes: int | None = None
        self._wanted = 0
        self._reading = True
        self._loop.add_reader(connection, self._readable)

    @classmethod
    def taken_back(cls, stream: IOStream) -> HotStream:
        """What `hand_over` made an IOStream, once nobody reads or writes it; bytes that nobody asked for are gone.

        Raises StreamClosedError.
        """
        if stream.closed():
            raise StreamClosedError
        if stream._state is not None:
            stream.io_loop.remove_handler(stream.socket)
            stream._state = None
        return cls(stream.socket)

    def set_nodelay(self, value: bool) -> None:
        if self.socket.family in (socket.AF_INET, socket.AF_INET6):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(value))

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        self._on_close = callback
        if self._closed:
            self._tell()

    def closed(self) -> bool:
        return self._closed

    def writing(self) -> bool:
        return self._written is not None

    def in_head(self) -> bool:
        """Whether a part of a request's head is here, and the rest is waited for."""
        return self._read is not None and self._regex is not None and bool(self._buffer)

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> asyncio.Future[bytes]:
        """When it is not within `max_bytes`, all that came, which is more than that."""
        self._regex, self._max_bytes = re.compile(regex), max_bytes
        return self._start()

    def read_bytes(self, num_bytes: int) -> asyncio.Future[bytes]:
        self._regex, self._wanted = None, num_bytes
        return self._start()

    def write(self, data: bytes) -> asyncio.Future[None]:
        """Done when the system has all of it."""
        if self._written is not None:
            self._unsent = memoryview(bytes(self._unsent) + data)
            return self._written
        written: asyncio.Future[None] = self._loop.create_future()
        if self._closed:
            refuse(written, StreamClosedError())
            return written
        self._unsent, self._written = memoryview(data), written
        self._send()
        if self._written is not None:
            self._loop.add_writer(self.socket, self._writable)
        return written

    def close(self) -> None:
        if self._closed:
            return
        self._release()
        self.socket.close()
        for future in (self._read, self._written):
            if future is not None:
                refuse(future, StreamClosedError())
        self._read = self._written = None
        self._tell()

    def hand_over(self) -> IOStream:
        """The same connection as an IOStream, with what was read ahead. Not while anybody reads or writes.

        Raises StreamClosedError.
        """
        if self._closed:
            raise StreamClosedError
        self._release()
        stream = PlainStream(self.socket)
        stream._read_buffer += self._buffer
        stream._read_buffer_size += len(self._buffer)
        self._buffer = b""
        return stream

    def _release(self) -> None:
        self._closed = True
        if self._reading:
            self._loop.remove_reader(self.socket)
        if self._written is not None:
            self._loop.remove_writer(self.socket)

    def _tell(self) -> None:
        callback, self._on_close = self._on_close, None
        if callback is not None:
            callback()

    def _start(self) -> asyncio.Future[bytes]:
        read = self._read = self._loop.create_future()
        if self._buffer:
            self._give(0)
        if self._closed and self._read is not None:
            self._read = None
            read.set_exception(StreamClosedError())
        elif not self._reading and not self._closed and (self._read or len(self._buffer) <= AHEAD_BYTES):
            self._reading = True
            self._loop.add_reader(self.socket, self._readable)
        return read

    def _readable(self) -> None:
        try:
            data = self.socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        seen = len(self._buffer)
        self._buffer = self._buffer + data if seen else data
        if self._read is not None:
            self._give(max(0, seen - END_OF_HEAD_BYTES))
        if self._read is None and len(self._buffer) > AHEAD_BYTES:
            self._reading = False
            self._loop.remove_reader(self.socket)

    def _give(self, seen: int) -> None:
        """What is wanted, if it is here. `seen`: the end of it does not lie before that."""
        buffer, read = self._buffer, self._read
        size = self._wanted
        if self._regex is not None:
            found = self._regex.search(buffer, seen)
            size = found.end() if found else len(buffer) + 1
            if self._max_bytes is not None and min(size, len(buffer)) > self._max_bytes:
                size = len(buffer)
        if size <= len(buffer):
            self._buffer, self._read = buffer[size:], None
            if read is not None and not read.done():
                read.set_result(buffer[:size])

    def _writable(self) -> None:
        self._send()
        if self._written is None and not self._closed:
            self._loop.remove_writer(self.socket)

    def _send(self) -> None:
        try:
            sent = self.socket.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        self.sent_bytes += sent
        written = self._written
        if sent < len(self._unsent):
            self._unsent = self._unsent[sent:]
            return
        self._unsent = _NOTHING
        self._written = None
        if written is not None and not written.done():
            written.set_result(None)
