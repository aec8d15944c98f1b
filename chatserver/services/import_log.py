"""Messages that come from elsewhere, on their way into the log: behind what is stored, in the order of their lines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cachetools import LRUCache

from chatserver.errors import Unavailable
from chatserver.model import Message, message_id
from chatserver.ports import Prepared, Stores
from chatserver.services.jobs import JobFailed

TRIES = 5  # of a batch that met what was stored meanwhile
HEADS = 100_000  # of conversations


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it was elsewhere, which has no number here yet. `client_id` is made of its id there."""

    conversation_id: int
    sender_id: int
    client_id: str
    text: str
    created_at: datetime


class ImportLog:
    """While one batch is being stored, the next is numbered and made ready: neither the database nor we wait.

    The first one is looked for before it is written, because whoever began this may have stored some of it. So is each
    later one that met something stored: more of what the one before did, the same lines of somebody else, or a line
    that comes twice.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._heads: LRUCache[int, int] = LRUCache(HEADS)
        self._is_sure = False
        self._storing: asyncio.Task[None] | None = None

    async def add(self, batch: Sequence[Written]) -> None:
        """All batches before this one are stored when it returns, but this one need not be. Raises as `settle` does."""
        heads = self._heads
        ready = await self._ready(batch, heads) if self._is_sure else None
        await self.settle()
        if ready is not None and heads is self._heads:
            self._storing = asyncio.create_task(self._store(batch, ready))
        else:
            await self._find(batch)

    async def settle(self) -> None:
        """Everything is stored. Raises Unavailable, and JobFailed for an id that another conversation has had."""
        if self._storing is not None:
            # Whoever waits may be cancelled; what is on its way is not, and `close` waits for it.
            await asyncio.shield(self._storing)
            self._storing = None

    async def close(self) -> None:
        """Nothing is on its way any more, so that whoever takes it all back forgets nothing. It may have failed."""
        if self._storing is not None:
            await asyncio.gather(asyncio.shield(self._storing), return_exceptions=True)
            self._storing = None

    async def _store(self, batch: Sequence[Written], ready: Prepared) -> None:
        if ready and not await self._stores.imports.append(ready):
            await self._find(batch)

    async def _find(self, batch: Sequence[Written]) -> None:
        """Those of them that are not stored yet are appended."""
        for _ in range(TRIES):
            heads: LRUCache[int, int] = LRUCache(HEADS)
            ready = await self._ready(await self._missing(batch), heads)
            if not ready or await self._stores.imports.append(ready):
                # Not before: a batch that is numbered meanwhile must not go by what these will be.
                self._heads, self._is_sure = heads, True
                return
        raise Unavailable("Somebody else writes the same lines right now.")

    async def _missing(self, batch: Sequence[Written]) -> list[Written]:
        """Raises JobFailed for an id that was used before, in another conversation."""
        stored = await self._stores.messages.by_client_ids({(one.sender_id, one.client_id) for one in batch})
        for one in batch:
            known = stored.get((one.sender_id, one.client_id))
            if known is not None and known.conversation_id != one.conversation_id:
                raise _used_elsewhere(one)
        return [one for one in batch if (one.sender_id, one.client_id) not in stored]

    async def _ready(self, batch: Iterable[Written], heads: LRUCache[int, int]) -> Prepared:
        """With the numbers that follow, one for each: a line that comes twice counts once. Raises JobFailed."""
        messages: dict[tuple[int, str], Message] = {}
        for one in batch:
            c = one.conversation_id
            if (twin := messages.get((one.sender_id, one.client_id))) is not None:
                if twin.conversation_id != c:
                    raise _used_elsewhere(one)
                continue
            head = heads.get(c)
            seq = (await self._stores.messages.head(c) if head is None else head) + 1
            heads[c] = seq
            messages[one.sender_id, one.client_id] = Message(
                message_id(c, seq), c, seq, one.sender_id, 0, one.client_id, one.text, None, one.created_at
            )
        return await asyncio.to_thread(self._stores.imports.prepared, list(messages.values()))


def _used_elsewhere(one: Written) -> JobFailed:
    id = one.client_id.partition(":")[2]
    return JobFailed(f"The id {id!r} was imported before, into another conversation.")
