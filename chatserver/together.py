"""Database calls of many callers made as one: one call runs, what is asked meanwhile goes into the next. No timer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

from chatserver.errors import Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_KEYS = 500
LIMIT_SECS = 2.8


class Together(Generic[K, V]):
    """`call` gets the keys that were asked for and returns what it has for them; a key without a value gives None."""

    def __init__(
        self, call: Callable[[list[K]], Awaitable[dict[K, V]]], limit_secs: float = LIMIT_SECS
    ) -> None:
        self._call = call
        self._limit_secs = limit_secs
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._running: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """As things are now or later, never as they were before. Raises what `call` raises, and Unavailable."""
        return (await self.get_all((key,))).get(key)

    async def get_all(self, keys: Iterable[K]) -> dict[K, V]:
        """The same for several; those without a value are left out."""
        asked = {key: self._ask(key) for key in keys}
        found: dict[K, V] = {}
        try:
            async with asyncio.timeout(self._limit_secs):
                for key, future in asked.items():
                    if (value := await asyncio.shield(future)) is not None:
                        found[key] = value
        except TimeoutError:  # the call before ours has already used up the time in which a refusal is due
            raise Unavailable("The database does not answer right now.") from None
        return found

    def _ask(self, key: K) -> asyncio.Future[V | None]:
        future = self._asked.get(key)
        if future is None:
            future = self._asked[key] = asyncio.get_running_loop().create_future()
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._asked:
            batch = {key: self._asked.pop(key) for key in list(self._asked)[:MAX_KEYS]}
            try:
                found = await self._call(list(batch))
            except Exception as error:
                for future in batch.values():
                    future.set_exception(error)
                    future.exception()  # looked at, also when nobody waits any more
            else:
                for key, future in batch.items():
                    future.set_result(found.get(key))

    async def close(self) -> None:
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
