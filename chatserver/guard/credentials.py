"""Passwords and tokens. Hashing runs in its own few threads, so that a flood of sign-ins stalls no poll."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

import argon2

from chatserver import metrics
from chatserver.errors import Unavailable
from chatserver.guard.password_rules import PASSWORD_CHARS

P = ParamSpec("P")
T = TypeVar("T")

TOKEN_PREFIX = "cht_"
TICKET_PREFIX = "chp_"
KEY_PREFIX = "ck_"  # others have it too, so what is one of ours is told by all of its form
KEY_FORM = re.compile(rf"{KEY_PREFIX}([1-9][0-9]{{0,8}})_[A-Za-z0-9_-]{{43}}", re.ASCII)
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


def new_key(id: int) -> str:
    """For a server of the host: the id in it tells which one it is, also to who finds it somewhere."""
    return f"{KEY_PREFIX}{id}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> bytes:
    """A fast hash is enough for 256 random bits; only this is ever stored."""
    return hashlib.sha256(token.encode()).digest()


@cache
def _decoy() -> str:
    """Verified against for unknown names, so that they take as long as known ones."""
    return _HASHER.hash(secrets.token_hex(16))


class Passwords:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._waiting = 0
        self._decoy = _decoy()

    async def hash(self, password: str) -> str:
        """Raises Unavailable when too many are waiting."""
        return await self._run(lambda: _HASHER.hash(_composed(password)))

    async def verify(self, password_hash: str | None, password: str) -> tuple[bool, bool]:
        """Whether it is right, and whether its hash should be made anew. Raises Unavailable when too many are waiting.

        Without a hash, as for an unknown user, it is as slow, and wrong.
        """
        matches, outdated = await self._run(_verify, password_hash or self._decoy, password)
        return matches and bool(password_hash), outdated

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


def _verify(password_hash: str, password: str) -> tuple[bool, bool]:
    """Whether it matches, and whether by older rules: once passwords were hashed as they were typed."""
    composed = _composed(password)
    for form in dict.fromkeys((composed, password)):
        try:
            _HASHER.verify(password_hash, form)
        except argon2.exceptions.VerificationError:
            continue
        return True, form != composed or _HASHER.check_needs_rehash(password_hash)
    return False, False


def _composed(password: str) -> str:
    """One keyboard types é as one sign, another as two. What is too long for a password is none: it is left alone."""
    return unicodedata.normalize("NFC", password) if len(password) <= PASSWORD_CHARS[1] else password
