"""Keeps one link to the broker: opens it, lives with it, and when it is lost opens the next. Never gives up."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from chatserver.bus.link import Link
from chatserver.clock import Clock

FIRST_WAIT_SECS = 0.5
LONGEST_WAIT_SECS = 15.0

logger = logging.getLogger(__name__)


class Reconnecting:
    """`dial` begins the connection of a generation; `live` uses it, and is cancelled when the link is lost."""

    def __init__(
        self, name: str, dial: Callable[[int], Link], live: Callable[[Link], Awaitable[None]], clock: Clock
    ) -> None:
        self._name = name
        self._dial = dial
        self._live = live
        self._clock = clock
        self._failures = 0
        self._opens = 0
        self.generation = 0

    @property
    def reopens(self) -> int:
        return max(0, self._opens - 1)

    def opened(self, link: Link) -> None:
        self._opens += 1
        logger.info("RabbitMQ %s link %d to %s is open", self._name, self.generation, link.place)

    def settled(self) -> None:
        """This generation is known to work: after a loss the next attempt may come at once."""
        self._failures = 0

    async def run(self) -> None:
        while True:
            self.generation += 1
            began = self._clock.monotonic()
            place, reason = await self._generation()
            if self._clock.monotonic() - began > LONGEST_WAIT_SECS:
                self.settled()
            # Full jitter: when a broker returns, its nodes must not all come back in the same moment.
            wait_secs = random.uniform(0, min(LONGEST_WAIT_SECS, FIRST_WAIT_SECS * 2**self._failures))
            self._failures = min(self._failures + 1, 10)
            logger.warning(
                "RabbitMQ %s link %d to %s: %s; next in %.1f s",
                self._name,
                self.generation,
                place,
                reason,
                wait_secs,
            )
            await self._clock.sleep(wait_secs)

    async def _generation(self) -> tuple[str, str]:
        """Where this generation connected, and why it ended."""
        try:
            link = self._dial(self.generation)
        except Exception as error:
            return "the broker", f"{type(error).__name__}"
        living = asyncio.ensure_future(self._live(link))
        try:
            ends: set[asyncio.Future[Any]] = {living, link.lost}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return link.place, link.lost.result() if link.lost.done() else _why(living)
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
            await link.close()


def _why(ended: asyncio.Future[None]) -> str:
    error = ended.exception()
    if isinstance(error, TimeoutError):
        return "no answer"
    if error is not None:
        logger.error("a RabbitMQ link ended unexpectedly", exc_info=error)
    return f"{type(error).__name__}"
