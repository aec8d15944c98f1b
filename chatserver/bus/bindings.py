"""Whose bells come here. What is wanted outlives every connection; what is confirmed lives as long as one channel."""

from __future__ import annotations

import asyncio

from chatserver.bus.declarations import Declarations

# Small enough that the first of ten thousand people need not wait for the last.
BATCH = 500


class Bindings:
    def __init__(self, exchange: str) -> None:
        self._exchange = exchange
        # Dictionaries as ordered sets: who waits longest is bound first.
        self._wanted: dict[str, None] = {}
        self._missing: dict[str, None] = {}
        self._surplus: dict[str, None] = {}
        self._confirmed: set[str] = set()
        self._changed = asyncio.Event()

    def want(self, key: str) -> None:
        if key in self._wanted:
            return
        self._wanted[key] = None
        self._surplus.pop(key, None)
        self._missing[key] = None
        self._changed.set()

    def release(self, key: str) -> None:
        if key not in self._wanted:
            return
        del self._wanted[key]
        self._confirmed.discard(key)
        self._missing.pop(key, None)
        self._surplus[key] = None
        self._changed.set()

    def is_confirmed(self, key: str) -> bool:
        return key in self._confirmed

    async def keep(self, declarations: Declarations) -> None:
        """Bring the channel to what is wanted and keep it there, until cancelled."""
        self._surplus.clear()
        self._missing = dict(self._wanted)
        try:
            while True:
                self._changed.clear()
                await self._catch_up(declarations)
                await self._changed.wait()
        finally:
            self._confirmed.clear()

    async def _catch_up(self, declarations: Declarations) -> None:
        while self._missing or self._surplus:
            if self._missing:
                await self._bind_some(declarations)
            else:
                # One at a time, so that somebody who arrives never waits for many who left.
                key = next(iter(self._surplus))
                del self._surplus[key]
                await declarations.drop_binding(self._exchange, key)

    async def _bind_some(self, declarations: Declarations) -> None:
        batch = [key for key, _ in zip(self._missing, range(BATCH), strict=False)]
        for key in batch:
            del self._missing[key]
        await declarations.ensure_bindings(self._exchange, batch)
        self._confirmed.update(key for key in batch if key in self._wanted)
