"""Keys by which servers of the host are known: `ck_<id>_<43 characters>`, each with its scopes.

A key that was read is trusted for TRUST_SECS, so a revoked one is worth nothing anywhere after that. What does not open
it is looked at once more before it is refused: it may be newer than what was read.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_network

from cachetools import TTLCache

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Forbidden, Invalid, LimitReached, NotFound, TokenInvalid
from chatserver.guard.addresses import Networks
from chatserver.guard.attempts import Attempts
from chatserver.guard.credentials import KEY_FORM, new_key, token_hash
from chatserver.guard.scopes import check_scopes
from chatserver.model import ApiKey, is_storable
from chatserver.ports import Stores

TRUST_SECS = 5.0
TOUCH_SECS = 600.0  # how exact "last used" is
MOST_KEYS = 100
NAME_CHARS = 100
OVERLAP_SECS = 7 * 86400
MOST_NETWORKS = 20


class Keys:
    def __init__(self, stores: Stores, attempts: Attempts, clock: Clock) -> None:
        self._stores = stores
        self._attempts = attempts
        self._clock = clock
        self._known: TTLCache[int, ApiKey] = TTLCache(MOST_KEYS, TRUST_SECS, timer=clock.monotonic)
        self._reads: BatchedCalls[int, ApiKey] = BatchedCalls(stores.keys.by_ids, clock)

    async def close(self) -> None:
        await self._reads.close()

    async def create(
        self,
        name: str,
        scopes: Iterable[str],
        expires_at: datetime | None,
        networks: Iterable[str] = (),
        held: Iterable[str] | None = None,
    ) -> tuple[ApiKey, str]:
        """The key itself is shown here and never again. `networks`: from where it is good, if not from anywhere. `held`:
        the scopes of who asks; left out by the operator.

        Raises Invalid, LimitReached, Forbidden for a scope that who asks has not.
        """
        if not 0 < len(name) <= NAME_CHARS or not name.isprintable() or not is_storable(name):
            raise Invalid.field("name", f"must be 1 to {NAME_CHARS} characters on one line")
        checked = check_scopes(scopes)
        _within(checked, held)
        places = _networks(networks)
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise Invalid.field("expires_at", "is over already")
        if len(await self._stores.keys.all()) >= MOST_KEYS:
            raise LimitReached("keys", f"There are {MOST_KEYS} keys; revoke one that nobody uses.")
        id = await self._stores.marks.next_id("key")
        text = new_key(id)
        key = ApiKey(id, name, checked, now, expires_at, token_hash(text), networks=places)
        await self._stores.keys.create(key)
        return key, text

    async def all(self) -> list[ApiKey]:
        """By id."""
        return await self._stores.keys.all()

    async def rotate(
        self, id: int, overlap_secs: float, held: Iterable[str] | None = None
    ) -> tuple[ApiKey, str]:
        """A new secret under the same id; the former one is good for `overlap_secs` more. Raises NotFound, Forbidden."""
        await self._named(id, held)
        text = new_key(id)
        until = self._clock.now() + timedelta(seconds=overlap_secs)
        key = await self._stores.keys.rotate(id, token_hash(text), until)
        self._known.pop(id, None)
        if key is None:
            raise NotFound("There is no such key.")
        return key, text

    async def revoke(self, id: int, held: Iterable[str] | None = None) -> None:
        """Worth nothing from now on; on other nodes within TRUST_SECS. Raises NotFound, Forbidden."""
        await self._named(id, held)
        await self._stores.keys.delete(id)
        self._known.pop(id, None)

    async def of(self, text: str, address: str) -> ApiKey:
        """The key that this opens. Wrong ones are counted as wrong passwords are.

        Raises TokenInvalid, RateLimited, Forbidden where it is not good from this address.
        """
        form = KEY_FORM.fullmatch(text)
        id = int(form[1]) if form else 0
        shown, now = token_hash(text), self._clock.now()
        key = self._known.get(id)
        if key is None or not _opens(key, shown, now):
            key = await self._reads.call(id) if form else None
            if key is None or not _opens(key, shown, now):
                await self._attempts.missed(f"key {id}", address)
                raise TokenInvalid("The key is unknown, revoked or expired.")
            self._known[id] = key
            if key.last_used_at is None or (now - key.last_used_at).total_seconds() >= TOUCH_SECS:
                await self._stores.keys.touch(id, now)
        if key.networks and address not in Networks(key.networks):
            raise Forbidden(f"This key is not good from the address {address}.")
        return key

    async def _named(self, id: int, held: Iterable[str] | None) -> ApiKey:
        key = (await self._stores.keys.by_ids([id])).get(id)
        if key is None:
            raise NotFound("There is no such key.")
        _within(key.scopes, held)
        return key


def _opens(key: ApiKey, shown: bytes, now: datetime) -> bool:
    if key.expires_at is not None and key.expires_at <= now:
        return False
    if hmac.compare_digest(key.hash, shown):
        return True
    former = key.former_hash if key.former_until is not None and now < key.former_until else None
    return former is not None and hmac.compare_digest(former, shown)


def _networks(given: Iterable[str]) -> tuple[str, ...]:
    """As they are stored. Raises Invalid."""
    try:
        found = dict.fromkeys(str(ip_network(one, strict=False)) for one in given)
    except ValueError:
        raise Invalid.field("networks", "must be addresses and networks, such as 10.0.0.0/8") from None
    if len(found) > MOST_NETWORKS:
        raise Invalid.field("networks", f"must be at most {MOST_NETWORKS}")
    return tuple(found)


def _within(scopes: Iterable[str], held: Iterable[str] | None) -> None:
    """Nobody gets, or takes from others, more than they have themselves. Raises Forbidden."""
    if held is not None and (more := sorted(set(scopes) - set(held))):
        raise Forbidden(f"This key may do more than you: you have not the scope {', '.join(more)}.")
