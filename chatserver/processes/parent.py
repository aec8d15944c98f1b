"""The process that started this one, as the child sees it: what it hands over, what it asks, when it is gone."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

from chatserver.processes.child import LINE_BYTES

BEAT_SECS = 5.0  # a process that says nothing for much longer is stuck, and is replaced


class SharedSocket(socket.socket):
    """Gives one connection a turn of the loop, where Tornado would take all that wait.

    Connections live long. In a burst the first process to wake took 154 of 200, with one a turn 121.
    """

    _gave = False

    def accept(self) -> tuple[socket.socket, Any]:
        if self._gave:
            self._gave = False
            raise BlockingIOError
        connection = super().accept()
        self._gave = True
        return connection


class Parent:
    """Made by `attach`. `number` is this process's place among its siblings, from 1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tasks: list[asyncio.Task[None]] = []
        self.number = 0
        self.mongodb_uri = ""
        self.sockets: list[SharedSocket] = []

    @classmethod
    async def attach(cls, fd: int) -> Parent:
        """Take over what was handed down. Raises EOFError where no parent is."""
        reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=fd), limit=LINE_BYTES)
        parent = cls(reader, writer)
        first = await reader.readline()
        if not first:
            raise EOFError("the parent is gone")
        given = json.loads(first)
        parent.number, parent.mongodb_uri = given["number"], given["mongodb_uri"]
        parent.sockets = [SharedSocket(fileno=inherited) for inherited in given["sockets"]]
        return parent

    def follow(self, end: Callable[[], None], metrics: Callable[[], str]) -> None:
        """From now on: `end` is called once, when the parent says so or dies; `metrics` when it asks."""
        self._tasks = [
            asyncio.create_task(self._listen(end, metrics), name="parent"),
            asyncio.create_task(self._beat(), name="parent's heartbeat"),
        ]

    def ready(self) -> None:
        self._say({"ready": True})

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.close()

    def _say(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def _listen(self, end: Callable[[], None], metrics: Callable[[], str]) -> None:
        told = False
        try:
            while heard := await self._reader.readline():
                message = json.loads(heard)
                if "metrics" in message:
                    self._say({"metrics": metrics()})
                elif "end" in message and not told:
                    told = True
                    end()
        except OSError:
            pass  # gone, like an end of file
        if not told:
            end()

    async def _beat(self) -> None:
        while True:
            self._say({"beat": True})
            await asyncio.sleep(BEAT_SECS)
