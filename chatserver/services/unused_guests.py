"""Guests who do not come back: nobody else can have their account, so it is deleted when it was unused for long."""

from __future__ import annotations

from datetime import timedelta

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.ports import Stores
from chatserver.services.accounts import GUEST, Accounts
from chatserver.services.memberships import Memberships
from chatserver.services.sessions import Sessions

LOOKED_AT = 100  # in one step, of which there is one a sweep


class UnusedGuests:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        sessions: Sessions,
        memberships: Memberships,
        clock: Clock,
        days: int,
    ) -> None:
        """`days` without a call by any of their sessions; 0: guests stay."""
        self._stores = stores
        self._accounts = accounts
        self._sessions = sessions
        self._memberships = memberships
        self._clock = clock
        self._days = days

    async def forget(self) -> None:
        """One step: a few guests are looked at, where the step before ended; behind the last one it begins anew."""
        if not self._days:
            return
        since = self._clock.now() - timedelta(days=self._days)
        seen = await self._stores.marks.guests_seen()
        guests = await self._stores.users.named_after(GUEST, seen, LOOKED_AT)
        old = {account.user.id: account for account in guests if account.created_at < since}
        used = await self._stores.sessions.used_since(old, since) if old else set()
        for id in old.keys() - used:
            await self._memberships.leave_all(id)
            await self._accounts.forget(old[id])
            await self._sessions.end_all(id)
            metrics.GUESTS_FORGOTTEN.inc()
        last = guests[-1].user.username.lower() if len(guests) == LOOKED_AT else ""
        if last != seen:
            await self._stores.marks.see_guests(last)
