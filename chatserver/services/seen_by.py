"""Who has read a message in a group. Told to its sender when they ask, and live to those who are there, while a group is
small and its policy wants it. Nothing is written for it: it is all in how far each member has read.
"""

from __future__ import annotations

import asyncio

import structlog
from cachetools import TTLCache

from chatserver import metrics
from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import ChatError, Forbidden, Invalid, NotFound
from chatserver.model import Actor, Bell, Conversation, Reader, message_id, split_message_id
from chatserver.ports import Bus, Stores
from chatserver.services.conversations import Conversations
from chatserver.services.permissions import shows_reads, window
from chatserver.wire import SMALL_MEMBERS, Json, moment

log = structlog.get_logger(__name__)

GATHER_SECS = 2.0  # reads are told together: a message to a hundred is read by most of them at once
KEPT_SECS = 2.0  # one look serves all who ask meanwhile
MAX_GATHERED = 10_000  # conversations whose reads wait to be told
TOGETHER = 100


class SeenBy:
    def __init__(self, stores: Stores, conversations: Conversations, bus: Bus, clock: Clock) -> None:
        self._stores = stores
        self._conversations = conversations
        self._bus = bus
        self._clock = clock
        self._kept: TTLCache[int, tuple[Reader, ...]] = TTLCache(1_000, KEPT_SECS, timer=clock.monotonic)
        self._reads: BatchedCalls[int, tuple[Reader, ...]] = BatchedCalls(self._read, clock)
        self._gathered: dict[int, dict[str, int]] = {}
        self._telling: asyncio.Task[None] | None = None

    async def of(self, actor: Actor, conversation_id: int, id: int) -> Json:
        """Who has read this message of the actor's, and since when they have read as far as they did.

        `count` is None where nobody is told. Raises NotFound, Invalid, Forbidden for messages of others.
        """
        conversation, me = await self._conversations.membership(actor, conversation_id)
        owner, seq = split_message_id(id)
        if owner != conversation_id:
            raise Invalid.field("message_id", "is not a message of this conversation")
        message = (await self._stores.messages.by_ids([id])).get(id)
        if message is None or seq <= window(conversation, me, seq)[0]:
            raise NotFound("There is no such message.")
        if message.sender_id != actor.user_id:
            raise Forbidden("Only its sender is told who has read a message.")
        if not shows_reads(conversation):
            return {"read": [], "count": None}
        readers = self._kept.get(conversation_id)
        if readers is None:
            readers = self._kept[conversation_id] = await self._reads.call(conversation_id) or ()
        read = [
            {
                "user_id": one.user_id,
                "read_id": message_id(conversation_id, one.read_seq),
                "read_at": moment(one.at),
            }
            for one in sorted(readers, key=lambda one: (one.at, one.user_id))
            if one.floor_seq < seq <= one.read_seq and one.user_id != actor.user_id
        ]
        return {"read": read, "count": len(read)}

    def noted(self, conversation: Conversation, user_id: int, seq: int) -> None:
        """A member has read up to here, which the others are told soon, together with further ones."""
        if conversation.id not in self._gathered and len(self._gathered) >= MAX_GATHERED:
            metrics.EPHEMERAL_DROPPED.labels("full").inc()
            return
        read = self._gathered.setdefault(conversation.id, {})
        read[str(user_id)] = max(read.get(str(user_id), 0), message_id(conversation.id, seq))
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._gathered:
            await self._clock.sleep(GATHER_SECS)
            gathered, self._gathered = self._gathered, {}
            ids = list(gathered)
            for at in range(0, len(ids), TOGETHER):
                try:
                    members = await self._stores.conversations.member_ids(ids[at : at + TOGETHER])
                except ChatError:
                    metrics.EPHEMERAL_DROPPED.labels("receipts").inc()
                    continue
                for id, member_ids in members.items():
                    if member_ids and len(member_ids) <= SMALL_MEMBERS:
                        body = {"conversation_id": id, "read": gathered[id]}
                        self._bus.publish(Bell("receipts", member_ids, body))

    async def _read(self, ids: list[int]) -> dict[int, tuple[Reader, ...]]:
        return await self._stores.own_settings.readers(ids, SMALL_MEMBERS)

    async def close(self) -> None:
        """What is only gathered is dropped: nobody is there any more to be told by this node."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._reads.close()
