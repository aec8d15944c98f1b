"""Passwords and tokens. Hashing runs in its own few threads, so that a flood of sign-ins stalls no poll."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import argon2

from chatserver import metrics
from chatserver.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

TOKEN_PREFIX = "cht_"
TICKET_PREFIX = "chp_"
THREADS = 2
MAX_WAITING = 64

# One lane: several would take the cores from the event loop. Memory and rounds above OWASP's floor for argon2id
# (19 MiB, t=2, p=1).
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)


def new_token() -> str:
    """256 random bits. The prefix lets secret scanners recognise a leaked one."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_ticket() -> str:
    return TICKET_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """A fast hash is enough for 256 random bits; only this is ever stored."""
    return hashlib.sha256(token.encode()).digest()


class Passwords:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._waiting = 0
        # Verified against for unknown names, so that they take as long as known ones.
        self._decoy = _HASHER.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """Raises Unavailable when too many are waiting."""
        return await self._run(_HASHER.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Raises Unavailable when too many are waiting. None stands for an unknown user: as slow, and false."""
        matches = await self._run(_verify, password_hash or self._decoy, password)
        return matches and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        return _HASHER.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Too many people are signing in right now.")
        self._waiting += 1
        metrics.HASHING_WAITING.set(self._waiting)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._waiting -= 1
            metrics.HASHING_WAITING.set(self._waiting)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except argon2.exceptions.VerificationError:
        return False
