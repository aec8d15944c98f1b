"""What the services need from the outside world, as protocols. `storage` and `bus` fulfil them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatserver.model import Bell

BellHandler = Callable[[Bell], None]


class Bus(Protocol):
    """Rings bells across nodes. It only ever says "look"; what is delivered comes from the inbox.

    Nothing here raises and nothing here waits: a bus that is away drops bells and counts them.
    """

    @property
    def state(self) -> str:
        """`up` (bells proved to arrive), `suspect` (connected, unproved) or `down`."""

    def listen(self, handler: BellHandler) -> None:
        """Give every bell for a bound user, and every bell for all nodes, to `handler`. Call once, before `open`."""

    async def open(self) -> None:
        """Start connecting and return at once: a broker that is away is not an error."""

    async def close(self) -> None:
        """Send what is waiting for at most a second, then let go."""

    def publish(self, bell: Bell) -> None:
        """Ring here before returning, then everywhere else when the broker allows. One publish, whatever the members."""

    def bind(self, user_id: int) -> None:
        """From now on bells for this user come here. Repeats cost nothing."""

    def unbind(self, user_id: int) -> None: ...

    def is_bound(self, user_id: int) -> bool:
        """Whether the broker has confirmed the binding: until then bells may be missed."""
