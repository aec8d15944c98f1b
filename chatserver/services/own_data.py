"""What belongs to a person: taking it along, and going for good."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from chatserver.clock import Clock
from chatserver.errors import NotFound, Unavailable
from chatserver.guard.attempts import Caller
from chatserver.guard.quotas import Quotas
from chatserver.model import Actor, Conversation, User, message_id, split_message_id
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.conversation_views import ConversationViews
from chatserver.services.conversations import Conversations
from chatserver.services.memberships import Memberships
from chatserver.services.messages import MAX_PAGE, Messages
from chatserver.services.permissions import window
from chatserver.services.sessions import Sessions
from chatserver.wire import Json

PART_MESSAGES = 5000  # some megabytes, made in memory
PART_CONVERSATIONS = 500
PART_SECS = 50.0
AT_ONCE = 2
WAIT_SECS = 2.0


@dataclass(frozen=True, slots=True)
class ExportPart:
    """`threads` holds (conversation id, other user, messages oldest first). `last_id`: where the next part goes on.

    Of groups only one's own messages, and what is one's own about them.
    """

    threads: list[tuple[int, User, list[Json]]]
    groups: list[tuple[Conversation, list[Json]]]
    mine: dict[int, Json]
    last_id: int | None


class OwnData:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        sessions: Sessions,
        conversations: Conversations,
        messages: Messages,
        views: ConversationViews,
        memberships: Memberships,
        quotas: Quotas,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._sessions = sessions
        self._conversations = conversations
        self._messages = messages
        self._views = views
        self._memberships = memberships
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
        groups: list[tuple[Conversation, list[Json]]] = []
        left = PART_MESSAGES
        ids = sorted(id for id, head in heads.items() if head and id >= began)
        last_id = after_id
        for id in ids[:PART_CONVERSATIONS]:
            first = after if id == began else 0
            try:
                conversation, member = await self._conversations.membership(actor, id)
            except NotFound:  # left since the inbox was read
                continue
            floor, _ = window(conversation, member, heads[id])
            messages, seq = await self._messages_of(actor, conversation, max(first, floor), heads[id], left)
            left -= len(messages)
            last_id = message_id(id, seq)
            if not conversation.is_direct:
                groups += [(conversation, messages)] if messages or not first else []
            elif messages:
                other = await self._accounts.users([conversation.other(actor.user_id)])
                threads += [(id, user, messages) for user in other.values()]
            if not left:
                break
        is_last = left and len(ids) <= PART_CONVERSATIONS
        mine = await self._views.mine(actor, [conversation.id for conversation, _ in groups])
        return ExportPart(threads, groups, mine, None if is_last else last_id)

    async def _messages_of(
        self, actor: Actor, conversation: Conversation, seq: int, head: int, most: int
    ) -> tuple[list[Json], int]:
        """At most so many behind `seq`, oldest first, and up to where that leads."""
        by = None if conversation.is_direct else actor.user_id
        shown: list[Json] = []
        while left := most - len(shown):
            found = await self._stores.messages.page_after(conversation.id, seq, min(MAX_PAGE, left), by)
            if not found:
                return shown, max(seq, head)
            shown += await self._messages.shown(actor, [(conversation, one) for one in found[::-1]])
            seq = found[0].seq
        return shown, seq

    async def delete_account(self, actor: Actor, password: str, caller: Caller) -> None:
        """The name is given up and every session ended; messages stay, from nobody. Whoever owned a group has an heir.

        Raises Invalid, RateLimited.
        """
        account = await self._accounts.confirmed(actor, password, caller)
        await self._memberships.leave_all(actor.user_id)
        await self._accounts.forget(account)
        await self._sessions.end_all(actor.user_id)
