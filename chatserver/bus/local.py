"""The bus of a single process: a bell is a function call."""

from __future__ import annotations

import logging

from chatserver.model import Bell
from chatserver.ports import BellHandler

logger = logging.getLogger(__name__)


class LocalBus:
    def __init__(self) -> None:
        self._handler: BellHandler | None = None
        self._bound: set[int] = set()
        self._open = False
        self.published = 0
        self.handler_failures = 0
        # What only a broker can make happen: the same names as on RabbitBus, for the metrics.
        self.dropped = self.poison = self.reconnects = self.declares = 0

    @property
    def state(self) -> str:
        return "up" if self._open else "down"

    def listen(self, handler: BellHandler) -> None:
        self._handler = handler

    async def open(self) -> None:
        self._open = True

    async def close(self) -> None:
        self._open = False

    def publish(self, bell: Bell) -> None:
        self.published += 1
        self.ring(bell)

    def bind(self, user_id: int) -> None:
        self._bound.add(user_id)

    def unbind(self, user_id: int) -> None:
        self._bound.discard(user_id)

    def is_bound(self, user_id: int) -> bool:
        return self._open and user_id in self._bound

    def ring(self, bell: Bell) -> None:
        """Hand the bell over if it concerns anybody here. Never raises: a send must not fail because of its bell."""
        if self._handler is None or (bell.user_ids and self._bound.isdisjoint(bell.user_ids)):
            return
        try:
            self._handler(bell)
        except Exception:
            self.handler_failures += 1
            logger.exception("the handler of %s bells failed", bell.kind)
