"""A TCP proxy with the network's bad habits, between any two of client, server, broker and database."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass
from enum import Enum

CHUNK = 1 << 16


class Habit(Enum):
    PASS = "pass"
    DELAY = "delay"  # every chunk waits `secs`, in order
    DROP = "drop"  # new connections are closed at once, those there go on
    RESET = "reset"  # every connection, new or there, ends with a RST
    BLACK_HOLE = "black hole"  # bytes vanish both ways, connections stay
    SWALLOW_REQUESTS = "swallow requests"  # bytes to the target vanish
    SWALLOW_ANSWERS = "swallow answers"  # bytes from the target vanish
    TRICKLE = "trickle"  # `rate` bytes a second
    HALF_CLOSE = "half-close"  # the target hears the end of the client, who still listens


@dataclass(eq=False)
class Pair:
    client: asyncio.StreamWriter
    target: asyncio.StreamWriter


class Proxy:
    """Listens on a loopback port of its own. `target` is a port of this machine or the path of a Unix socket."""

    def __init__(self, target: int | str) -> None:
        self.target = target
        self.port = 0
        self.habit = Habit.PASS
        self.secs = 0.0
        self.rate = 1000
        self.swallowed_bytes = 0
        self.connections = 0
        self._pairs: set[Pair] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> Proxy:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def behave(self, habit: Habit, *, secs: float = 0.0, rate: int = 1000) -> None:
        """From now on, connections that are there included."""
        self.habit, self.secs, self.rate = habit, secs, rate
        if habit is Habit.RESET:
            for pair in list(self._pairs):
                _reset(pair.client)
                _reset(pair.target)
        if habit is Habit.HALF_CLOSE:
            for pair in self._pairs:
                with contextlib.suppress(OSError, RuntimeError):
                    pair.target.write_eof()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.habit is Habit.RESET:
            _reset(writer)
            return
        if self.habit is Habit.DROP:
            writer.close()
            return
        try:
            if isinstance(self.target, int):
                from_target, to_target = await asyncio.open_connection("127.0.0.1", self.target)
            else:
                from_target, to_target = await asyncio.open_unix_connection(self.target)
        except OSError:
            writer.close()
            return
        pair = Pair(writer, to_target)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._carry(reader, to_target, Habit.SWALLOW_REQUESTS),
                self._carry(from_target, writer, Habit.SWALLOW_ANSWERS),
            )
        finally:
            self._pairs.discard(pair)
            writer.close()
            to_target.close()

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, swallowing: Habit
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if self.habit in (Habit.BLACK_HOLE, swallowing):
                    self.swallowed_bytes += len(data)
                    continue
                if self.habit is Habit.DELAY:
                    await asyncio.sleep(self.secs)
                if self.habit is Habit.TRICKLE:
                    await self._trickle(data, sink)
                    continue
                sink.write(data)
                await sink.drain()
        with contextlib.suppress(OSError, RuntimeError):
            sink.write_eof()

    async def _trickle(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        step = max(1, self.rate // 20)
        while data and self.habit is Habit.TRICKLE:
            sink.write(data[:step])
            data = data[step:]
            await asyncio.sleep(step / self.rate)
        sink.write(data)
        await sink.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a RST, as a host that forgot the connection does."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
