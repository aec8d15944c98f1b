"""What belongs to a person: taking it along, and going for good."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.guard.attempts import Caller
from chatserver.guard.quotas import Quotas
from chatserver.model import Actor, User, message_id, split_message_id
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations
from chatserver.services.messages import MAX_PAGE, Messages
from chatserver.services.sessions import Sessions
from chatserver.wire import Json

PART_MESSAGES = 5000  # some megabytes, made in memory
PART_CONVERSATIONS = 500
PART_SECS = 50.0
AT_ONCE = 2
WAIT_SECS = 2.0


@dataclass(frozen=True, slots=True)
class ExportPart:
    """`threads` holds (conversation id, other user, messages oldest first). `last_id`: where the next part goes on."""

    threads: list[tuple[int, User, list[Json]]]
    last_id: int | None


class OwnData:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        sessions: Sessions,
        conversations: Conversations,
        messages: Messages,
        quotas: Quotas,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._sessions = sessions
        self._conversations = conversations
        self._messages = messages
        self._quotas = quotas
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)

    async def export(self, actor: Actor, after_id: int) -> ExportPart:
        """Messages of all one's conversations in the order of their ids, PART_MESSAGES at a time.

        Raises LimitReached while one is under way for this person, Unavailable, also when too many export at once.
        """
        async with self._quotas.export(actor):
            return await self._in_turn(actor, after_id)

    async def _in_turn(self, actor: Actor, after_id: int) -> ExportPart:
        try:
            async with self._clock.limit(WAIT_SECS):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable("Too many people are exporting right now.", 10) from None
        try:
            async with self._clock.limit(PART_SECS):
                return await self._export(actor, after_id)
        except TimeoutError:
            raise Unavailable("The export takes too long right now.", 10) from None
        finally:
            self._places.release()

    async def _export(self, actor: Actor, after_id: int) -> ExportPart:
        began, after = split_message_id(after_id)
        heads = (await self._conversations.inbox(actor)).heads
        threads: list[tuple[int, User, list[Json]]] = []
        left = PART_MESSAGES
        ids = sorted(id for id, head in heads.items() if head and id >= began)
        last_id = after_id
        for id in ids[:PART_CONVERSATIONS]:
            conversation = await self._conversations.access(actor, id)
            if not conversation.is_direct:
                continue
            other = (await self._accounts.users([conversation.other(actor.user_id)])).values()
            seq, shown = after if id == began else 0, []
            while left:
                found = await self._stores.messages.page_after(id, seq, min(MAX_PAGE, left))
                if not found:
                    break
                shown += await self._messages.shown_all(actor, found[::-1])
                left -= len(found)
                seq = found[0].seq
            threads += [(id, user, shown) for user in other if shown]
            last_id = message_id(id, seq)
            if not left:
                break
        is_last = left and len(ids) <= PART_CONVERSATIONS
        return ExportPart(threads, None if is_last else last_id)

    async def delete_account(self, actor: Actor, password: str, caller: Caller) -> None:
        """The name is given up and every session ended; messages stay, from nobody. Whoever owned a group has an heir.

        Raises Invalid, RateLimited.
        """
        account = await self._accounts.confirmed(actor, password, caller)
        for id in (await self._conversations.inbox(actor)).heads:
            await self._memberships.go(actor.user_id, id)
        await self._accounts.forget(account)
        await self._sessions.end_all(actor.user_id)
