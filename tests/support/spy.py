"""Somebody with access to the broker: hears what passes an exchange, and puts things on it."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import pika


class Spy:
    """A queue of its own, bound to these routing keys while the block lasts."""

    def __init__(self, url: str, exchange: str, *keys: str) -> None:
        self._url = url
        self._exchange = exchange
        self._keys = keys

    def __enter__(self) -> Spy:
        self._connection = pika.BlockingConnection(pika.URLParameters(self._url))
        self._channel: Any = self._connection.channel()
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        for key in self._keys:
            self._channel.queue_bind(self._queue, self._exchange, key)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._connection.close()

    def heard(self) -> list[bytes]:
        """What came since the last call."""
        found = []
        while (body := self._channel.basic_get(self._queue, auto_ack=True)[2]) is not None:
            found.append(body)
        return found

    def put(self, key: str, *bodies: bytes) -> None:
        for body in bodies:
            self._channel.basic_publish(self._exchange, key, body)
