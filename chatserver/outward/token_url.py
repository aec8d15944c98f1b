"""Asking the host whose token this is: `POST {"token"}` to the setting `token_url`.

The operator named the address, so it may be an inner one. No redirect is followed, so it is the only one that is ever
sent a token. A host that is slow or gone costs those nothing whose tokens are known: few questions are under way at
once, each has a deadline, and after some failures in a row none are asked for a while.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import Struct

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable, Unreachable
from chatserver.model import Reply, Vouched
from chatserver.outward.way_out import WayOut

LIMIT_SECS = 2.0  # for one question, with the time until its turn
LEAST_SECS = 0.1
AT_ONCE = 8
MOST_WAITING = 64
FAILURES = 5  # in a row, after which the host is left alone
PAUSE_SECS = 5.0
TTL_SECS = 60.0  # where the host says none
GONE = "The application around this chat does not answer right now."
REFUSALS = (400, 401, 403, 404, 410, 422)

log = structlog.get_logger(__name__)


class Said(Struct):
    sub: str | int
    name: str | None = None
    ttl: float = TTL_SECS


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Said).decode


class TokenUrl:
    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._way_out = WayOut([urlsplit(url).hostname or ""], AT_ONCE)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._failures = 0
        self._paused_until = 0.0

    async def whose(self, token: str) -> Vouched | None:
        """None when the host refuses it. Raises Unavailable soon after LIMIT_SECS."""
        if self._pause_left > 0 or self._waiting >= MOST_WAITING:
            raise self._not_asked()
        self._waiting += 1
        try:
            vouched = _answer(await self._ask(token))
        except (Unreachable, TimeoutError, ValueError) as error:
            self._failed(error)
            raise Unavailable(GONE) from None
        finally:
            self._waiting -= 1
        self._failures = 0
        metrics.TOKEN_QUESTIONS.labels("refused" if vouched is None else "accepted").inc()
        return vouched

    async def _ask(self, token: str) -> Reply:
        deadline = self._clock.monotonic() + LIMIT_SECS
        async with self._clock.limit(LIMIT_SECS):
            await self._places.acquire()
        if self._pause_left > 0:  # since this one began to wait for its turn
            self._places.release()
            raise self._not_asked()
        # The client's own deadline ends the question, so that its place is free when its connection is.
        left = max(LEAST_SECS, deadline - self._clock.monotonic())
        try:
            body = _encode({"token": token})
            return await self._way_out.post(self._url, body, {"Accept": "application/json"}, left)
        finally:
            self._places.release()

    @property
    def _pause_left(self) -> float:
        return self._paused_until - self._clock.monotonic()

    def _not_asked(self) -> Unavailable:
        metrics.TOKEN_QUESTIONS.labels("not asked").inc()
        return Unavailable(GONE, max(1, round(self._pause_left)))

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        metrics.TOKEN_QUESTIONS.labels("failed").inc()
        if self._failures >= FAILURES:
            self._paused_until = self._clock.monotonic() + PAUSE_SECS
            log.warning("the host does not say whose tokens are", reason=str(error) or type(error).__name__)

    def close(self) -> None:
        self._way_out.close()


def _answer(reply: Reply) -> Vouched | None:
    """Raises ValueError, with what may be logged, for what is neither a yes nor a no."""
    if reply.status in REFUSALS:
        return None
    if reply.status != 200:
        raise ValueError(f"status {reply.status}")
    if not reply.whole:
        raise ValueError("its answer is too long or did not come to its end in time")
    try:
        said = _decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("its answer is no JSON with `sub`, perhaps `name` and `ttl`") from None
    try:
        return Vouched(str(said.sub), said.name, said.ttl)
    except ValueError as error:
        raise ValueError(f"its answer cannot be used: {error}") from None
