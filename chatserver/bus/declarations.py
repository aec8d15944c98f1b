"""What one channel has declared. A broker is asked for nothing twice; a new channel starts with a new cache."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from chatserver.bus.link import Channel
from chatserver.bus.topology import QUEUE_ARGUMENTS


class Declarations:
    """Whoever awaits one of these is cancelled when the channel ends: its answer would never come."""

    def __init__(self, channel: Channel, count: Callable[[int], None]) -> None:
        self._channel = channel
        self._count = count
        self._exchanges: set[str] = set()
        self._queue: str | None = None
        self._bindings: set[tuple[str, str]] = set()

    async def ensure_exchange(self, name: str) -> None:
        if name in self._exchanges:
            return
        answer = _Answer()
        self._count(1)
        self._channel.exchange_declare(name, exchange_type="direct", durable=True, callback=answer)
        await answer.future
        self._exchanges.add(name)

    async def ensure_queue(self) -> str:
        """The name the broker gave to this channel's own queue, which goes when its connection goes."""
        if self._queue is None:
            answer = _Answer()
            self._count(1)
            # Exclusive, because RabbitMQ 4.3 refuses a transient queue that is not.
            self._channel.queue_declare(
                "", exclusive=True, auto_delete=True, arguments=QUEUE_ARGUMENTS, callback=answer
            )
            frame = await answer.future
            self._queue = str(frame.method.queue)
        return self._queue

    async def ensure_bindings(self, exchange: str, keys: Sequence[str]) -> None:
        """One round trip, however many: a channel works in order, so the answer to the last bind is that to all."""
        queue = await self.ensure_queue()
        new = [key for key in keys if (exchange, key) not in self._bindings]
        if not new:
            return
        self._count(len(new))
        for key in new[:-1]:
            self._channel.queue_bind(queue, exchange, routing_key=key, callback=None)
        answer = _Answer()
        self._channel.queue_bind(queue, exchange, routing_key=new[-1], callback=answer)
        await answer.future
        self._bindings.update((exchange, key) for key in new)

    async def drop_binding(self, exchange: str, key: str) -> None:
        if (exchange, key) not in self._bindings:
            return
        queue = await self.ensure_queue()
        self._bindings.discard((exchange, key))
        answer = _Answer()
        self._channel.queue_unbind(queue, exchange, routing_key=key, callback=answer)
        await answer.future


class _Answer:
    """A callback to be awaited; it may be called late, when nobody waits any more."""

    def __init__(self) -> None:
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def __call__(self, answer: Any) -> None:
        if not self.future.done():
            self.future.set_result(answer)
