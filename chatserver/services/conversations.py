"""Conversations: finding the direct one of two people, who may look, and the list with its unread counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from cachetools import LRUCache, TTLCache

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Importing, NotFound
from chatserver.list_place import ListPlace
from chatserver.model import (
    MAX_CONVERSATION_ID,
    MAX_SEQ,
    Actor,
    Conversation,
    Inbox,
    Member,
    Message,
    User,
    message_id,
    split_message_id,
)
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.beginnings import Beginnings, pair_of
from chatserver.services.contacts import Contacts
from chatserver.services.permissions import SYSTEM, window
from chatserver.services.refusals import NO_CONVERSATION
from chatserver.wire import SMALL_MEMBERS

SMALL_GROUPS = 100  # whose members are read at once; of people with more only direct conversations count
TOGETHER = 500  # conversations read in one call
# How long what is known of a group, and of who speaks there, is trusted for sending and for events.
GROUP_SECS = 2.0


@dataclass(frozen=True, slots=True)
class Overview:
    """A conversation as one of its members sees it in the list."""

    conversation: Conversation
    other: User
    last_message: Message
    unread: int


class Conversations:
    def __init__(
        self, stores: Stores, accounts: Accounts, contacts: Contacts, beginnings: Beginnings, clock: Clock
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self.contact_policy = contacts
        self._beginnings = beginnings
        # The members of a direct conversation never change.
        self._direct: LRUCache[int, Conversation] = LRUCache(100_000)
        self._pairs: LRUCache[str, Conversation] = LRUCache(100_000)
        self._groups: TTLCache[int, Conversation] = TTLCache(10_000, GROUP_SECS, timer=clock.monotonic)
        self._are_groups: LRUCache[int, bool] = LRUCache(100_000)
        self._speakers: TTLCache[tuple[int, int], Member] = TTLCache(
            100_000, GROUP_SECS, timer=clock.monotonic
        )
        self._opening: dict[tuple[int, int], asyncio.Task[tuple[Conversation, int | None]]] = {}
        # A message wakes a thousand members at once, and all of them ask who is in the group.
        self._reads: BatchedCalls[int, Conversation] = BatchedCalls(stores.conversations.conversations, clock)
        self._member_reads: BatchedCalls[tuple[int, int], Member] = BatchedCalls(
            stores.conversations.members_of, clock
        )

    async def close(self) -> None:
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        await self._beginnings.close()
        await self._reads.close()
        await self._member_reads.close()

    def known_direct(self, actor: Actor, user_id: int) -> Conversation | None:
        """The actor's conversation with this user, if this node has met it."""
        return self._pairs.get(pair_of(actor.user_id, user_id))

    async def find_direct(self, actor: Actor, user_id: int) -> Conversation | None:
        """The same, if it has begun."""
        found = await self._find_direct(actor, user_id)
        return found[0] if found is not None else None

    async def _find_direct(self, actor: Actor, user_id: int) -> tuple[Conversation, int | None] | None:
        """And its head, if anything had to be looked up."""
        if (known := self.known_direct(actor, user_id)) is not None:
            return known, None
        found = await self._beginnings.find(actor, user_id)
        return (self._keep(found[0], actor.user_id, user_id), found[1]) if found is not None else None

    async def with_user(self, actor: Actor, user_id: int) -> Conversation | None:
        """The same for an id that came from outside. Raises NotFound when there is nobody whom the actor may know of."""
        conversation = await self.find_direct(actor, user_id)
        if conversation is None:
            await self.contact_policy.meet(actor, user_id)
        return conversation

    async def open_direct(self, actor: Actor, user_id: int) -> tuple[Conversation, int | None]:
        """Find or begin it, and the head of its log, if that was looked up.

        Raises NotFound when there is no such user, or no longer, and LimitReached.

        Many first messages at once begin it once, and count as one: what one of them waits for, all do.
        """
        key = actor.user_id, user_id
        if (opening := self._opening.get(key)) is not None:
            return (await asyncio.shield(opening))[0], None
        opening = self._opening[key] = asyncio.create_task(self._open_direct(actor, user_id))
        opening.add_done_callback(lambda done: self._opened(key, done))
        return await asyncio.shield(opening)

    def _opened(self, key: tuple[int, int], done: asyncio.Task[tuple[Conversation, int | None]]) -> None:
        del self._opening[key]
        if not done.cancelled():
            done.exception()  # whoever waited for it may be gone

    async def _open_direct(self, actor: Actor, user_id: int) -> tuple[Conversation, int | None]:
        found = await self._find_direct(actor, user_id)
        if found is not None:
            return found
        return self._begun(await self._beginnings.begin(actor, user_id), actor.user_id, user_id)

    async def direct_for_host(self, sender: User, receiver: User) -> tuple[Conversation, int | None]:
        """The same for the application around the chat: it is neither asked nor counted. Raises Unavailable."""
        found = await self._find_direct(Actor(sender.id, 0), receiver.id)
        if found is not None:
            return found
        return self._begun(
            await self._beginnings.begin_unasked(sender.id, receiver.id), sender.id, receiver.id
        )

    def _begun(self, begun: tuple[int, bool], *user_ids: int) -> tuple[Conversation, int | None]:
        id, is_new = begun
        return self._keep(id, *user_ids), 0 if is_new else None

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
        member = await self._member_reads.call((conversation.id, actor.user_id))
        if member is None or member.state != "member":
            raise NotFound(NO_CONVERSATION)
        return conversation, member

    def known_speaker(self, actor: Actor, conversation_id: int) -> tuple[Conversation, Member] | None:
        """The same for sending: as it was GROUP_SECS ago at most, unless this node has changed it since."""
        conversation = self.known(conversation_id)
        member = self._speakers.get((conversation_id, actor.user_id))
        return (conversation, member) if conversation is not None and member is not None else None

    async def speaker(self, actor: Actor, conversation_id: int) -> tuple[Conversation, Member]:
        """The same, read where it is not known."""
        if (known := self.known_speaker(actor, conversation_id)) is not None:
            return known
        try:
            conversation, member = await self.membership(actor, conversation_id)
        except NotFound:
            await self._refuse_importing(actor, conversation_id)
            raise
        self._speakers[conversation_id, actor.user_id] = member
        return conversation, member

    async def _refuse_importing(self, actor: Actor, conversation_id: int) -> None:
        """Raises Importing, to its members."""
        if 0 < conversation_id <= MAX_CONVERSATION_ID:
            mine = await self._stores.conversations.members(conversation_id, [actor.user_id])
            if mine and await self._stores.conversations.is_importing(conversation_id):
                raise Importing

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

    async def visible(self, actor: Actor, message_ids: Iterable[int]) -> set[int]:
        """Those that the actor may see now: of conversations they are in, above their floor there. Raises Unavailable."""
        places = {id: split_message_id(id) for id in message_ids}
        members = await self._member_reads.call_all({(c, actor.user_id) for c, _ in places.values()})
        inside = {c: member for (c, _), member in members.items() if member.state == "member"}
        floors = {c: window(await self.named(c), member, MAX_SEQ)[0] for c, member in inside.items()}
        return {id for id, (c, seq) in places.items() if c in floors and seq > floors[c]}

    async def floors(self, ids: Iterable[int]) -> dict[int, int]:
        """What is not above these is gone for everybody; as it is now."""
        found = await self._stores.conversations.conversations(ids)
        return {id: one.floor_seq for id, one in found.items()}

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

    def _keep(self, id: int, *user_ids: int) -> Conversation:
        members = tuple(sorted(set(user_ids)))
        conversation = Conversation(id, "direct", members, member_count=len(members))
        self._direct[id] = self._pairs[pair_of(*user_ids)] = conversation
        return conversation
