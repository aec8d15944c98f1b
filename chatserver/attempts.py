"""Signing in and registering: counted exactly, in the database, by the moving windows of `limits`.

These calls are rare and go to the database anyway. Of sign-ins only failures count, so that nobody who knows the
password ever waits, however many devices or colleagues behind one address sign in at once.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from limits import RateLimitItem
from limits.aio.strategies import MovingWindowRateLimiter

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import RateLimited
from chatserver.ratelimit import rate
from chatserver.security import token_hash
from chatserver.settings import Settings

ACCOUNT_WAITING = 64  # sign-ins to one account that wait for each other


@dataclass
class Turns:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Attempts:
    def __init__(self, store: Any, settings: Settings, clock: Clock) -> None:
        self._limiter = MovingWindowRateLimiter(store)
        self._clock = clock
        self._exempt = [ipaddress.ip_network(network, strict=False) for network in settings.rate_exempt]
        self._rates = {name: rate(settings, name) for name in ("login", "login_account", "login_address")}
        self._register = rate(settings, "register")
        self._turns: dict[str, Turns] = {}

    async def register(self, address: str) -> None:
        """Count an account made from this address. Raises RateLimited."""
        if self._register is None or self._is_exempt(address):
            return
        who = network(address)
        if not await self._limiter.hit(self._register, "register", who):
            raise await self._refused("register", self._register, who)

    @asynccontextmanager
    async def sign_in(self, username: str, address: str) -> AsyncIterator[Tries]:
        """Around one try. One at a time for an account on this node, so that none slips past the count.

        Raises RateLimited.
        """
        account = token_hash(username.lower()).hex()[:32]  # a name may be as long as a body
        turns = self._turns.setdefault(account, Turns())
        if turns.waiting >= ACCOUNT_WAITING:
            metrics.RATE_LIMITED.labels("login").inc()
            raise RateLimited("login", ACCOUNT_WAITING, 1, 1.0)
        turns.waiting += 1
        try:
            async with turns.lock:
                tries = self._tries(account, address)
                for name, (item, who) in tries.items():
                    _, left = await self._limiter.get_window_stats(item, name, *who)
                    if left <= 0:
                        raise await self._refused(name, item, *who)
                yield Tries(self._limiter, tries)
        finally:
            turns.waiting -= 1
            if not turns.waiting:
                self._turns.pop(account, None)

    def _tries(self, account: str, address: str) -> dict[str, tuple[RateLimitItem, tuple[str, ...]]]:
        who = {
            "login": (account, network(address)),
            "login_account": (account,),
            "login_address": () if self._is_exempt(address) else (network(address),),
        }
        return {name: (item, who[name]) for name, item in self._rates.items() if item and who[name]}

    def _is_exempt(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:  # a Unix socket has none: the caller is on this machine
            return True
        return any(ip in network for network in self._exempt)

    async def _refused(self, name: str, item: RateLimitItem, *who: str) -> RateLimited:
        metrics.RATE_LIMITED.labels(name).inc()
        frees_at, _ = await self._limiter.get_window_stats(item, name, *who)
        secs = frees_at - self._clock.now().timestamp()
        return RateLimited(name, item.amount, item.get_expiry(), secs)


@dataclass(frozen=True)
class Tries:
    """The windows that a failure counts in."""

    limiter: MovingWindowRateLimiter
    windows: dict[str, tuple[RateLimitItem, tuple[str, ...]]]

    async def failed(self) -> None:
        for name, (item, who) in self.windows.items():
            await self.limiter.hit(item, name, *who)

    async def succeeded(self) -> None:
        """A few slips before the right password are forgiven to this account at this address."""
        if "login" in self.windows:
            item, who = self.windows["login"]
            await self.limiter.clear(item, "login", *who)


def network(address: str) -> str:
    """An IPv6 address stands for its /64, which one household or attacker has all of."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
