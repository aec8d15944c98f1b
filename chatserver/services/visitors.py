"""People whose account is not of their own making: users of the host application, and guests.

They have no password, and a colon in the username, which nobody can register: they can be taken for nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from chatserver.clock import Clock
from chatserver.errors import Forbidden, Unavailable
from chatserver.guard.attempts import Attempts
from chatserver.model import Account, User
from chatserver.names import shown_name
from chatserver.ports import Stores
from chatserver.services.accounts import BOT, Accounts
from chatserver.services.host_profile import acceptable, checked, name_from

TRIES = 10
SETTLE_SECS = 0.05


class Visitors:
    def __init__(self, stores: Stores, accounts: Accounts, attempts: Attempts, clock: Clock) -> None:
        self._stores = stores
        self._accounts = accounts
        self._attempts = attempts
        self._clock = clock
        self._making: dict[str, asyncio.Task[tuple[Account, bool]]] = {}

    async def of_host(self, sub: str, said: Mapping[str, Any]) -> Account:
        """The account of the host's user `sub`, made when there is none, as the host says they are: see `host_profile`.

        Raises Invalid for what cannot be, Forbidden for an account that is switched off.
        """
        return await self._signed_in(sub, checked(said))

    async def vouched(self, sub: str, said: Mapping[str, Any]) -> Account:
        """The same where nobody is there to be told of what cannot be: that is left out. Raises Forbidden."""
        return await self._signed_in(sub, acceptable(said))

    async def _signed_in(self, sub: str, profile: Mapping[str, Any]) -> Account:
        account = await self._accounts.back((await self.put(sub, profile))[0])
        if account.state != "active":
            raise Forbidden("This account is switched off.")
        return account

    async def put(self, sub: str, profile: Mapping[str, Any], only_new: bool = False) -> tuple[Account, bool]:
        """The same with a profile that was looked at, and whether the account is new.

        `only_new`: one that is there stays as it is. Raises Unavailable.
        """
        account = await self._stores.users.by_host_sub(sub)
        if account is None:
            making = self._making.get(sub)
            first = making is None
            if making is None:
                making = self._making[sub] = asyncio.create_task(self._make(sub, profile))
                making.add_done_callback(lambda done: self._made(sub, done))
            found: tuple[Account, bool] = await asyncio.shield(making)  # what one of them waits for, all do
            account, new = found
            if first and new:
                return account, True
        return (account if only_new else await self._accounts.host_says(account, profile)), False

    async def _make(self, sub: str, profile: Mapping[str, Any]) -> tuple[Account, bool]:
        for _ in range(TRIES):
            made = await self._new("host", sub, profile)
            if made is not None:
                return made, True
            account = await self._stores.users.by_host_sub(sub)
            if account is not None:
                return account, False
            await self._clock.sleep(SETTLE_SECS)  # another node made it, and a majority does not have it yet
        raise Unavailable("The account is not completely readable yet.")

    def _made(self, sub: str, done: asyncio.Task[tuple[Account, bool]]) -> None:
        del self._making[sub]
        if not done.cancelled():
            done.exception()  # whoever waited for it may be gone

    async def close(self) -> None:
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    async def guest(self, full_name: str | None, address: str) -> Account:
        """Somebody new, who cannot come back once the token is lost. Raises Invalid, RateLimited."""
        shown = shown_name(full_name) if full_name is not None else "Guest"
        await self._attempts.register(address)
        made = await self._new("guest", None, {"name": shown})
        assert made is not None  # its name holds a number of its own
        return made

    async def bot(self, name: str) -> User:
        """What the host calls so, in any case, made at its first word. It cannot sign in. Raises Invalid, Unavailable."""
        shown = shown_name(name, "as")
        username = f"{BOT}{shown}"
        for _ in range(TRIES):
            account = await self._stores.users.account(username)
            if account is not None:
                return account.user
            user = User(await self._stores.marks.next_id("user"), username, shown, None)
            if await self._accounts.add(user):
                return user
            await self._clock.sleep(SETTLE_SECS)  # another node made it, and a majority does not have it yet
        raise Unavailable("The account is not completely readable yet.")

    async def _new(self, kind: str, host_sub: str | None, profile: Mapping[str, Any]) -> Account | None:
        """None when the host's user has an account by now."""
        id = await self._stores.marks.next_id("user")
        said = dict(profile)
        name, avatar = said.pop("name", None) or name_from(host_sub or ""), said.pop("avatar", None)
        user = User(id, f"{kind}:{id}", name, avatar, host_sub)
        said = {field: value for field, value in said.items() if value is not None}
        return await self._accounts.add(user, said=said)
