"""Who may see whom, and who may write to whom first; and finding people, who are shown accordingly.

It is asked where somebody is a stranger yet: once two people have a conversation, each sees the other and writes there,
and no send asks again. What is refused is refused alike for people and for ids that nobody has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import accumulate, chain

from chatserver.errors import ContactRefused, NotFound
from chatserver.model import Account, Actor, User
from chatserver.names import FULL_NAME_CHARS
from chatserver.ports import Stores
from chatserver.services.accounts import GUEST, Accounts
from chatserver.services.host_profile import EVERYONE
from chatserver.words import wanted_names

SEARCH_LIMIT = 20
ACQUAINTANCES = 10_000  # of those who share a conversation with somebody, as many are looked through
OF_ROLE = "role:"


class Contacts:
    def __init__(self, stores: Stores, accounts: Accounts, directory: str, contact: str) -> None:
        """`directory`, `contact`: as the settings say."""
        self._stores = stores
        self._accounts = accounts
        self._directory = directory
        self._contact = contact

    async def may_write(self, actor: Actor, user_ids: Iterable[int]) -> set[int]:
        """Those of them with whom the actor may begin a conversation, or whom they may add to one."""
        wanted = set(user_ids)
        if self._contact == "everyone" or actor.is_host or wanted <= {actor.user_id}:
            return wanted
        if self._contact == "shared":
            return await self._sharing(actor, wanted)
        return await self._named_by_host(actor, wanted)

    async def demand(self, actor: Actor, user_id: int) -> None:
        """Raises ContactRefused when the actor may not write to them first."""
        if user_id not in await self.may_write(actor, [user_id]):
            raise ContactRefused("You may not begin a conversation with them here.")

    async def may_see(self, actor: Actor, user_id: int) -> bool:
        if user_id == actor.user_id or (self._directory == "everyone" and not await self._is_guest(actor)):
            return True
        if await self._sharing(actor, {user_id}):
            return True
        return self._contact == "host" and bool(await self._named_by_host(actor, {user_id}))

    async def meet(self, actor: Actor, user_id: int) -> User:
        """Them as the actor may know them: nameless where they may be written to but not seen. Raises NotFound."""
        if await self.may_see(actor, user_id):
            return await self._accounts.user(user_id)
        if user_id in await self.may_write(actor, [user_id]):
            return User(user_id, "", "", None)
        raise NotFound("There is no such user.")

    async def search(self, actor: Actor, text: str) -> list[User]:
        """By the beginnings of words of either name, all of them; without text, the first by username.

        Guests find whom they can name exactly.
        """
        asked = text.strip()[:FULL_NAME_CHARS]
        if await self._is_guest(actor):
            return await self.exactly(actor, username=asked)
        if self._directory == "off":
            return []
        among = await self._acquaintances(actor) if self._directory == "shared" else None
        return await self._stores.users.search(wanted_names(asked), SEARCH_LIMIT, among)

    async def exactly(
        self, actor: Actor, *, username: str | None = None, sub: str | None = None
    ) -> list[User]:
        """Who has this name, in any case, or is this to the host: if the actor may write to them or see them."""
        users = self._stores.users
        if username is not None:
            found = await users.account(username.strip().removeprefix("@")[:FULL_NAME_CHARS])
        else:
            found = await users.by_host_sub(sub or "")
        if found is None or found.state != "active":
            return []
        id = found.user.id
        known = await self.may_write(actor, [id]) or await self.may_see(actor, id)
        return [found.user] if known else []

    async def _is_guest(self, actor: Actor) -> bool:
        """Whether they may be anybody."""
        return (await self._accounts.user(actor.user_id)).username.startswith(GUEST)

    async def _sharing(self, actor: Actor, user_ids: set[int]) -> set[int]:
        """Those of them who are in a conversation with the actor."""
        owned = await self._stores.inboxes.memberships({actor.user_id, *user_ids})
        mine = set(owned.get(actor.user_id, ()))
        return {id for id in user_ids if id == actor.user_id or not mine.isdisjoint(owned.get(id, ()))}

    async def _acquaintances(self, actor: Actor) -> list[int]:
        owned = await self._stores.inboxes.memberships([actor.user_id])
        newest = sorted(owned.get(actor.user_id, ()), reverse=True)[:ACQUAINTANCES]
        shared = await self._stores.conversations.conversations(newest)
        counts = {id: shared[id].member_count for id in newest if id in shared and not shared[id].is_direct}
        before = accumulate(counts.values(), initial=0)
        # Of somebody in a thousand large groups not everybody in all of them is read.
        wanted = (id for id, met in zip(counts, before, strict=False) if met < ACQUAINTANCES)
        groups = await self._stores.conversations.member_ids(wanted)
        of_two = (one.member_ids for one in shared.values())
        return sorted({actor.user_id, *chain.from_iterable((*of_two, *groups.values()))})[:ACQUAINTANCES]

    async def _named_by_host(self, actor: Actor, user_ids: set[int]) -> set[int]:
        """Those of them whom the host named in what it said of the actor. Nobody where it said nothing."""
        account = await self._stores.users.by_id(actor.user_id)
        said = account.said.get("may_contact") if account is not None else None
        if said == EVERYONE:
            return user_ids
        if not said:
            return user_ids & {actor.user_id}
        found = await asyncio.gather(*(self._stores.users.by_id(id) for id in user_ids))
        named = {one.user.id for one in found if one is not None and _is_named(one, said)}
        return named | (user_ids & {actor.user_id})


def _is_named(account: Account, said: list[str]) -> bool:
    role = account.said.get("role")
    return account.user.sub in said or (role is not None and f"{OF_ROLE}{role}" in said)
