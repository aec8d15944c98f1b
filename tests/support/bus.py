"""Buses for tests: each remembers what it heard, and all are closed at the end."""

from __future__ import annotations

import secrets
from typing import Any

from chatserver.bus.local import LocalBus
from chatserver.bus.rabbit import RabbitBus
from chatserver.clock import Clock
from chatserver.model import Bell


class HeardBells(list[Bell]):
    """A handler that remembers. `breaks` makes it fail once."""

    breaks = False

    def __call__(self, bell: Bell) -> None:
        self.append(bell)
        if self.breaks:
            self.breaks = False
            raise RuntimeError("broken on purpose")

    @property
    def kinds(self) -> list[str]:
        return [bell.kind for bell in self]


class Buses:
    """With a URL, nodes on one exchange of their own; without, the bus of a single process."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self.exchange = f"test.{secrets.token_hex(4)}"
        self.key = secrets.token_bytes(32)
        self._made: list[Any] = []

    def make(self, node: str = "here", url: str | None = None) -> tuple[Any, HeardBells]:
        """A bus that is not open yet, and what it hears."""
        address = url or self._url
        bus = RabbitBus(address, node, Clock(), self.key, exchange=self.exchange) if address else LocalBus()
        heard = HeardBells()
        bus.listen(heard)
        self._made.append(bus)
        return bus, heard

    async def close(self) -> None:
        for bus in self._made:
            await bus.close()
