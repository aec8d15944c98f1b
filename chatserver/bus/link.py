"""What the bus needs from an AMQP library. `rabbit` fulfils it, and knows the library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol


class Channel(Protocol):
    """The part of a channel that declares. A bind without a callback waits for no answer."""

    def exchange_declare(
        self, exchange: str, *, exchange_type: str, durable: bool, callback: Callable[[Any], None]
    ) -> None: ...

    def queue_declare(
        self,
        queue: str,
        *,
        exclusive: bool,
        auto_delete: bool,
        arguments: dict[str, Any],
        callback: Callable[[Any], None],
    ) -> None: ...

    def queue_bind(
        self, queue: str, exchange: str, *, routing_key: str, callback: Callable[[Any], None] | None
    ) -> None: ...

    def queue_unbind(
        self, queue: str, exchange: str, *, routing_key: str, callback: Callable[[Any], None]
    ) -> None: ...


class Link(Protocol):
    """One connection and its one channel. They are lost together, once; the next generation is another object."""

    @property
    def place(self) -> str:
        """Where it leads, for the log: nothing secret."""

    @property
    def lost(self) -> asyncio.Future[str]:
        """Done, with the reason, when the link is of no more use."""

    @property
    def writable(self) -> bool:
        """Whether a publish would travel rather than pile up here."""

    @property
    def header_bytes(self) -> int:
        """How large the further keys of one publish may be together."""

    async def channel(self) -> Channel:
        """The channel, once it is open."""

    def publish(self, exchange: str, key: str, further_keys: list[str], body: bytes) -> None: ...
    def consume(self, queue: str, arrived: Callable[[bytes], None]) -> None: ...
    def fail(self, reason: str) -> None:
        """Declare it lost."""

    async def close(self) -> None:
        """Let go of it, lost or not, in a second or two."""
