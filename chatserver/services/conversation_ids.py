"""Ids of new conversations, be they of two people or groups. While many begin, some are taken from the counter ahead."""

from __future__ import annotations

from collections.abc import Sequence

from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import MAX_CONVERSATION_ID
from chatserver.ports import MarkStore

AHEAD = 1_000  # at most: when this node ends they are never used, and of a billion ids nobody misses them
BUSY_SECS = 1.0  # Ids that lasted for less are taken twice as many at a time,
CALM_SECS = 10.0  # and none is taken ahead any more when they lasted for longer than this.


class ConversationIds:
    def __init__(self, marks: MarkStore, clock: Clock) -> None:
        self._marks = marks
        self._clock = clock
        self._kept: list[int] = []
        self._ahead = 0
        self._taken_at = 0.0

    async def take(self, count: int) -> Sequence[int]:
        """Of so many new conversations. Raises Unavailable, also when there are no more."""
        taken, self._kept = self._kept[:count], self._kept[count:]
        if missing := count - len(taken):
            found = list(await self._marks.next_ids("conversation", missing + self._wanted_ahead(missing)))
            taken += found[:missing]
            self._kept += found[missing:]
        if max(taken) > MAX_CONVERSATION_ID:
            raise Unavailable("There is no room for another conversation.")
        return taken

    def _wanted_ahead(self, missing: int) -> int:
        now = self._clock.monotonic()
        lasted, self._taken_at = now - self._taken_at, now
        if lasted < BUSY_SECS:
            self._ahead = min(2 * self._ahead + missing, AHEAD)
        elif lasted > CALM_SECS:
            self._ahead = 0
        return self._ahead
