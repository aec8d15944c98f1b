"""The people of the host, as its servers see and change them: by its own ids. All of it may be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachetools import TTLCache

from chatserver.clock import Clock
from chatserver.errors import ChatError, Forbidden, Invalid, NotFound
from chatserver.model import SUB_CHARS, Account, Inbox, Session, User, is_storable
from chatserver.ports import Stores
from chatserver.services.accounts import KNOWN_SECS, Accounts
from chatserver.services.host_profile import checked
from chatserver.services.sessions import Sessions
from chatserver.services.visitors import Visitors

AT_ONCE = 8  # of many that are given together
NOBODY = "The application has no such person here."


@dataclass(frozen=True, slots=True)
class Given:
    """What became of one of many: an account, new or not, or why there is none."""

    sub: str
    account: Account | None
    created: bool = False
    refusal: ChatError | None = None


class HostUsers:
    def __init__(
        self, stores: Stores, accounts: Accounts, visitors: Visitors, sessions: Sessions, clock: Clock
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._visitors = visitors
        self._sessions = sessions
        # Which account a sub has changes only when it is deleted: a page that asks what is unread costs one read.
        self._ids: TTLCache[str, int] = TTLCache(50_000, KNOWN_SECS, timer=clock.monotonic)

    async def put(self, sub: str, said: Mapping[str, Any], *, only_new: bool = False) -> tuple[Account, bool]:
        """As the host says they are, see `host_profile`; and whether they are new.

        `only_new`: who is there stays as they are. Raises Invalid.
        """
        if not 0 < len(sub) <= SUB_CHARS or not is_storable(sub):
            raise Invalid.field("sub", f"must have 1 to {SUB_CHARS} characters")
        return await self._visitors.put(sub, checked(said), only_new)

    async def put_all(self, users: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Given]:
        """Each as by itself, in the order given: one that cannot be is refused alone, and of two of one person the later
        counts.
        """
        places: dict[str, list[int]] = {}
        for place, (sub, _) in enumerate(users):
            places.setdefault(sub, []).append(place)
        at_once = asyncio.Semaphore(AT_ONCE)
        given: dict[int, Given] = {}

        async def one_after_the_other(mine: Sequence[int]) -> None:
            async with at_once:
                for place in mine:
                    given[place] = await self._given(*users[place])

        await asyncio.gather(*map(one_after_the_other, places.values()))
        return [given[place] for place in range(len(users))]

    async def _given(self, sub: str, said: Mapping[str, Any]) -> Given:
        try:
            return Given(sub, *await self.put(sub, said))
        except ChatError as error:
            return Given(sub, None, refusal=error)

    async def of(self, sub: str) -> Account:
        """Raises NotFound."""
        account = await self._stores.users.by_host_sub(sub)
        if account is None:
            raise NotFound(NOBODY)
        return account

    async def set_active(self, sub: str, active: bool, until: datetime | None = None) -> tuple[Account, int]:
        """Whether they may sign in and be written to, and how many sessions ended; see Accounts. Raises NotFound."""
        account = await self._accounts.set_active(await self.of(sub), active, until)
        # Who is switched on again comes back with what they have: until then their account keeps them out.
        return account, 0 if active else await self._sessions.end_all(account.user.id, spares_token=True)

    async def delete(self, sub: str) -> User | None:
        """Their name is forgotten, what they wrote stays. None when there is nobody, or nobody any more."""
        account = await self._stores.users.by_host_sub(sub)
        self._ids.pop(sub, None)
        if account is None:
            return None
        forgotten = await self._accounts.forget(account)
        await self._sessions.end_all(account.user.id)
        return forgotten.user

    async def begin_session(self, sub: str, device: str) -> tuple[str, User, Session]:
        """Raises NotFound, and Forbidden for who is switched off."""
        account = await self._accounts.back(await self.of(sub))
        if account.state != "active":
            raise Forbidden("This account is switched off.")
        return await self._sessions.start(account, device)

    async def end_sessions(self, sub: str, before: datetime | None) -> int:
        """All, or those that began before; and how many there were. Raises NotFound."""
        return await self._sessions.end_all((await self.of(sub)).user.id, before=before)

    async def inboxes(self, subs: Iterable[str]) -> dict[str, tuple[int, Inbox]]:
        """sub → person and inbox, of those that there are: two reads at most, one when they were asked for before."""
        wanted = list(dict.fromkeys(subs))
        unknown = [sub for sub in wanted if sub not in self._ids]
        if unknown:
            self._ids.update(await self._stores.users.ids_of_subs(unknown))
        ids = {sub: id for sub in wanted if (id := self._ids.get(sub)) is not None}
        found = await self._stores.inboxes.inboxes(ids.values())
        return {sub: (id, found[id]) for sub, id in ids.items() if id in found}

    async def inbox(self, sub: str) -> tuple[int, Inbox]:
        """Raises NotFound."""
        found = (await self.inboxes([sub])).get(sub)
        if found is None:
            raise NotFound(NOBODY)
        return found
