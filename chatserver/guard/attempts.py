"""Signing in, registering and codes of invites: counted exactly, in the database, by the moving windows of `limits`.

These calls are rare and go to the database anyway. Of sign-ins and codes only failures count, so that nobody who knows
the right one ever waits, however many devices or colleagues behind one address come at once.

Whoever guesses from many addresses must not lock the owner out. So the devices and addresses from which an account was
signed in to are remembered, and each has a window of its own, which what others do cannot fill.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from limits import RateLimitItem
from limits.aio.strategies import MovingWindowRateLimiter

from chatserver import metrics
from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import NotFound, RateLimited
from chatserver.guard.addresses import PROVIDER, SITE, Networks, network, prefix
from chatserver.guard.credentials import token_hash
from chatserver.guard.one_at_a_time import OneAtATime
from chatserver.guard.rates import ATTEMPTS, rate
from chatserver.ports import KnownCallerStore
from chatserver.settings import Settings

KNOWN_CALLERS = 20  # devices, and as many addresses, that are remembered of one account
REMEMBERED_AGAIN = timedelta(days=1)  # how exact it is when each was last used

Windows = dict[str, tuple[RateLimitItem, tuple[str, ...]]]
Place = tuple[str, str]  # the kind of what is known of a caller, and which one


@dataclass(slots=True)
class Caller:
    """From where somebody proves who they are.

    `device` is what the browser got at an earlier sign-in, if it is one that keeps such a thing ("" the first time); the
    right password replaces it by what it should show next time. A `session_id` is of somebody who is signed in already.
    """

    address: str
    device: str | None = None
    session_id: int = 0


@dataclass(frozen=True)
class Tries:
    """What a try counts in when it fails, and what is remembered of one that does not."""

    attempts: Attempts
    account: str
    caller: Caller
    windows: Windows

    async def failed(self) -> None:
        await self.attempts.count(self.windows)

    async def succeeded(self) -> None:
        """A few slips before the right password are forgiven to this account at this place."""
        await self.attempts.forgive(self.windows)
        await self.attempts.remember(self.account, self.caller)


class Attempts:
    def __init__(self, store: Any, known: KnownCallerStore, settings: Settings, clock: Clock) -> None:
        self._limiter = MovingWindowRateLimiter(store)
        self._known = known
        self._clock = clock
        self._exempt = Networks(settings.rate_exempt)
        self._rates = {name: rate(settings, name) for name in ATTEMPTS}
        self._remembered_for = timedelta(days=settings.session_days)
        self._tried = OneAtATime()
        self._marks = BatchedCalls(known.of, clock)

    async def register(self, address: str) -> None:
        """Count an account made from this address. Raises RateLimited.

        Also by the wider networks it is in, and all together: an attacker has more than one /64. All windows are looked
        at before any is counted in, so that who is refused in a narrow one fills none of the wide ones.
        """
        if address in self._exempt:
            return
        windows = self._windows(
            {
                "register": (network(address),),
                "register_site": (prefix(address, SITE),),
                "register_provider": (prefix(address, PROVIDER),),
                "register_total": ("all",),
            }
        )
        await self._look(windows)
        for name, (item, who) in windows.items():
            if not await self._limiter.hit(item, name, *who):
                raise await self._refused(name, item, *who)

    @asynccontextmanager
    async def sign_in(self, username: str, caller: Caller) -> AsyncIterator[Tries]:
        """Around one try. One at a time for an account, from one known place or from all others, so that none slips past
        the count.

        Raises RateLimited.
        """
        account = account_key(username)
        place = await self._known_place(account, caller)
        async with self._tried.turn("login", account, place):
            windows = self._tries(account, caller.address, place)
            await self._look(windows)
            yield Tries(self, account, caller, windows)

    @asynccontextmanager
    async def code(self, user_id: int, address: str) -> AsyncIterator[None]:
        """Around looking for what a code opens, which is a wrong one when that raises NotFound. Raises RateLimited."""
        who = str(user_id)
        async with self._tried.turn("invite", who):
            from_here = None if address in self._exempt else network(address)
            windows = self._windows({"invite": (who,), "invite_address": (from_here,)})
            await self._look(windows)
            try:
                yield
            except NotFound:
                await self.count(windows)
                raise

    async def missed(self, what: str, address: str) -> None:
        """Count a wrong secret that was shown for something without an owner's password, such as a key.

        Only who is wrong waits: whoever shows the right one never comes here. Raises RateLimited.
        """
        windows = self._tries(account_key(what), address, None)
        await self._look(windows)
        await self.count(windows)

    async def forget(self, username: str) -> None:
        """Who has this name next comes from nowhere known."""
        await self._known.forget(account_key(username))

    async def count(self, windows: Windows) -> None:
        for name, (item, who) in windows.items():
            await self._limiter.hit(item, name, *who)

    async def forgive(self, windows: Windows) -> None:
        if "login" in windows:
            item, who = windows["login"]
            await self._limiter.clear(item, "login", *who)

    async def remember(self, account: str, caller: Caller) -> None:
        if caller.session_id:
            return
        now = self._clock.now()
        known = await self._marks.call(account) or {}
        marks = {"addresses": _mark(account, network(caller.address))}
        if caller.device is not None:
            # One that is not known here was not given to this browser for this account: perhaps somebody put it there.
            if _mark(account, caller.device) not in known:
                caller.device = secrets.token_urlsafe(32)
            marks["devices"] = _mark(account, caller.device)
        fresh = now - REMEMBERED_AGAIN
        due = {kind: mark for kind, mark in marks.items() if mark not in known or known[mark] < fresh}
        if due:
            await self._known.remember(account, due, now, KNOWN_CALLERS, now + self._remembered_for)

    async def close(self) -> None:
        await self._marks.close()

    async def _known_place(self, account: str, caller: Caller) -> Place | None:
        """What is known of where this comes from; None when nothing is."""
        if caller.session_id:
            return "session", str(caller.session_id)
        known = await self._marks.call(account) or {}
        shown = {"device": caller.device, "address": network(caller.address)}
        marks = ((kind, _mark(account, given)) for kind, given in shown.items() if given)
        return next((place for place in marks if place[1] in known), None)

    def _tries(self, account: str, address: str, place: Place | None) -> Windows:
        """A known device or session has its window and no other; a known address leaves out that of the account."""
        if place is not None and place[0] != "address":
            return self._windows({"login": (account, *place)})
        from_here = None if address in self._exempt else network(address)
        who: dict[str, tuple[str | None, ...]] = {
            "login": (account, network(address)),
            "login_account": (account if place is None else None,),
            "login_address": (from_here,),
        }
        return self._windows(who)

    def _windows(self, who: dict[str, tuple[str | None, ...]]) -> Windows:
        """Of those that are on, and that have something to be counted by."""
        windows: Windows = {}
        for name, parts in who.items():
            item, known = self._rates[name], tuple(part for part in parts if part is not None)
            if item is not None and len(known) == len(parts):
                windows[name] = item, known
        return windows

    async def _look(self, windows: Windows) -> None:
        """Raises RateLimited when one is full."""
        for name, (item, who) in windows.items():
            _, left = await self._limiter.get_window_stats(item, name, *who)
            if left <= 0:
                raise await self._refused(name, item, *who)

    async def _refused(self, name: str, item: RateLimitItem, *who: str) -> RateLimited:
        metrics.RATE_LIMITED.labels(name).inc()
        frees_at, _ = await self._limiter.get_window_stats(item, name, *who)
        secs = frees_at - self._clock.now().timestamp()
        return RateLimited(name, item.amount, item.get_expiry(), secs)


def account_key(username: str) -> str:
    """What attempts at an account are known by. A name may be as long as a body."""
    return token_hash(username.lower()).hex()[:32]


def _mark(account: str, of: str) -> str:
    return token_hash(f"{account} {of}").hex()[:32]
