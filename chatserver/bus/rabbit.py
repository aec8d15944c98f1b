"""The bus across nodes. The only file that knows pika, whose TornadoConnection leaves with pika 2."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable
from typing import Any

import pika
from pika.adapters.tornado_connection import TornadoConnection
from pika.channel import Channel
from tornado.ioloop import IOLoop

from chatserver.bus.linked import LinkedBus
from chatserver.bus.topology import EXCHANGE, parse_urls, wrong_url
from chatserver.clock import Clock
from chatserver.guard.tls import client_context

HEARTBEAT_SECS = 10
BLOCKED_SECS = 30
CONNECT_SECS = 5
HANDSHAKE_SECS = 10
CLOSE_SECS = 1.0
BUFFER_BYTES = 4 * 1024 * 1024
DEFAULT_FRAME_BYTES = 131072

# pika reports one refused connection in six lines and two tracebacks; the supervisor says it in one.
logging.getLogger("pika").setLevel(logging.CRITICAL)


class RabbitLink:
    def __init__(self, parameters: pika.URLParameters, on_blocked: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.place = f"{parameters.host}:{parameters.port}"
        self._opened: asyncio.Future[Channel] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.blocked = False
        self.server = ""  # what the broker calls itself, once it has: product and version
        self._on_blocked = on_blocked
        self._blocked_timer: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        self._connection = TornadoConnection(
            parameters,
            on_open_callback=self._connected,
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
            custom_ioloop=IOLoop.current(),
        )

    @property
    def writable(self) -> bool:
        # pika's own buffer knows no bound, and no public way to its size.
        transport: Any = self._connection._transport
        return (
            transport is not None
            and not self.lost.done()
            and not self.blocked
            and transport.get_write_buffer_size() <= BUFFER_BYTES
        )

    @property
    def header_bytes(self) -> int:
        # A header must fit into one frame.
        return (self._connection.params.frame_max or DEFAULT_FRAME_BYTES) // 2

    async def channel(self) -> Channel:
        return await asyncio.shield(self._opened)  # whoever gives up must not take it from `close`

    def publish(self, exchange: str, key: str, further_keys: list[str], body: bytes) -> None:
        # BCC rather than CC: the broker takes it off, so that no receiver decodes a thousand keys (measured: 14 µs
        # instead of 605 µs per bell received).
        properties = pika.BasicProperties(headers={"BCC": further_keys} if further_keys else None)
        self._opened.result().basic_publish(exchange, key, body, properties)

    def consume(self, queue: str, arrived: Callable[[bytes], None]) -> None:
        self._opened.result().basic_consume(
            queue, lambda _channel, _method, _properties, body: arrived(body), auto_ack=True
        )

    def fail(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)

    async def close(self) -> None:
        if not self._opened.done():
            # pika fails an assertion of its own when it is to close before the handshake is done.
            await asyncio.wait(
                {self._opened, self.lost}, timeout=CLOSE_SECS, return_when=asyncio.FIRST_COMPLETED
            )
        if not self._opened.done():
            self._hang_up()
            await self._is_gone_within(CLOSE_SECS)
            return
        # Saying goodbye also sends what is buffered; on a broker that does not answer we hang up.
        if not self._connection.is_closed and not self._connection.is_closing:
            self._connection.close()
        if await self._is_gone_within(CLOSE_SECS):
            return
        transport: Any = self._connection._transport
        if transport is not None:
            # pika has no public way to let go of a connection whose peer is silent.
            transport.abort()
        await self._is_gone_within(CLOSE_SECS)

    def _hang_up(self) -> None:
        """End the stream as if the broker had: of all ends before the handshake, the one that pika can bear."""
        transport: Any = self._connection._transport
        if transport is not None:
            with contextlib.suppress(OSError):
                transport._sock.shutdown(socket.SHUT_RDWR)

    async def _is_gone_within(self, secs: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(secs):
                await self._gone.wait()
        return self._gone.is_set()

    def _connected(self, connection: Any) -> None:
        properties = connection.server_properties
        self.server = " ".join(str(properties[name]) for name in ("product", "version") if name in properties)
        connection.add_on_connection_blocked_callback(lambda *_: self._set_blocked(True))
        connection.add_on_connection_unblocked_callback(lambda *_: self._set_blocked(False))
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Channel) -> None:
        channel.add_on_close_callback(lambda _, reason: self.fail(_readable(reason)))
        channel.add_on_cancel_callback(lambda _: self.fail("the broker cancelled the consumer"))
        if not self._opened.done():
            self._opened.set_result(channel)

    def _ended(self, _: Any, reason: BaseException) -> None:
        self._gone.set()
        self._stop_blocked_timer()
        self.fail(_readable(reason))

    def _set_blocked(self, blocked: bool) -> None:
        self.blocked = blocked
        self._stop_blocked_timer()
        if blocked:
            # Ours, because pika's own timer survives its connection and then stumbles over the remains.
            self._blocked_timer = asyncio.get_running_loop().call_later(
                BLOCKED_SECS, self.fail, f"blocked by the broker for {BLOCKED_SECS} s"
            )
        self._on_blocked()

    def _stop_blocked_timer(self) -> None:
        if self._blocked_timer is not None:
            self._blocked_timer.cancel()


class RabbitBus(LinkedBus):
    """The bus over the brokers of a comma-separated list. StartupError if an address in it cannot be right."""

    def __init__(
        self, url: str, node: str, clock: Clock, key: bytes, *, tls_ca: str = "", exchange: str = EXCHANGE
    ) -> None:
        """`key` is that of the installation, with which its bells are sealed."""
        brokers = brokers_of(url, node, tls_ca)
        # In every process' own order, so that nodes spread over a cluster.
        random.shuffle(brokers)

        def dial(generation: int, on_blocked: Callable[[], None]) -> RabbitLink:
            return RabbitLink(brokers[generation % len(brokers)], on_blocked)

        super().__init__(dial, node, clock, key, exchange)


def brokers_of(urls: str, node: str, tls_ca: str) -> list[pika.URLParameters]:
    found = []
    for number, url in enumerate(parse_urls(urls), start=1):
        try:
            parameters = pika.URLParameters(url)
        except (ValueError, TypeError, SyntaxError, OSError):
            # Without pika's own words, here and in the traceback: they may quote the address.
            raise wrong_url(number, "its query part is not understood") from None
        if parameters.ssl_options is not None and "ssl_options" not in url:
            parameters.ssl_options = pika.SSLOptions(client_context(tls_ca), parameters.host)
        parameters.heartbeat = HEARTBEAT_SECS
        parameters.socket_timeout = CONNECT_SECS
        parameters.stack_timeout = HANDSHAKE_SECS
        parameters.connection_attempts = 1
        parameters.client_properties = {"connection_name": node}
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            parameters.tcp_options = {"TCP_USER_TIMEOUT": HEARTBEAT_SECS * 1000}
        found.append(parameters)
    return found


def _readable(error: BaseException | None) -> str:
    """The innermost reason on one line: pika wraps a refused connection three times, each in its own way."""
    while error is not None:
        wrapped = [*getattr(error, "exceptions", error.args), getattr(error, "exception", None)]
        inner = [one for one in wrapped if isinstance(one, BaseException)]
        if not inner:
            break
        error = inner[-1]
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
