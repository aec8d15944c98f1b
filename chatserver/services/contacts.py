"""Finding people: by the beginnings of their names, or by one name that whoever asks knows exactly."""

from __future__ import annotations

from chatserver.model import Actor, User
from chatserver.names import FULL_NAME_CHARS
from chatserver.ports import Stores
from chatserver.services.accounts import GUEST, Accounts
from chatserver.words import wanted_names

SEARCH_LIMIT = 20


class Contacts:
    def __init__(self, stores: Stores, accounts: Accounts) -> None:
        self._stores = stores
        self._accounts = accounts

    async def search(self, actor: Actor, text: str) -> list[User]:
        """By the beginnings of words of either name, all of them; without text, the first by username.

        Guests find whom they can name exactly.
        """
        asked = text.strip()[:FULL_NAME_CHARS]
        if await self._is_guest(actor):
            return await self.exactly(username=asked)
        return await self._stores.users.search(wanted_names(asked), SEARCH_LIMIT)

    async def exactly(self, *, username: str | None = None, sub: str | None = None) -> list[User]:
        """Who has this name, in any spelling of its case, or is this to the host; if they are there and switched on."""
        users = self._stores.users
        if username is not None:
            found = await users.account(username.strip().removeprefix("@")[:FULL_NAME_CHARS])
        else:
            found = await users.by_host_sub(sub or "")
        return [found.user] if found and found.state == "active" else []

    async def _is_guest(self, actor: Actor) -> bool:
        """Whether they may be anybody."""
        return (await self._accounts.user(actor.user_id)).username.startswith(GUEST)
