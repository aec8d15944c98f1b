"""What the host says of whoever brings a token of the host's own instead of one of ours: so one token is enough.

A JWT that the host signed says it by itself; of any other token the host is asked, where it has an address for that.
What a token stands for is remembered for as long as that counts, and what the host refused for a little.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cachetools import LRUCache, TTLCache

from chatserver.clock import Clock
from chatserver.errors import TokenInvalid
from chatserver.guard.credentials import KEY_FORM, TICKET_PREFIX, TOKEN_PREFIX, token_hash
from chatserver.guard.host_token import HostToken
from chatserver.ports import TokenHost
from chatserver.services.sign_in_keys import SignInKeys

KNOWN = 100_000
REFUSED, REFUSED_SECS = 10_000, 10.0
TTL_SECS = (1.0, 300.0)  # the least and the most that an answer of the host counts
TOKEN_CHARS = 8192
OURS = (TOKEN_PREFIX, TICKET_PREFIX)
UNKNOWN = "The token is unknown, revoked or expired."


@dataclass(frozen=True, slots=True)
class Voucher:
    """`session_key` is what its session is known by, as others are by the hash of their token.

    `profile`: what the host says of the person, not yet looked at. `expires_at`: when the token itself ends, if it says
    so.
    """

    sub: str
    profile: Mapping[str, Any]
    session_key: bytes
    good_until: datetime
    expires_at: datetime | None = None


class Vouchers:
    def __init__(self, keys: SignInKeys, host: TokenHost | None, clock: Clock) -> None:
        self._keys = keys
        self._host = host
        self._clock = clock
        self._known: LRUCache[bytes, Voucher] = LRUCache(KNOWN)
        self._refused: TTLCache[bytes, None] = TTLCache(REFUSED, REFUSED_SECS, timer=clock.monotonic)
        self._asking: dict[bytes, asyncio.Task[Voucher]] = {}

    def remembered(self, token: str) -> Voucher | None:
        """Costs next to nothing for tokens of ours."""
        if not self._known or token.startswith(OURS):
            return None
        known = self._known.get(token_hash(token))
        return known if known is not None and known.good_until > self._clock.now() else None

    async def of(self, token: str) -> Voucher:
        """Raises TokenInvalid, and Unavailable when the host does not answer."""
        if token.startswith(OURS) or len(token) > TOKEN_CHARS or KEY_FORM.fullmatch(token):
            raise TokenInvalid(UNKNOWN)
        voucher = self.remembered(token) or await self._signed(token)
        if voucher is None:
            voucher = await self._asked(token)
        self._known[token_hash(token)] = voucher
        return voucher

    async def _signed(self, token: str) -> Voucher | None:
        """What a JWT of the host says. None for what is none, where the host can be asked."""
        if not self._keys.any or token.count(".") != 2:
            return None
        try:
            said = await self._keys.read(token)
        except TokenInvalid:
            if self._host is not None:
                return None
            raise
        return signed_voucher(said, token)

    async def _asked(self, token: str) -> Voucher:
        key = token_hash(token)
        if self._host is None or key in self._refused:
            raise TokenInvalid(UNKNOWN)
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(self._host, token, key))
            asking.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(asking)

    async def _ask(self, host: TokenHost, token: str, key: bytes) -> Voucher:
        vouched = await host.whose(token)
        if vouched is None:
            self._refused[key] = None
            raise TokenInvalid(UNKNOWN)
        least, most = TTL_SECS
        good_until = self._clock.now() + timedelta(seconds=max(least, min(vouched.ttl_secs, most)))
        profile = {"name": vouched.name} if vouched.name else {}
        return Voucher(vouched.sub, profile, _key(vouched.sub, b"asked", key), good_until)

    def _done(self, key: bytes, done: asyncio.Task[Voucher]) -> None:
        del self._asking[key]
        if not done.cancelled():
            done.exception()  # whoever waited for it may be gone

    async def close(self) -> None:
        await asyncio.gather(*self._asking.values(), return_exceptions=True)


def signed_voucher(said: HostToken, token: str) -> Voucher:
    """What a JWT of the host stands for. Raises TokenInvalid when it signs nobody in."""
    sub = said.signed_in()
    name = b"jti", said.jti.encode() if said.jti else token_hash(token)
    return Voucher(sub, said.profile, _key(sub, *name), said.expires_at, said.expires_at)


def _key(sub: str, kind: bytes, name: bytes) -> bytes:
    """No hash of a token of ours is ever this: it has a NUL in what it is made of."""
    return hashlib.sha256(b"\0".join((b"vouched", kind, sub.encode(), name))).digest()
