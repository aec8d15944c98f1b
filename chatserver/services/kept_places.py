"""Clients that send no cursor: their place is kept in their session, from sign-in on.

The session document holds the place up to which the client surely has everything, and what became of the last answer:

| `pending`       | what it means                                     | what the next poll does                |
|-----------------|---------------------------------------------------|----------------------------------------|
| nothing         | the last answer got through                       | goes on from the place                 |
| of our node     | an answer is on its way, or was lost on its way   | goes on from the place: it comes again |
| of another node | that node has not said yet whether it got through | waits for its word, then gives it again |

So before an answer the place after it is noted as pending, and it becomes the place only when the answer was fully
written to an open socket.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from cachetools import LRUCache

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.cursor import Cursor, KeptPlace, PlaceClaim, PlaceMove
from chatserver.errors import TokenInvalid, Unavailable
from chatserver.model import Actor, Tail
from chatserver.polls.inbox_reads import InboxReads
from chatserver.polls.present import Present
from chatserver.ports import SessionStore
from chatserver.services.entries import Batch, Entries
from chatserver.services.missed_messages import MissedMessages
from chatserver.services.notifications import Notifications

# The client may have another node's answer, and poll here, just before that node's word of it reaches the database.
SETTLE_SECS = 0.05
SETTLE_TRIES = 6
PASSED = 50  # half a ring: entries in one go that gave no event
TRIES = 5  # A try is lost to another poll of the same session, or to a database that lags behind itself.


class KeptPlaces:
    def __init__(
        self,
        sessions: SessionStore,
        inbox_reads: InboxReads,
        entries: Entries,
        missed: MissedMessages,
        notifications: Notifications,
        node: str,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._inbox_reads = inbox_reads
        self._entries = entries
        self._missed = missed
        self._notifications = notifications
        self._node = node
        self._clock = clock
        self._reads = BatchedCalls(sessions.kept_places, clock)
        self._claims = BatchedCalls(self._claim_all, clock)
        self._moves = BatchedCalls(self._move_all, clock)
        self._known: LRUCache[int, Cursor] = LRUCache(100_000)
        self._kept: LRUCache[int, KeptPlace] = LRUCache(100_000)  # as last read or written here

    def known(self, actor: Actor) -> Cursor | None:
        """What this node believes the place to be. It tells that nothing is new, but no answer is made from it."""
        return self._known.get(actor.session_id)

    async def prove(self, actor: Actor) -> None:
        """Raises TokenInvalid when the session is gone, and has no place any more; Unavailable."""
        if await self._reads.call(actor.session_id) is None:
            raise TokenInvalid("The session was revoked.")

    async def batch(
        self, actor: Actor, present: Present, seen: Cursor | None, told: Tail | None, limit: int
    ) -> Batch:
        """What follows the kept place, noted as pending; `delivered` is to be called with it.

        `seen`: how far this very poll has looked. `told`: what follows that, when it need not be read. Raises
        TokenInvalid when the session is gone, Unavailable.
        """
        for _ in range(TRIES):
            kept = self._kept.get(actor.session_id)
            if told is None or kept is None:
                kept = self._kept[actor.session_id] = await self._read(actor)
                told = None
            # Entries that gave no event are passed in memory only; looking through them again would cost a write each.
            # All this before the inbox is read, which is then behind none of it.
            reached = [kept.place, seen, self.known(actor)]
            tail = told or await self._inbox_reads.tail(present, seen.version if seen is not None else None)
            place = _furthest(reached, tail)
            if place.version > tail.version:
                # Another node has given more than we were told, or than a majority has: only of that anything is read.
                if told is None:
                    await self._clock.sleep(SETTLE_SECS)
                told = None
                continue
            if place.version < tail.oldest_version:
                tail = await self._inbox_reads.tail(present, None)
            if place.version < tail.oldest_version:  # the ring no longer reaches back that far
                batch = await self._from_the_end(actor, present, tail, limit)
            else:
                batch = await self._from(actor, present, place, tail, limit)
            if not batch.events:
                if batch.place.version - kept.place.version >= PASSED:
                    await self._pass(actor, kept, batch.place)
                return batch
            if await self._claim(actor, kept, batch):
                return batch
            told = None
        raise Unavailable("The place of this session cannot be told right now.")

    async def _from(self, actor: Actor, present: Present, place: Cursor, tail: Tail, limit: int) -> Batch:
        """What follows the place, after what is owed up to it: sign-in or the end of the ring led past that."""
        owed = [one for one in tail.owed if one.version <= place.version and one.id not in present.given]
        room = limit - len(owed)
        if room > 0:
            batch = await self._entries.batch(actor, place, tail, room, extended=False)
        else:
            batch = Batch([], place, True)
        return await self._entries.with_owed(owed[:limit], batch) if owed else batch

    async def _from_the_end(self, actor: Actor, present: Present, tail: Tail, limit: int) -> Batch:
        """All that the ring still holds, behind those direct messages that groups have pushed out of it."""
        missed = await self._missed.before(actor, tail, limit)
        if len(missed) == limit:  # of the unread ones none is in the ring
            return self._entries.with_missed(
                actor, missed, Batch([], Cursor(tail.epoch, tail.version), False)
            )
        place = Cursor(tail.epoch, tail.oldest_version)
        batch = await self._from(actor, present, place, tail, limit - len(missed))
        return self._entries.with_missed(actor, missed, batch) if missed else batch

    async def _pass(self, actor: Actor, kept: KeptPlace, place: Cursor) -> None:
        """Entries that say nothing to this client, as those of groups, were passed in memory: now and then the session
        is told, or another node would begin before all of them."""
        if place.epoch != kept.place.epoch or kept.pending is not None:
            return
        with contextlib.suppress(Unavailable):
            if await self._claim(actor, kept, Batch([], place, False)):
                await self._moves.call(PlaceMove(actor.session_id, True, place, self._node))
                self._kept[actor.session_id] = KeptPlace(place, None, "")

    async def _read(self, actor: Actor) -> KeptPlace:
        kept = await self._reads.call(actor.session_id)
        for _ in range(SETTLE_TRIES):
            if kept is None or kept.pending is None or kept.node == self._node:
                break
            await self._clock.sleep(SETTLE_SECS)
            kept = await self._reads.call(actor.session_id)
        if kept is None:
            raise TokenInvalid("The session was revoked.")
        return kept

    async def _claim(self, actor: Actor, kept: KeptPlace, batch: Batch) -> bool:
        """Note the place after this answer as pending. False when the place has moved meanwhile. Raises Unavailable."""
        claim = PlaceClaim(actor.session_id, kept.place, kept.node, batch.place, self._node)
        return await self._claims.call(claim) is not None

    async def _claim_all(self, claims: list[PlaceClaim]) -> dict[PlaceClaim, bool]:
        if not await self._sessions.claim_places(claims):
            found = await self._sessions.kept_places([claim.session_id for claim in claims])
            claims = [claim for claim in claims if claim.is_in(found.get(claim.session_id))]
        return dict.fromkeys(claims, True)

    async def delivered(self, actor: Actor, present: Present, batch: Batch, written: bool) -> None:
        """Move the place, or leave it. Await it once the answer went out, or did not."""
        if written or not batch.events:
            self._known[actor.session_id] = batch.place
        if written and batch.notified:
            # Before the place moves: another node waits for that, and is not to give them again.
            await self._notifications.given(present, batch.notified)
        if not batch.events:
            return  # Nothing was given, so nothing can be lost.
        try:
            await self._moves.call(PlaceMove(actor.session_id, written, batch.place, self._node))
        except Unavailable:
            return  # The answer is given again: twice rather than never.
        if written:
            self._kept[actor.session_id] = KeptPlace(batch.place, None, "")

    async def _move_all(self, moves: list[PlaceMove]) -> dict[PlaceMove, None]:
        await self._sessions.move_places(moves)
        return {}

    async def close(self) -> None:
        await self._reads.close()
        await self._claims.close()
        await self._moves.close()


def _furthest(reached: Iterable[Cursor | None], tail: Tail) -> Cursor:
    """Of those in the epoch of `tail`. Else all that there is follows: a backup was restored."""
    known = (place for place in reached if place is not None and place.epoch == tail.epoch)
    return max(known, key=lambda c: (c.version, c.offset), default=Cursor(tail.epoch, tail.oldest_version))
