"""How the direct conversation of two people is found, and begins with the first message.

What is asked for at one moment goes to the database together: looking for them as well as beginning them.
"""

from __future__ import annotations

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Forbidden, Importing, NotFound, Unavailable
from chatserver.guard.quotas import Quotas
from chatserver.model import Actor
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.contacts import Contacts
from chatserver.services.conversation_ids import ConversationIds
from chatserver.services.hooks import Hooks

NOBODY = "Nobody is there any more: this account was deleted."
SWITCHED_OFF = "This account is switched off: nobody can write to it."


class Beginnings:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        contacts: Contacts,
        hooks: Hooks,
        quotas: Quotas,
        ids: ConversationIds,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._contacts = contacts
        self._hooks = hooks
        self._quotas = quotas
        self._ids = ids
        self._clock = clock
        self._finds: BatchedCalls[str, tuple[int, int]] = BatchedCalls(stores.beginnings.begun, clock)
        self._begins: BatchedCalls[str, tuple[int | None, bool]] = BatchedCalls(self._begin_all, clock)

    async def find(self, actor: Actor, user_id: int) -> tuple[int, int] | None:
        """The id of the actor's conversation with this user, if it has begun, and its head."""
        return await self._finds.call(pair_of(actor.user_id, user_id))

    async def begin(self, actor: Actor, user_id: int) -> tuple[int, bool]:
        """Its id, and whether it began here. Raises what `_ask` raises, Importing and Unavailable."""
        await self._ask(actor, user_id)
        return await self.begin_unasked(actor.user_id, user_id)

    async def begin_unasked(self, user_id: int, other_id: int) -> tuple[int, bool]:
        """The same for the application around the chat, which may. Raises Importing, Unavailable."""
        begun = await self._begins.call(pair_of(user_id, other_id))
        if begun is None:
            raise Unavailable("The conversation could not begin; try again.")
        id, is_new = begun
        if id is None:
            raise Importing
        return id, is_new

    async def _ask(self, actor: Actor, user_id: int) -> None:
        """Whether the actor may begin a conversation with this user: here and nowhere else.

        Raises NotFound when there is no such user, or no longer, Forbidden when they cannot be written to, or the
        operator's rule or the host refuses, and LimitReached.
        """
        await self._contacts.demand(actor, user_id)
        user = await self._accounts.user(user_id)
        if not user.receives:
            raise NotFound(NOBODY) if user.is_gone else Forbidden(SWITCHED_OFF)
        await self._hooks.opening(actor.user_id, user_id)
        await self._quotas.begin_conversation(actor)

    async def _begin_all(self, pairs: list[str]) -> dict[str, tuple[int | None, bool]]:
        proposed = dict(zip(pairs, await self._ids.take(len(pairs)), strict=True))
        found = await self._stores.beginnings.begin(proposed, self._clock.now())
        return {pair: (id, id == proposed[pair]) for pair, id in found.items()}

    async def close(self) -> None:
        await self._begins.close()
        await self._finds.close()


def pair_of(user_id: int, other_id: int) -> str:
    return f"{min(user_id, other_id)}:{max(user_id, other_id)}"
