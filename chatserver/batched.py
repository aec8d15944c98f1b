"""Database calls of many callers made as one: one runs, what is asked meanwhile goes into the next. No timer collects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

from chatserver.clock import Clock
from chatserver.deadlines import Deadlines, refuse
from chatserver.errors import Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_KEYS = 1_000  # as many as a message to a large group wakes: in two calls, the second waits for what the first began
LIMIT_SECS = 2.8


class BatchedCalls(Generic[K, V]):
    """`call` gets the keys that were asked for and returns what it has for them; a key without a value gives None."""

    def __init__(
        self, call: Callable[[list[K]], Awaitable[dict[K, V]]], clock: Clock, limit_secs: float = LIMIT_SECS
    ) -> None:
        self._call = call
        self._clock = clock
        self._limit_secs = limit_secs
        # A future for every caller: one that goes away cancels its own, and nothing stands between it and its task.
        self._asked: dict[K, list[asyncio.Future[V | None]]] = {}
        self._deadlines: Deadlines[asyncio.Future[V | None]] = Deadlines(clock, _give_up)
        self._running: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """As things are now or later, never as they were before. Raises what `call` raises, and Unavailable."""
        return await self._ask(key)

    async def get_all(self, keys: Iterable[K]) -> dict[K, V]:
        """The same for several; those without a value are left out."""
        asked = {key: self._ask(key) for key in keys}
        return {key: value for key, future in asked.items() if (value := await future) is not None}

    def _ask(self, key: K) -> asyncio.Future[V | None]:
        future: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(key, []).append(future)
        self._deadlines.add(future, future, self._clock.monotonic() + self._limit_secs)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._asked:
            batch = {key: self._asked.pop(key) for key in list(self._asked)[:MAX_KEYS]}
            try:
                found = await self._call(list(batch))
            except Exception as error:
                for futures in batch.values():
                    for future in futures:
                        refuse(future, error)
            else:
                for key, futures in batch.items():
                    for future in futures:
                        if not future.done():
                            future.set_result(found.get(key))

    async def close(self) -> None:
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
        self._deadlines.close()


def _give_up(future: asyncio.Future[V | None]) -> None:
    """The call before ours has already used up the time in which a refusal is due."""
    refuse(future, Unavailable("The database does not answer right now."))
