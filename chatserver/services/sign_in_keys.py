"""Reading what the host signed, with the key that the token's `kid` names: one of the settings, or one that the host
publishes at an address.

What stands there counts for FRESH_SECS. While it cannot be had, what stood there last goes on counting for STALE_SECS. A
`kid` that is not there makes us look again, but however many such come, only once in AGAIN_SECS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from chatserver.clock import Clock
from chatserver.errors import TokenInvalid, Unavailable
from chatserver.guard.host_token import HostToken, kid_of, read_host_token
from chatserver.guard.sign_in_keys import SignInKey, keys_in
from chatserver.ports import KeySource

FRESH_SECS = 600.0
STALE_SECS = 24 * 3600.0
AGAIN_SECS = 60.0

log = structlog.get_logger(__name__)


class PublishedKeys:
    """Those at one address."""

    def __init__(self, algorithm: str, source: KeySource, clock: Clock) -> None:
        self._algorithm = algorithm
        self._source = source
        self._clock = clock
        self._keys: dict[str, SignInKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> SignInKey | None:
        """None when it is not among them. Raises Unavailable when that cannot be known."""
        if self._age(self._fetched_at) > FRESH_SECS or kid not in self._keys:
            await self._look()
        if self._age(self._fetched_at) > STALE_SECS:
            self._keys = {}
        key = self._keys.get(kid)
        if key is None and self._tried_at != self._fetched_at:
            raise Unavailable("The keys of the application around this chat cannot be had right now.")
        return key

    def _age(self, at: float | None) -> float:
        return float("inf") if at is None else self._clock.monotonic() - at

    async def _look(self) -> None:
        """One look for all who wait for it; none so soon after the last that it would be a flood."""
        if self._fetching is None:
            if self._age(self._tried_at) < AGAIN_SECS:
                return
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        now = self._tried_at = self._clock.monotonic()
        try:
            self._keys = keys_in(await self._source.fetch(), self._algorithm)
            self._fetched_at = now
        except (Unavailable, ValueError) as error:
            log.warning("the keys of the application around this chat cannot be had", reason=str(error))
        finally:
            self._fetching = None

    async def close(self) -> None:
        if self._fetching is not None:
            await asyncio.gather(self._fetching, return_exceptions=True)


class SignInKeys:
    def __init__(
        self, secret: str, keys: Mapping[str, SignInKey], published: Sequence[PublishedKeys], clock: Clock
    ) -> None:
        """`secret` is for tokens that name no key of ours; empty: there is none."""
        self._secret = SignInKey("HS256", secret.encode()) if secret else None
        self._keys = keys
        self._published = published
        self._clock = clock

    @property
    def any(self) -> bool:
        return bool(self._secret or self._keys or self._published)

    async def read(self, token: str) -> HostToken:
        """Raises TokenInvalid, and Unavailable when its key may be one that cannot be had right now."""
        kid = kid_of(token)
        key = self._keys.get(kid) if kid is not None else None
        if key is None and self._secret is not None:
            try:
                return read_host_token(token, self._secret, self._clock.now())
            except TokenInvalid:
                if kid is None or not self._published:
                    raise
        if key is None and kid is not None:
            key = await self._published_key(kid)
        if key is None:
            raise TokenInvalid("The host's token is not accepted: it names no key that is known here.")
        return read_host_token(token, key, self._clock.now())

    async def _published_key(self, kid: str) -> SignInKey | None:
        away: Unavailable | None = None
        for published in self._published:
            try:
                if (key := await published.key(kid)) is not None:
                    return key
            except Unavailable as error:
                away = error
        if away is not None:
            raise away
        return None

    async def close(self) -> None:
        for published in self._published:
            await published.close()
