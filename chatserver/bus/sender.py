"""The way out: straight to the broker while that flows, through the outbox while it does not."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from chatserver.bus.bell_bytes import encode
from chatserver.bus.link import Link
from chatserver.bus.outbox import Outbox, Parcel
from chatserver.bus.seal import Seal
from chatserver.bus.topology import keys_of, publishes
from chatserver.clock import Clock
from chatserver.model import Bell

# pika tells nobody when its buffer has drained, so we look.
LOOK_SECS = 0.05
FLUSH_SECS = 1.0

logger = logging.getLogger(__name__)


class Sender:
    def __init__(self, node: str, exchange: str, seal: Seal, clock: Clock) -> None:
        self._node = node
        self._exchange = exchange
        self._seal = seal
        self._clock = clock
        self._outbox = Outbox()
        self._waiting = asyncio.Event()
        self._link: Link | None = None
        self._closed = False
        self._refused = 0
        self.published = 0

    @property
    def dropped(self) -> int:
        return self._outbox.dropped + self._refused

    def send(self, bell: Bell) -> None:
        """Never raises and never waits."""
        if self._closed:
            self._refused += 1
            return
        try:
            parcel = Parcel(keys_of(bell), encode(bell, self._node), self._clock.monotonic())
        except Exception:
            self._refused += 1
            logger.exception("a %s bell cannot be encoded", bell.kind)
            return
        link = self._link
        if link and link.writable and not self._outbox and self._publish(link, parcel):
            return
        self._outbox.put(parcel)
        self._waiting.set()

    def send_now(self, key: str, bell: Bell) -> bool:
        """Past the outbox; False if there is nothing to send it on."""
        link = self._link
        parcel = Parcel((key,), encode(bell, self._node), 0.0)
        return link is not None and link.writable and self._publish(link, parcel, count=0)

    async def serve(self, link: Link) -> None:
        """Send on `link` until cancelled."""
        self._link = link
        try:
            while True:
                while self._outbox and link.writable:
                    parcel = self._outbox.take(self._clock.monotonic())
                    if parcel and not self._publish(link, parcel):
                        self._refused += 1
                    await self._clock.sleep(0)
                if self._outbox:
                    await self._clock.sleep(LOOK_SECS)
                else:
                    self._waiting.clear()
                    await self._waiting.wait()
        finally:
            self._link = None

    async def close(self) -> None:
        """Give what waits a moment to leave, and drop the rest."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with self._clock.limit(FLUSH_SECS):
                while self._outbox and self._link:
                    await self._clock.sleep(LOOK_SECS)
        self._outbox.clear()

    def _publish(self, link: Link, parcel: Parcel, count: int = 1) -> bool:
        try:
            for key, further_keys in publishes(parcel.keys, link.header_bytes):
                # Only now, because bells have to leave in the order in which they were sealed.
                link.publish(self._exchange, key, further_keys, self._seal.seal(parcel.body))
        except Exception as error:
            # The link is ending, and its supervisor knows more about it than we do.
            logger.debug("a bell was not published: %r", error)
            return False
        self.published += count
        return True
