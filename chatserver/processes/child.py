"""One server process as its parent sees it: started, heard, told to end.

The two talk in JSON lines over a socket pair that the child inherits. Its closing tells either side that the other
is dead, whatever killed it, so that neither outlives the other by much. chatserver/processes/parent.py is the other end.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger(__name__)

LINE_BYTES = 16 * 1024 * 1024  # one line holds all metrics of a process
METRICS_SECS = 2.0


class ChildEnded(Exception):
    """It ended before it was ready."""

    def __init__(self, code: int) -> None:
        super().__init__(f"ended with {code} before it was ready")
        self.code = code


class Child:
    """Made by `start`. `wait` for its end in every case, else a zombie stays."""

    def __init__(
        self,
        number: int,
        process: asyncio.subprocess.Process,
        line: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        silent_secs: float,
    ) -> None:
        self.number = number
        self.is_ready = False
        self.started = asyncio.get_running_loop().time()
        self._process = process
        self._reader, self._writer = line
        self._silent_secs = silent_secs
        self._ready = asyncio.Event()
        self._asked: list[asyncio.Future[str]] = []
        self._listening = asyncio.create_task(self._listen(), name=f"child {number}")

    @classmethod
    async def start(
        cls,
        number: int,
        command: Sequence[str],
        sockets: Sequence[socket.socket],
        mongodb_uri: str,
        silent_secs: float,
    ) -> Child:
        """`command` runs with `--child FD` behind it; the database's address, a secret, goes over the line."""
        ours, theirs = socket.socketpair()
        inherited = [sock.fileno() for sock in sockets]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                "--child",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno(), *inherited],
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent, which tells its children
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        line = await asyncio.open_connection(sock=ours, limit=LINE_BYTES)
        child = cls(number, process, line, silent_secs)
        child._say({"number": number, "sockets": inherited, "mongodb_uri": mongodb_uri})
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self, within_secs: float) -> None:
        """Until it serves. Raises ChildEnded; TimeoutError, having killed it."""
        waiting = asyncio.create_task(self._ready.wait())
        ending = asyncio.create_task(self.wait())
        try:
            await asyncio.wait({waiting, ending}, timeout=within_secs, return_when=asyncio.FIRST_COMPLETED)
            if ending.done():
                raise ChildEnded(ending.result())
            if not waiting.done():
                self.kill()
                raise TimeoutError(f"was not ready in {within_secs:.0f} s")
        finally:
            waiting.cancel()
            ending.cancel()

    async def wait(self) -> int:
        return await self._process.wait()

    def end(self) -> None:
        """Drain and end: it answers what it holds, finishes every send, and is gone soon after."""
        self.is_ready = False
        self._say({"end": True})

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def metrics(self) -> str:
        """Its metrics as text. Raises TimeoutError, ConnectionError."""
        asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._say({"metrics": True})
        async with asyncio.timeout(METRICS_SECS):
            return await asked

    async def forget(self) -> None:
        """After its end: let go of the line."""
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        self._writer.close()

    def _say(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def _listen(self) -> None:
        try:
            while True:
                # Before it is ready it may be busy with what takes long; `ready` has a limit of its own.
                async with asyncio.timeout(self._silent_secs if self._ready.is_set() else None):
                    heard = await self._reader.readline()
                if not heard:
                    return
                self._heard(json.loads(heard))
        except TimeoutError:
            log.error("a process is stuck; killing it", process=self.number, pid=self.pid)
            self.kill()
        except OSError:
            return
        finally:
            self.is_ready = False
            for asked in self._asked:
                asked.cancel()

    def _heard(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self.is_ready = True
            self._ready.set()
        elif "metrics" in message and self._asked:
            # In the order of asking; an answer nobody waits for any more is passed over.
            asked = self._asked.pop(0)
            if not asked.done():
                asked.set_result(message["metrics"])
