"""One held poll, and what it may be given beside stored events."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from chatserver.clock import Clock
from chatserver.model import Actor


class Ended(Enum):
    """Why a wait is over."""

    WOKEN = "woken"
    TIMEOUT = "timeout"
    SUPERSEDED = "superseded"
    CROWDED = "crowded"  # too many polls of one person: this was the oldest
    REVOKED = "revoked"
    GONE = "gone"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """An event that is never stored. `key` tells what it replaces; `extended` ones are for clients with a cursor.

    The session `but_session` knows it already: it comes from there.
    """

    serial: int
    key: tuple[Any, ...]
    event: str
    data: dict[str, Any]
    expires: float
    extended: bool
    but_session: int | None = None


class Waiter:
    """One held poll."""

    __slots__ = (
        "_ended",
        "_future",
        "_woken",
        "actor",
        "client",
        "last_serial",
        "started",
        "unproved",
        "version",
    )

    def __init__(self, actor: Actor, client: str | None, started: float, last_serial: int) -> None:
        self.actor = actor
        self.client = client
        self.started = started
        self.last_serial = last_serial  # of the ephemeral events, up to which this client was given them
        self.version: int | None = None  # up to which it has looked
        self.unproved = False  # somebody says that its session is over
        self._woken = False
        self._ended: Ended | None = None
        self._future: asyncio.Future[None] | None = None

    def wake(self) -> None:
        self._woken = True
        self._resolve()

    def end(self, reason: Ended) -> None:
        """For good: every later wait is over at once. The first reason stands."""
        self._ended = self._ended or reason
        self._resolve()

    def gone(self) -> None:
        """Nobody is there to be answered."""
        self.end(Ended.GONE)

    def looked(self) -> None:
        """About to look: bells until now are covered by that look."""
        self._woken = False

    def sleeps_before(self, version: int) -> bool:
        """Whether it waits without knowing of this version, and nobody has woken it yet."""
        behind = self.version is not None and self.version < version
        return behind and self._future is not None and not self._woken

    @property
    def ended(self) -> Ended | None:
        return self._ended

    async def wait(self, secs: float, clock: Clock) -> Ended:
        """Until woken (also by a bell since `looked`), ended, `secs` have passed or the `time_is_up`."""
        if self._ended is None and not self._woken and secs > 0:
            self._future = asyncio.get_running_loop().create_future()
            timer = clock.later(secs, self.time_is_up) if secs < math.inf else None
            try:
                await self._future
            finally:
                if timer is not None:
                    timer.cancel()
                self._future = None
        return self._ended or (Ended.WOKEN if self._woken else Ended.TIMEOUT)

    def time_is_up(self) -> None:
        """A wait that is under way ends, as at its time."""
        self._resolve()

    def _resolve(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)
