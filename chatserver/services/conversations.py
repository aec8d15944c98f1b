"""Conversations: finding the direct one of two people, who may look, and the list with its unread counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cachetools import LRUCache, TTLCache

from chatserver.clock import Clock
from chatserver.errors import NotFound, Unavailable
from chatserver.model import MAX_CONVERSATION_ID, Actor, Conversation, Inbox, Message, User, message_id
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.together import Together

NOBODY = "Nobody is there any more: this account was deleted."
GROUP_SECS = 5.0  # how long a group's members are trusted where nothing depends on who is one


@dataclass(frozen=True, slots=True)
class Overview:
    """A conversation as one of its members sees it in the list."""

    conversation: Conversation
    other: User
    last_message: Message
    unread: int


class Conversations:
    def __init__(self, stores: Stores, accounts: Accounts, clock: Clock) -> None:
        self._stores = stores
        self._accounts = accounts
        self._clock = clock
        # The members of a direct conversation never change.
        self._direct: LRUCache[int, Conversation] = LRUCache(100_000)
        self._pairs: LRUCache[str, Conversation] = LRUCache(100_000)
        self._groups: TTLCache[int, Conversation] = TTLCache(10_000, GROUP_SECS, timer=clock.monotonic)
        # A message wakes a thousand members at once, and all of them ask who is in the group.
        self._reads: Together[int, Conversation] = Together(stores.conversations.conversations, clock)

    async def close(self) -> None:
        await self._reads.close()

    def known_direct(self, actor: Actor, user_id: int) -> Conversation | None:
        """The actor's conversation with this user, if this node has met it."""
        return self._pairs.get(_pair(actor.user_id, user_id))

    async def find_direct(self, actor: Actor, user_id: int) -> Conversation | None:
        """The same, if it has begun."""
        if (known := self.known_direct(actor, user_id)) is not None:
            return known
        pair = _pair(actor.user_id, user_id)
        found = await self._stores.conversations.direct(pair)
        return self._keep(pair, found[0], actor.user_id, user_id) if found and found[1] else None

    async def with_user(self, actor: Actor, user_id: int) -> Conversation | None:
        """The same for an id that came from outside. Raises NotFound when there is no such user."""
        await self._accounts.user(user_id)
        return await self.find_direct(actor, user_id)

    async def open_direct(self, actor: Actor, user_id: int) -> tuple[Conversation, bool]:
        """Find or begin it; true when it was begun here. Raises NotFound when there is no such user, or no longer."""
        conversation = await self.find_direct(actor, user_id)
        if conversation is not None:
            return conversation, False
        if (await self._accounts.user(user_id)).is_gone:
            raise NotFound(NOBODY)
        id = await self._stores.marks.next_id("conversation")
        if id > MAX_CONVERSATION_ID:
            raise Unavailable("There is no room for another conversation.")
        pair = _pair(actor.user_id, user_id)
        winner = await self._stores.conversations.start_direct(pair, id, self._clock.now())
        # Each step may be repeated: by the other of two who begin at once, or after a crash between them.
        user_ids = {actor.user_id, user_id}
        await self._stores.inboxes.join(user_ids, winner, 0)
        await self._stores.conversations.add_members(winner, user_ids)
        await self._stores.conversations.finish(winner)
        return self._keep(pair, winner, actor.user_id, user_id), winner == id

    async def access(self, actor: Actor, conversation_id: int) -> Conversation:
        """Return it if the actor is a member; else NotFound, as if it did not exist."""
        conversation = self._direct.get(conversation_id) or await self._read(conversation_id)
        if conversation is None or actor.user_id not in conversation.member_ids:
            raise NotFound("There is no such conversation.")
        return conversation

    def known(self, conversation_id: int) -> Conversation | None:
        """If it was asked for before; a group, within GROUP_SECS."""
        return self._direct.get(conversation_id) or self._groups.get(conversation_id)

    async def named(self, conversation_id: int) -> Conversation:
        """One that an inbox entry names: it was given to its owner as a member, who may have left since."""
        conversation = self.known(conversation_id) or await self._read(conversation_id)
        if conversation is None:
            raise NotFound("There is no such conversation.")
        return conversation

    async def _read(self, conversation_id: int) -> Conversation | None:
        if not 0 < conversation_id <= MAX_CONVERSATION_ID:
            return None
        conversation = await self._reads.get(conversation_id)
        if conversation is not None:
            (self._direct if conversation.kind == "direct" else self._groups)[conversation_id] = conversation
        return conversation

    async def inbox(self, actor: Actor) -> Inbox:
        inbox = await self._stores.inboxes.inbox(actor.user_id)
        if inbox is None:
            raise NotFound("This account is gone.")
        return inbox

    async def list(self, actor: Actor, inbox: Inbox) -> list[Overview]:
        """All that have a message, the one with the newest first."""
        heads = {id: head for id, head in inbox.heads.items() if head > 0}
        if not heads:
            return []
        conversations = await self._stores.conversations.conversations(heads)
        last_ids = [message_id(id, heads[id]) for id in conversations]
        messages = await self._stores.messages.by_ids(last_ids)
        others = {id: conversation.other(actor.user_id) for id, conversation in conversations.items()}
        users = await self._accounts.users(others.values())
        overviews = [
            Overview(conversation, users[others[id]], messages[last], inbox.unread(id))
            for id, conversation in conversations.items()
            if (last := message_id(id, heads[id])) in messages and others[id] in users
        ]
        return sorted(overviews, key=lambda o: (o.last_message.created_at, o.last_message.id), reverse=True)

    async def contacts(self, user_ids: Iterable[int]) -> dict[int, set[int]]:
        """Each user → people they share a conversation with, themselves left out."""
        memberships = await self._stores.inboxes.memberships(user_ids)
        ids = {id for owned in memberships.values() for id in owned}
        conversations = await self._stores.conversations.conversations(ids) if ids else {}
        found: dict[int, set[int]] = {}
        for user_id, owned in memberships.items():
            members = {m for id in owned if id in conversations for m in conversations[id].member_ids}
            found[user_id] = members - {user_id}
        return found

    def _keep(self, pair: str, id: int, *user_ids: int) -> Conversation:
        conversation = Conversation(id, "direct", tuple(sorted(set(user_ids))))
        self._direct[id] = self._pairs[pair] = conversation
        return conversation


def _pair(one: int, other: int) -> str:
    return f"{min(one, other)}:{max(one, other)}"
