"""Connected is not the same as heard: a message to oneself, through the exchange, proves that bells arrive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from chatserver.clock import Clock

INTERVAL_SECS = 5.0
ECHO_SECS = 2.0
MISSES_UNTIL_DEAF = 3


class Probe:
    """`send` gives a token to the broker, or says that there is nothing to send it on; `deaf` ends both links."""

    def __init__(
        self, send: Callable[[str], bool], proved: Callable[[], None], deaf: Callable[[], None], clock: Clock
    ) -> None:
        self._send = send
        self._on_proved = proved
        self._on_deaf = deaf
        self._clock = clock
        self._path = 0
        self._number = 0
        self._misses = 0
        self._token = ""
        self._echoed = False
        self._news = asyncio.Event()
        self.proved = False

    def path_changed(self) -> None:
        """A link came, went, or was blocked: what was proved is proved no more. Probes at once."""
        self._path += 1
        self._misses = 0
        self.proved = False
        self._news.set()

    def heard(self, token: str) -> None:
        if not token.startswith(f"{self._path}."):
            return
        # Late is slow, not deaf: connecting anew would only make a busy broker busier.
        self._misses = 0
        if token == self._token:
            self._echoed = True
            self._news.set()

    async def run(self) -> None:
        while True:
            self._number += 1
            path = self._path
            self._token = f"{path}.{self._number}"
            self._echoed = False
            self._news.clear()
            if not self._send(self._token):
                self.proved = False
                await self._wait(INTERVAL_SECS)
                continue
            await self._wait(ECHO_SECS)
            if path != self._path:
                continue
            if self._echoed:
                self.proved = True
                self._on_proved()
                self._news.clear()
                await self._wait(INTERVAL_SECS)
                continue
            self.proved = False
            self._misses += 1
            if self._misses >= MISSES_UNTIL_DEAF:
                self._misses = 0
                self._on_deaf()

    async def _wait(self, secs: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with self._clock.limit(secs):
                await self._news.wait()
