"""The place of clients that send no cursor, kept in their session from sign-in on.

Before an answer the place after it is noted as pending; it becomes the place only when the answer was fully written
to an open socket. Until the node that answered has said so, another node gives the answer again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cachetools import LRUCache

from chatserver.clock import Clock
from chatserver.cursor import Cursor, KeptPlace, PlaceMove
from chatserver.errors import TokenInvalid, Unavailable
from chatserver.model import Actor, Tail
from chatserver.ports import SessionStore
from chatserver.services.entries import Batch
from chatserver.together import Together

# Another node's answer may have reached the client just before that node's word of it reaches the database.
SETTLE_SECS = 0.05
SETTLE_TRIES = 6


class Places:
    def __init__(self, sessions: SessionStore, node: str, clock: Clock) -> None:
        self._sessions = sessions
        self._node = node
        self._clock = clock
        self._kept_places = Together(sessions.kept_places, clock)
        self._moves = Together(self._move, clock)
        self._known: LRUCache[int, Cursor] = LRUCache(100_000)

    def known(self, actor: Actor) -> Cursor | None:
        """What this node believes. Good enough to see that nothing is new, not to answer from."""
        return self._known.get(actor.session_id)

    async def resume(self, actor: Actor, seen: Cursor | None, tail: Tail) -> Cursor:
        """The place to go on from. `seen`: how far this very poll has looked already.

        Raises TokenInvalid when the session is gone, Unavailable.
        """
        kept = await self._kept(actor)
        for _ in range(SETTLE_TRIES):
            if kept.pending is None or kept.node == self._node:
                break
            await self._clock.sleep(SETTLE_SECS)
            kept = await self._kept(actor)
        place = kept.place
        if place.epoch != tail.epoch or place.version > tail.version:
            return Cursor(tail.epoch, tail.oldest_version)  # restored from a backup
        known = self._known.get(actor.session_id)
        # Entries that gave no event are passed in memory only; looking through them again would cost a write each.
        passed = [c for c in (seen, known) if c and c.epoch == place.epoch]
        return max([place, *passed], key=lambda c: (c.version, c.offset))

    async def _kept(self, actor: Actor) -> KeptPlace:
        kept = await self._kept_places.get(actor.session_id)
        if kept is None:
            raise TokenInvalid("The session was revoked.")
        return kept

    async def answering(self, actor: Actor, batch: Batch) -> Callable[[bool], Awaitable[None]]:
        """Note what is being answered. Await the result with whether the answer got through. Raises Unavailable."""
        if not batch.events:
            self._known[actor.session_id] = batch.place

            async def nothing(written: bool) -> None:
                """Nothing was given, so nothing can be lost."""

            return nothing
        await self._note(actor, "answering", batch.place)

        async def delivered(written: bool) -> None:
            try:
                if written:
                    self._known[actor.session_id] = batch.place
                await self._note(actor, "answered" if written else "unanswered", batch.place)
            except Unavailable:
                pass  # given again: twice rather than never

        return delivered

    async def _note(self, actor: Actor, kind: str, place: Cursor) -> None:
        await self._moves.get(PlaceMove(actor.session_id, kind, place, self._node))

    async def _move(self, moves: list[PlaceMove]) -> dict[PlaceMove, None]:
        await self._sessions.move_places(moves)
        return {}

    async def close(self) -> None:
        await self._kept_places.close()
        await self._moves.close()
