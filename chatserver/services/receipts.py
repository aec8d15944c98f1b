"""How far each member got. Two watermarks a member, delivered and read, and both only move forward."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

import structlog
from cachetools import LRUCache

from chatserver.clock import Clock
from chatserver.errors import Invalid, NotFound, Unavailable
from chatserver.model import (
    SYSTEM_SENDER,
    Actor,
    Bell,
    Conversation,
    Entry,
    Member,
    PendingRead,
    split_message_id,
)
from chatserver.ports import Bus, Stores
from chatserver.sending.feed import Feed
from chatserver.services.conversations import Conversations
from chatserver.services.own_devices import OwnDevices
from chatserver.services.permissions import shows_reads
from chatserver.services.seen_by import SeenBy
from chatserver.wire import moment

log = structlog.get_logger(__name__)

MAX_UNWRITTEN = 50_000  # delivered marks waiting for the database; further ones wait for the next delivery
# A tick may be so late, and many then cost one write. The answers that ticks are do not go out together: when they did,
# one send in a hundred met twenty of them (docs/performance.md).
GATHER_SECS = 0.1
TICKS = 4  # at a time, or a tenth of all
BETWEEN_TICKS_SECS = 0.005
TRIES = 5


class Receipts:
    def __init__(
        self,
        stores: Stores,
        conversations: Conversations,
        own_devices: OwnDevices,
        seen_by: SeenBy,
        feed: Feed,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._conversations = conversations
        self._own_devices = own_devices
        self._seen_by = seen_by
        self._feed = feed
        self._bus = bus
        self._clock = clock
        self._unwritten: dict[tuple[int, int], tuple[int, Conversation]] = {}
        self._written: LRUCache[tuple[int, int], int] = LRUCache(100_000)
        self._writing: asyncio.Task[None] | None = None

    async def members(self, conversation: Conversation, *user_ids: int) -> dict[int, Member]:
        """user → how far they got, also of those who are not in it any more."""
        found = await self._stores.conversations.members(conversation.id, user_ids)
        return {id: found.get(id) or Member(conversation.id, id) for id in user_ids}

    def delivered(self, user_id: int, conversation: Conversation, seq: int) -> None:
        """Handed to one of the user's devices. Written soon, together with others.

        Not in groups: everybody would tell everybody, a million events for one message to a thousand.
        """
        key = (conversation.id, user_id)
        if self._written.get(key, 0) >= seq or len(self._unwritten) >= MAX_UNWRITTEN:
            return
        if not conversation.is_direct:
            return
        known = self._unwritten.get(key)
        if known is None or known[0] < seq:
            self._unwritten[key] = (seq, conversation)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._unwritten:
            await self._clock.sleep(GATHER_SECS)
            batch, self._unwritten = self._unwritten, {}
            now = self._clock.now()
            try:
                moves = {key: seq for key, (seq, _) in batch.items()}
                await self._stores.conversations.move_delivered(moves, now)
            except Unavailable:
                log.info("delivered marks put off", marks=len(batch))
                continue
            self._written.update((key, seq) for key, (seq, _) in batch.items())
            together = max(TICKS, len(batch) // 10)
            for number, ((_, user_id), (seq, conversation)) in enumerate(batch.items(), 1):
                self._tick(user_id, conversation, seq, now)
                if number % together == 0:
                    await self._clock.sleep(BETWEEN_TICKS_SECS)

    def _tick(self, user_id: int, conversation: Conversation, seq: int, at: datetime) -> None:
        """Tell the others how far this one got."""
        body = {
            "conversation_id": conversation.id,
            "user_id": user_id,
            "delivered_seq": seq,
            "delivered_at": moment(at),
        }
        if others := tuple(id for id in conversation.member_ids if id != user_id):
            self._bus.publish(Bell("delivery_receipt", others, body))

    async def mark_read(
        self, actor: Actor, conversation_id: int, seq: int | None, private: bool = False
    ) -> tuple[int, datetime]:
        """Read up to `seq`, or everything. How many messages of others were passed, and when.

        `private`: others are not told. Raises NotFound when the actor is not a member.
        """
        conversation = await self._conversations.access(actor, conversation_id)
        return await self._read(actor, conversation, seq, private)

    async def mark_read_up_to(
        self, actor: Actor, conversation_id: int, id: int, private: bool
    ) -> tuple[int, datetime]:
        """The same up to this message. Raises Invalid also when it is of another conversation."""
        conversation = await self._conversations.access(actor, conversation_id)
        owner, seq = split_message_id(id)
        if owner != conversation_id:
            raise Invalid.field("message_id", "is not a message of this conversation")
        return await self._read(actor, conversation, seq, private)

    async def _read(
        self, actor: Actor, conversation: Conversation, seq: int | None, private: bool
    ) -> tuple[int, datetime]:
        c, now = conversation.id, self._clock.now()
        head = await self._stores.messages.head(c)
        seq = head if seq is None else min(seq, head)
        if private or not shows_reads(conversation):
            return await self.see(conversation, actor.user_id, seq), now
        pending = await self._stores.conversations.move_read(c, actor.user_id, seq, now)
        if pending is None:
            return 0, now
        passed = await self.finish_read(pending) if pending.first <= pending.last else 0
        if pending.own_rev:
            await self._own_devices.told(c, actor.user_id, pending.own_rev)
        return passed, now

    async def see(self, conversation: Conversation, user_id: int, seq: int) -> int:
        """Read up to `seq`, for nobody but the reader. How many messages of others were passed."""
        c = conversation.id
        if own_rev := await self._stores.own_settings.see(c, user_id, seq):
            await self._own_devices.told(c, user_id, own_rev)
        entry = Entry("mine", c, last=seq, user_id=user_id, at=self._clock.now())
        passed = await self._move_own(conversation, entry)
        self._bus.publish(Bell("inbox", (user_id,)))
        return passed

    async def mark_ids_read(self, actor: Actor, ids: Iterable[int]) -> tuple[int, datetime]:
        """Up to the highest of these in each conversation; those that are not the actor's to read are ignored."""
        highest: dict[int, int] = {}
        for id in ids:
            conversation_id, seq = split_message_id(id)
            highest[conversation_id] = max(seq, highest.get(conversation_id, 0))
        marked, now = 0, self._clock.now()
        mine = (await self._conversations.inbox(actor)).heads
        for conversation_id, seq in highest.items():
            if conversation_id not in mine:
                continue
            try:
                if seq <= await self._stores.messages.head(conversation_id):
                    passed, now = await self.mark_read(actor, conversation_id, seq)
                    marked += passed
            except NotFound:
                continue
        return marked, now

    async def finish_read(self, pending: PendingRead) -> int:
        """Move the reader's inbox; tell the other member, and the host. Repeatable. How many of others were passed.

        Groups keep no receipts in inboxes: one message read by all would be as many entries as members in each.
        """
        c, user_id = pending.conversation_id, pending.user_id
        conversation = await self._conversations.named(c)
        kind, first = ("read", pending.first) if conversation.is_direct else ("mine", 0)
        entry = Entry(kind, c, first, pending.last, user_id, at=pending.at)
        passed = await self._move_own(conversation, entry)
        others = {*conversation.member_ids} - {user_id}
        if others:
            await self._stores.inboxes.push(others, entry)
        await self._feed.read(pending)
        await self._stores.conversations.finish_read(pending)
        self._bus.publish(Bell("inbox", (user_id, *others)))
        if not conversation.is_direct:
            self._seen_by.noted(conversation, user_id, pending.last)
        return passed

    async def _move_own(self, conversation: Conversation, entry: Entry) -> int:
        """Compare-and-set on the reader's inbox: messages may arrive while we count."""
        c, user_id = entry.conversation_id, entry.user_id
        # What the server itself says in a group is unread to nobody, like one's own.
        own_ids = (user_id,) if conversation.is_direct else (user_id, SYSTEM_SENDER.id)
        for _ in range(TRIES):
            inbox = await self._stores.inboxes.inbox(user_id, c)
            if inbox is None or c not in inbox.heads:
                return 0
            read, head = inbox.reads.get(c, 0), inbox.heads[c]
            if read >= entry.last:
                # Done before, or overtaken by a later read, of which the other devices were not told these.
                if entry.kind == "read":
                    await self._stores.inboxes.push([user_id], entry)
                return 0
            # A read may be ahead of a fan-out that will count messages already passed: hence numbers below 0.
            count_by = self._stores.messages.count_by
            own = await count_by(own_ids, c, entry.last, head) if entry.last < head else 0
            own -= await count_by(own_ids, c, head, entry.last) if head < entry.last else 0
            if await self._stores.inboxes.move_read(user_id, entry, inbox, own):
                return entry.last - read - (inbox.own.get(c, 0) - own)
        raise Unavailable("The conversation moves too fast right now.")

    async def close(self) -> None:
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
