"""The bus across nodes, apart from the library that speaks AMQP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Iterator

from chatserver.bus.bell_bytes import decode
from chatserver.bus.bindings import Bindings
from chatserver.bus.declarations import Declarations
from chatserver.bus.link import Channel, Link
from chatserver.bus.local import LocalBus
from chatserver.bus.probe import Probe
from chatserver.bus.reconnecting import Reconnecting
from chatserver.bus.seal import Seal
from chatserver.bus.sender import Sender
from chatserver.bus.topology import EVERY_NODE, probe_key, user_key
from chatserver.clock import Clock
from chatserver.model import STRANGE, Bell
from chatserver.ports import BellHandler

PROBE = "probe"
SETUP_SECS = 15.0

# Begins the connection of a generation; the second argument is called when the broker blocks or unblocks it.
Dial = Callable[[int, Callable[[], None]], Link]

logger = logging.getLogger(__name__)


class LinkedBus:
    """Two links, since an alarm blocks whoever publishes: one to ring, one to listen."""

    def __init__(self, dial: Dial, node: str, clock: Clock, key: bytes, exchange: str) -> None:
        # Two processes that were given one name by mistake must still hear each other.
        self._node = f"{node}.{secrets.token_hex(4)}"
        self._exchange = exchange
        self._dial = dial
        self._clock = clock
        self._local = LocalBus()
        self._seal = Seal(key)
        self._sender = Sender(self._node, exchange, self._seal, clock)
        self._bindings = Bindings(exchange)
        self._probe = Probe(self._send_probe, self._proved, self._deaf, clock)
        self._ringing = Reconnecting("ringing", self._connect, self._serve_ringing, clock)
        self._listening = Reconnecting("listening", self._connect, self._hear, clock)
        # In use, with everything declared that they rest on.
        self._links: list[Link] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.poison = 0
        self.declares = 0

    @property
    def state(self) -> str:
        if len(self._links) < 2:
            return "down"
        return "up" if self._probe.proved else "suspect"

    @property
    def published(self) -> int:
        return self._sender.published

    @property
    def dropped(self) -> int:
        return self._sender.dropped

    @property
    def reconnects(self) -> int:
        return self._ringing.reopens + self._listening.reopens

    @property
    def handler_failures(self) -> int:
        return self._local.handler_failures

    def listen(self, handler: BellHandler) -> None:
        self._local.listen(handler)

    async def open(self) -> None:
        owned = self._ringing.run(), self._listening.run(), self._probe.run()
        self._tasks = [asyncio.create_task(part) for part in owned]

    async def close(self) -> None:
        await self._sender.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def publish(self, bell: Bell) -> None:
        self._local.ring(bell)
        self._sender.send(bell)

    def bind(self, user_id: int) -> None:
        self._local.bind(user_id)
        self._bindings.want(user_key(user_id))

    def unbind(self, user_id: int) -> None:
        self._local.unbind(user_id)
        self._bindings.release(user_key(user_id))

    def is_bound(self, user_id: int) -> bool:
        return self._bindings.is_confirmed(user_key(user_id))

    def _connect(self, generation: int) -> Link:
        return self._dial(generation, self._probe.path_changed)

    async def _serve_ringing(self, link: Link) -> None:
        async with self._clock.limit(SETUP_SECS):
            await self._declarations(await link.channel()).ensure_exchange(self._exchange)
        with self._in_use(link, self._ringing):
            await self._sender.serve(link)

    async def _hear(self, link: Link) -> None:
        async with self._clock.limit(SETUP_SECS):
            declarations = self._declarations(await link.channel())
            await declarations.ensure_exchange(self._exchange)
            link.consume(await declarations.ensure_queue(), self._arrived)
            await declarations.ensure_bindings(self._exchange, (EVERY_NODE, probe_key(self._node)))
        with self._in_use(link, self._listening):
            await self._bindings.keep(declarations)

    def _declarations(self, channel: Channel) -> Declarations:
        return Declarations(channel, self._count_declares)

    def _count_declares(self, number: int) -> None:
        self.declares += number

    @contextlib.contextmanager
    def _in_use(self, link: Link, supervisor: Reconnecting) -> Iterator[None]:
        self._links.append(link)
        supervisor.opened(link)
        self._probe.path_changed()
        try:
            yield
        finally:
            self._links.remove(link)
            self._probe.path_changed()

    def _arrived(self, raw: bytes) -> None:
        """Never raises: pika would tear the connection down."""
        try:
            node, bell = decode(self._seal.open(raw))
            if node == self._node:
                self._own(bell)
            else:
                self._local.ring(bell)
        except Exception as error:
            self.poison += 1
            logger.debug("not a bell of ours: %s", error)
            # It may have been one of a node that has another release: whatever that wanted to say stands in the database.
            self._local.ring(Bell(STRANGE, ()))

    def _own(self, bell: Bell) -> None:
        # Our other bells rang here before they left.
        if bell.kind == PROBE:
            self._probe.heard(str(bell.body.get("token")))

    def _send_probe(self, token: str) -> bool:
        bell = Bell(PROBE, (), {"token": token})
        return len(self._links) == 2 and self._sender.send_now(probe_key(self._node), bell)

    def _proved(self) -> None:
        self._ringing.settled()
        self._listening.settled()

    def _deaf(self) -> None:
        for link in self._links:
            link.fail("connected, but our own probe does not come back")
