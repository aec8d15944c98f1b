"""People whose account is not of their own making: users of the host application, and guests.

They have no password, and a colon in the username, which nobody can register: they can be taken for nobody else.
"""

from __future__ import annotations

from dataclasses import replace

from chatserver.clock import Clock
from chatserver.errors import Forbidden, Invalid, Unavailable
from chatserver.guard.attempts import Attempts
from chatserver.model import Account, User
from chatserver.names import shown_name
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts

TRIES = 10
SETTLE_SECS = 0.05


class Visitors:
    def __init__(self, stores: Stores, accounts: Accounts, attempts: Attempts, clock: Clock) -> None:
        self._stores = stores
        self._accounts = accounts
        self._attempts = attempts
        self._clock = clock

    async def of_host(self, sub: str, full_name: str | None) -> Account:
        """The account of the host's user `sub`, made when there is none, under the name that the host says.

        Raises Invalid for a name, Forbidden for an account that the operator switched off.
        """
        shown = shown_name(full_name) if full_name is not None else None
        for _ in range(TRIES):
            account = await self._stores.users.by_host_sub(sub)
            if account is not None:
                if account.state != "active":
                    raise Forbidden("This account is switched off.")
                if shown:
                    account = replace(account, user=await self._accounts.rename(account.user, shown))
                return account
            made = await self._new("host", shown or "User", sub)
            if made is not None:
                return made
            await self._clock.sleep(SETTLE_SECS)  # another call made it, and a majority does not have it yet
        raise Unavailable("The account is not completely readable yet.")

    async def vouched(self, sub: str, full_name: str | None) -> Account:
        """The same where nobody is there to be told of a name: one that cannot be shown is none. Raises Forbidden."""
        try:
            return await self.of_host(sub, full_name or None)
        except Invalid:
            return await self.of_host(sub, None)

    async def guest(self, full_name: str | None, address: str) -> Account:
        """Somebody new, who cannot come back once the token is lost. Raises Invalid, RateLimited."""
        shown = shown_name(full_name) if full_name is not None else "Guest"
        await self._attempts.register(address)
        made = await self._new("guest", shown, None)
        assert made is not None  # its name holds a number of its own
        return made

    async def _new(self, kind: str, shown: str, host_sub: str | None) -> Account | None:
        """None when the host's user has an account by now."""
        id = await self._stores.marks.next_id("user")
        account = Account(User(id, f"{kind}:{id}", shown, None), "active", self._clock.now())
        return account if await self._accounts.add(account.user, host_sub=host_sub) else None
