"""Several server processes on one listening socket: replaced when they crash, one by one when asked to.

The parent holds the socket for as long as it lives and never accepts from it. So a connection made while one process
goes and another comes waits a moment in the kernel instead of being refused.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from chatserver.errors import EX_UNAVAILABLE, StartupError
from chatserver.processes.child import Child, ChildEnded

log = structlog.get_logger(__name__)

START_SECS = 60.0
CLOSE_SECS = 15.0  # what a process may need beyond its drain: the last writes, the broker's farewell
SILENT_SECS = 30.0
FIRST_DELAY_SECS = 0.2
LAST_DELAY_SECS = 5.0
STEADY_SECS = 30.0  # a process that lived this long is forgiven earlier crashes


class Supervisor:
    """Use as a context: at its end all processes have ended, drained unless an error ended it."""

    def __init__(
        self,
        command: Sequence[str],
        sockets: Sequence[socket.socket],
        mongodb_uri: str,
        count: int,
        drain_secs: float,
    ) -> None:
        self._command = command
        self._sockets = list(sockets)
        self._mongodb_uri = mongodb_uri
        self.count = count
        self._end_secs = drain_secs + CLOSE_SECS
        self._current: dict[int, Child] = {}  # by number; one that drains is not among them
        self._living: dict[
            Child, asyncio.Task[None]
        ] = {}  # all of them, each with the task that sees its end
        self._keepers: list[asyncio.Task[None]] = []
        self._renewal = asyncio.Event()
        self._closing = False
        self.registry = CollectorRegistry()
        Gauge("chat_processes", "Server processes wanted.", registry=self.registry).set(count)
        ready = Gauge("chat_processes_ready", "Server processes that serve.", registry=self.registry)
        ready.set_function(lambda: self.ready)
        self._restarts = Counter(
            "chat_process_restarts_total",
            "Server processes started again after a crash.",
            ["process"],
            registry=self.registry,
        )
        for number in range(1, count + 1):
            self._restarts.labels(str(number))

    @property
    def ready(self) -> int:
        return sum(child.is_ready for child in self._current.values())

    async def __aenter__(self) -> Self:
        """Return when all serve, or are being tried again. Raises StartupError, with everything ended."""
        try:
            # The first alone: what is wrong is said once, and nobody races for a new database's indexes.
            await self._start_first()
            await asyncio.gather(*(self._start_further(number) for number in range(2, self.count + 1)))
        except BaseException:
            self.kill()
            await self._close()
            raise
        self._keepers = [
            *(asyncio.create_task(self._keep(number)) for number in self._current),
            asyncio.create_task(self._renew_when_asked()),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        await self._close()

    def renew(self) -> None:
        """Replace every process, one by one, each only when its successor serves."""
        self._renewal.set()

    def kill(self) -> None:
        """All at once and without a drain."""
        for child in self._living:
            child.kill()

    async def scrape(self) -> dict[str, str]:
        """The metrics of every process that answers, by its number."""
        children = [child for child in self._current.values() if child.is_ready]
        texts = await asyncio.gather(*(child.metrics() for child in children), return_exceptions=True)
        return {
            str(child.number): text
            for child, text in zip(children, texts, strict=True)
            if isinstance(text, str)
        }

    async def _start(self, number: int) -> Child:
        child = await Child.start(number, self._command, self._sockets, self._mongodb_uri, SILENT_SECS)
        self._living[child] = asyncio.create_task(self._bury(child))
        if self._closing:
            child.kill()
        return child

    async def _bury(self, child: Child) -> None:
        await child.wait()
        await child.forget()
        del self._living[child]

    async def _start_first(self) -> None:
        self._current[1] = await self._start(1)
        try:
            await self._current[1].ready(START_SECS)
        except ChildEnded as problem:
            code = problem.code if problem.code > 0 else EX_UNAVAILABLE
            raise StartupError(f"process 1 {problem}; what it said stands above", code) from None
        except TimeoutError as problem:
            raise StartupError(f"process 1 {problem}", EX_UNAVAILABLE) from None

    async def _start_further(self, number: int) -> None:
        """One serves already, so whatever keeps this one from it (an election of the database's) may pass."""
        self._current[number] = await self._start(number)
        try:
            await self._current[number].ready(START_SECS)
        except (ChildEnded, TimeoutError) as problem:
            log.error("a process did not start", process=number, error=str(problem))
            self._current[number].kill()

    async def _keep(self, number: int) -> None:
        """Start one again whenever it ends unasked."""
        delay_secs = FIRST_DELAY_SECS
        while True:
            child = self._current[number]
            code = await child.wait()
            if self._current[number] is not child:
                continue  # a successor serves already
            if asyncio.get_running_loop().time() - child.started > STEADY_SECS:
                delay_secs = FIRST_DELAY_SECS
            log.error("a process ended", process=number, pid=child.pid, code=code, again_in_secs=delay_secs)
            await asyncio.sleep(delay_secs)
            delay_secs = min(delay_secs * 2, LAST_DELAY_SECS)
            if self._current[number] is not child:
                continue
            try:
                started = await self._start(number)
            except OSError as problem:
                log.error("a process cannot be started", process=number, error=str(problem))
                continue
            self._restarts.labels(str(number)).inc()
            self._take_place(child, started)

    async def _renew_when_asked(self) -> None:
        while True:
            await self._renewal.wait()
            self._renewal.clear()
            log.info("replacing all processes")
            for number in self._current:
                if not await self._renew(number):
                    log.error("the other processes stay as they are", process=number)
                    break
            else:
                log.info("all processes replaced")

    async def _renew(self, number: int) -> bool:
        old = self._current[number]
        try:
            new = await self._start(number)
            await new.ready(START_SECS)
        except (ChildEnded, TimeoutError, OSError) as problem:
            log.error("a new process failed; the old one stays", process=number, error=str(problem))
            return False
        if self._take_place(old, new):
            old.end()
            await self._await_end(old)
        return True

    def _take_place(self, old: Child, new: Child) -> bool:
        """Whoever comes second, a restart or a renewal of the same process, gives way."""
        if self._current[new.number] is old:
            self._current[new.number] = new
            return True
        new.end()
        return False

    async def _await_end(self, child: Child) -> None:
        try:
            async with asyncio.timeout(self._end_secs):
                await child.wait()
        except TimeoutError:
            log.error("a process did not end; killing it", process=child.number, pid=child.pid)
            child.kill()
            await child.wait()

    async def _close(self) -> None:
        self._closing = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        # Before the children are told: what connects now is refused at once instead of never answered.
        for sock in self._sockets:
            sock.close()
        children = dict(self._living)
        for child in children:
            child.end()
        await asyncio.gather(*(self._await_end(child) for child in children))
        await asyncio.gather(*children.values(), return_exceptions=True)
