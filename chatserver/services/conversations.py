"""Conversations: finding the direct one of two people, who may look, and the list with its unread counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from cachetools import LRUCache, TTLCache

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Forbidden, NotFound, Unavailable
from chatserver.guard.quotas import Quotas
from chatserver.list_place import ListPlace
from chatserver.model import (
    MAX_CONVERSATION_ID,
    Actor,
    Conversation,
    Inbox,
    Member,
    Message,
    User,
    message_id,
)
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.contacts import Contacts
from chatserver.services.hooks import Hooks
from chatserver.services.permissions import SYSTEM
from chatserver.services.refusals import NO_CONVERSATION
from chatserver.wire import SMALL_MEMBERS

SMALL_GROUPS = 100  # whose members are read at once; of people with more only direct conversations count
TOGETHER = 500  # conversations read in one call
NOBODY = "Nobody is there any more: this account was deleted."
SWITCHED_OFF = "This account is switched off: nobody can write to it."
GROUP_SECS = (
    2.0  # how long what is known of a group, and of who speaks there, is trusted for sending and for events
)


@dataclass(frozen=True, slots=True)
class Overview:
    """A conversation as one of its members sees it in the list."""

    conversation: Conversation
    other: User
    last_message: Message
    unread: int


class Conversations:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        contacts: Contacts,
        quotas: Quotas,
        hooks: Hooks,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self.contact_policy = contacts
        self._quotas = quotas
        self._hooks = hooks
        self._clock = clock
        # The members of a direct conversation never change.
        self._direct: LRUCache[int, Conversation] = LRUCache(100_000)
        self._pairs: LRUCache[str, Conversation] = LRUCache(100_000)
        self._groups: TTLCache[int, Conversation] = TTLCache(10_000, GROUP_SECS, timer=clock.monotonic)
        self._are_groups: LRUCache[int, bool] = LRUCache(100_000)
        self._speakers: TTLCache[tuple[int, int], Member] = TTLCache(
            100_000, GROUP_SECS, timer=clock.monotonic
        )
        self._opening: dict[tuple[int, int], asyncio.Task[tuple[Conversation, bool]]] = {}
        # A message wakes a thousand members at once, and all of them ask who is in the group.
        self._reads: BatchedCalls[int, Conversation] = BatchedCalls(stores.conversations.conversations, clock)

    async def close(self) -> None:
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
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
        """The same for an id that came from outside. Raises NotFound when there is nobody whom the actor may know of."""
        conversation = await self.find_direct(actor, user_id)
        if conversation is None:
            await self.contact_policy.meet(actor, user_id)
        return conversation

    async def open_direct(self, actor: Actor, user_id: int) -> tuple[Conversation, bool]:
        """Find or begin it; true when it was begun here. Raises NotFound when there is no such user, or no longer, and
        LimitReached.

        Many first messages at once begin it once, and count as one: what one of them waits for, all do.
        """
        key = actor.user_id, user_id
        if (opening := self._opening.get(key)) is not None:
            return (await asyncio.shield(opening))[0], False
        opening = self._opening[key] = asyncio.create_task(self._open_direct(actor, user_id))
        opening.add_done_callback(lambda done: self._opened(key, done))
        return await asyncio.shield(opening)

    def _opened(self, key: tuple[int, int], done: asyncio.Task[tuple[Conversation, bool]]) -> None:
        del self._opening[key]
        if not done.cancelled():
            done.exception()  # whoever waited for it may be gone

    async def _open_direct(self, actor: Actor, user_id: int) -> tuple[Conversation, bool]:
        conversation = await self.find_direct(actor, user_id)
        if conversation is not None:
            return conversation, False
        await self.contact_policy.demand(actor, user_id)
        user = await self._accounts.user(user_id)
        if not user.receives:
            raise NotFound(NOBODY) if user.is_gone else Forbidden(SWITCHED_OFF)
        await self._hooks.opening(actor.user_id, user_id)
        await self._quotas.begin_conversation(actor)
        return await self._begin_direct(actor, user_id)

    async def direct_for_host(self, sender: User, receiver: User) -> tuple[Conversation, bool]:
        """The same for the application around the chat: it is neither asked nor counted. Raises Unavailable."""
        actor = Actor(sender.id, 0)
        conversation = await self.find_direct(actor, receiver.id)
        return (conversation, False) if conversation else await self._begin_direct(actor, receiver.id)

    async def _begin_direct(self, actor: Actor, user_id: int) -> tuple[Conversation, bool]:
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
        if conversation is not None and conversation.is_direct and actor.user_id in conversation.member_ids:
            return conversation
        return (await self._membership(actor, conversation))[0]

    async def membership(self, actor: Actor, conversation_id: int) -> tuple[Conversation, Member]:
        """Both as they are now. Raises NotFound for who is no member, as if it did not exist."""
        conversation = self._direct.get(conversation_id) or await self._read(conversation_id)
        return await self._membership(actor, conversation)

    async def _membership(
        self, actor: Actor, conversation: Conversation | None
    ) -> tuple[Conversation, Member]:
        if conversation is None:
            raise NotFound(NO_CONVERSATION)
        if actor.is_host:
            return conversation, Member(conversation.id, actor.user_id, role=SYSTEM)
        found = await self._stores.conversations.members(conversation.id, [actor.user_id])
        member = found.get(actor.user_id)
        if member is None or member.state != "member":
            raise NotFound(NO_CONVERSATION)
        return conversation, member

    async def speaker(self, actor: Actor, conversation_id: int) -> tuple[Conversation, Member]:
        """The same for sending: as it was GROUP_SECS ago at most, unless this node has changed it since."""
        conversation, key = self.known(conversation_id), (conversation_id, actor.user_id)
        member = self._speakers.get(key)
        if conversation is None or member is None:
            conversation, member = await self.membership(actor, conversation_id)
            self._speakers[key] = member
        return conversation, member

    def forget_group(self, conversation_id: int, user_id: int = 0) -> None:
        """It has changed, or what this person is in it."""
        self._groups.pop(conversation_id, None)
        self._speakers.pop((conversation_id, user_id), None)

    async def member_ids(self, conversation: Conversation) -> tuple[int, ...]:
        """All of them, as they are now: for what concerns everybody."""
        if conversation.is_direct:
            return conversation.member_ids
        return (await self._stores.conversations.member_ids([conversation.id]))[conversation.id]

    def known(self, conversation_id: int) -> Conversation | None:
        """If it was asked for before; a group, within GROUP_SECS."""
        return self._direct.get(conversation_id) or self._groups.get(conversation_id)

    async def named(self, conversation_id: int) -> Conversation:
        """One that an inbox entry names: it was given to its owner as a member, who may have left since."""
        conversation = self.known(conversation_id) or await self._read(conversation_id)
        if conversation is None:
            raise NotFound(NO_CONVERSATION)
        return conversation

    async def _read(self, conversation_id: int) -> Conversation | None:
        if not 0 < conversation_id <= MAX_CONVERSATION_ID:
            return None
        conversation = await self._reads.call(conversation_id)
        if conversation is not None:
            (self._direct if conversation.is_direct else self._groups)[conversation_id] = conversation
        return conversation

    async def inbox(self, actor: Actor) -> Inbox:
        inbox = await self._stores.inboxes.inbox(actor.user_id)
        if inbox is None:
            raise NotFound("This account is gone.")
        return inbox

    async def list(
        self, actor: Actor, inbox: Inbox, limit: int, after: ListPlace | None, *, unread: bool = False
    ) -> tuple[list[Overview], ListPlace | None]:
        """At most `limit` of the direct ones with a message, the newest first; only what is `unread`, if asked.

        And the place to go on from, if there are more: what is read and made does not grow with their number.
        """
        groups = await self.group_ids(inbox.heads)
        listed = (
            id
            for id, head in inbox.heads.items()
            if head > 0 and id not in groups and not (unread and not inbox.unread(id))
        )
        last_ids = [message_id(id, inbox.heads[id]) for id in listed]
        if not last_ids:
            return [], None
        found = await self._stores.messages.newest_of(last_ids, after, limit + 1)
        newest = found[:limit]
        conversations = await self.all(message.conversation_id for message in newest)
        others = {id: one.other(actor.user_id) for id, one in conversations.items() if one.is_direct}
        users = await self._accounts.users(others.values())
        overviews = [
            Overview(conversations[id], users[others[id]], message, inbox.unread(id))
            for message in newest
            if (id := message.conversation_id) in others and others[id] in users
        ]
        more = ListPlace(newest[-1].created_at, newest[-1].id) if len(found) > limit else None
        return overviews, more

    async def group_ids(self, ids: Iterable[int]) -> set[int]:
        """Those of them that are groups, for ever; only those are asked for that are not known here."""
        ids = list(ids)
        unknown = [id for id in ids if id not in self._direct and id not in self._are_groups]
        for at in range(0, len(unknown), TOGETHER):
            part = unknown[at : at + TOGETHER]
            found = await self._stores.conversations.group_ids(part)
            self._are_groups.update((id, id in found) for id in part)
        return {id for id in ids if self._are_groups.get(id, False)}

    async def direct(self, ids: Iterable[int]) -> tuple[Conversation, ...]:
        """Those of them that are two people's, or one's with themselves."""
        return tuple(one for one in (await self.all(ids)).values() if one.is_direct)

    async def contacts(
        self, user_ids: Iterable[int], most: int | None = None, *, groups: bool = False
    ) -> dict[int, set[int]]:
        """Each user → people they have a direct conversation with, but themselves; not of who has more than `most`.

        `groups`: and those who are in a small group with them, unless that makes more than `most`.
        """
        memberships = await self._stores.inboxes.memberships(user_ids)
        if most is not None:
            memberships = {id: owned for id, owned in memberships.items() if len(owned) <= most}
        conversations = await self.all({id for owned in memberships.values() for id in owned})
        small = [c.id for c in conversations.values() if not c.is_direct and c.member_count <= SMALL_MEMBERS]
        in_groups: dict[int, tuple[int, ...]] = {}
        if groups and len(small) <= SMALL_GROUPS:
            in_groups = await self._stores.conversations.member_ids(small)
        found: dict[int, set[int]] = {}
        for user_id, owned in memberships.items():
            members = {m for id in owned if id in conversations for m in conversations[id].member_ids}
            with_groups = members.union(*(in_groups[id] for id in owned if id in in_groups))
            if most is None or len(with_groups) <= most:
                members = with_groups
            found[user_id] = members - {user_id}
        return found

    async def all(self, ids: Iterable[int]) -> dict[int, Conversation]:
        """With members as they are now; only those are read that may have changed, or are not known, some at a time."""
        found: dict[int, Conversation] = {}
        unknown: list[int] = []
        for id in ids:
            if (conversation := self._direct.get(id)) is not None:
                found[id] = conversation
            else:
                unknown.append(id)
        for at in range(0, len(unknown), TOGETHER):
            read = await self._stores.conversations.conversations(unknown[at : at + TOGETHER])
            self._direct.update((id, c) for id, c in read.items() if c.kind == "direct")
            found.update(read)
        return found

    def _keep(self, pair: str, id: int, *user_ids: int) -> Conversation:
        members = tuple(sorted(set(user_ids)))
        conversation = Conversation(id, "direct", members, member_count=len(members))
        self._direct[id] = self._pairs[pair] = conversation
        return conversation


def _pair(one: int, other: int) -> str:
    return f"{min(one, other)}:{max(one, other)}"
