"""Everybody else: an ordinary person whose requests are timed, in calm and while somebody abuses the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import SLACK_SECS
from tests.support.client import Device

PAUSE_SECS = 0.02


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Others:
    def __init__(self, device: Device, row: Row) -> None:
        self._device, self._row = device, row
        self.took: list[float] = []

    async def calm(self, secs: float) -> float:
        """p99 with nothing wrong: what this machine can do right now."""
        task = asyncio.create_task(self._go_on())
        await asyncio.sleep(secs)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        calm, self.took = percentile(self.took, 0.99), []
        return calm

    @asynccontextmanager
    async def meanwhile(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            begun = time.monotonic()
            answer = await self._device.get("chats/unread-count/")
            self.took.append(time.monotonic() - begun)
            if answer.status != 200:
                self._row.violation(f"an ordinary request was answered {answer.status}")
            await asyncio.sleep(PAUSE_SECS)

    def assert_unharmed(self, calm_p99: float, times: float) -> None:
        p99 = percentile(self.took, 0.99)
        self._row.show(
            f"others' p99 {p99 * 1000:.0f} ms, {p99 / calm_p99:.1f} × calm ({len(self.took)} requests)"
        )
        assert p99 <= calm_p99 * times + SLACK_SECS, (p99, calm_p99)
