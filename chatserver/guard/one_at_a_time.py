"""What is done one at a time for each key, on this node: tries at one account, large answers for one person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chatserver import metrics
from chatserver.errors import RateLimited

WAITING = 64  # for one turn, the one who has it among them


@dataclass
class Turns:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class OneAtATime:
    def __init__(self) -> None:
        self._turns: dict[Hashable, Turns] = {}

    @asynccontextmanager
    async def turn(self, limit: str, *key: Hashable) -> AsyncIterator[None]:
        """In the order in which they were asked for. Raises RateLimited, with that name, when too many wait."""
        turns = self._turns.setdefault((limit, key), Turns())
        if turns.waiting >= WAITING:
            metrics.RATE_LIMITED.labels(limit).inc()
            raise RateLimited(limit, WAITING, 1, 1.0)
        turns.waiting += 1
        try:
            async with turns.lock:
                yield
        finally:
            turns.waiting -= 1
            if not turns.waiting:
                self._turns.pop((limit, key), None)
