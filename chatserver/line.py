"""Drafts that wait for a flush, in the order in which they came, and for the end of their time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from chatserver.clock import Clock
from chatserver.deadlines import Deadlines
from chatserver.draft import Draft
from chatserver.errors import Unavailable

MAX_WAITING = 2_000


class Line:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[int, deque[Draft]] = {}  # by conversation
        self._count = 0
        self._busy: set[int] = set()  # conversations that a flush has
        self._deadlines: Deadlines[Draft] = Deadlines(clock, Draft.expire)

    def __len__(self) -> int:
        """How many wait."""
        return self._count

    def add(self, draft: Draft) -> None:
        """Its answer comes at its deadline at the latest. Raises Unavailable when too many wait."""
        if self._count >= MAX_WAITING:
            raise Unavailable("Too many messages are waiting to be stored.")
        self._deadlines.add(draft, draft.answer, draft.deadline)
        self._waiting.setdefault(draft.conversation.id, deque()).append(draft)
        self._count += 1

    def add_again(self, drafts: list[Draft]) -> None:
        """Before all others of their conversation, in their order. Their time runs on."""
        for draft in reversed(drafts):
            self._waiting.setdefault(draft.conversation.id, deque()).appendleft(draft)
        self._count += len(drafts)

    def take(self, most: int) -> dict[int, list[Draft]]:
        """What may go now, by conversation: none that another flush has. `release` it afterwards."""
        runs: dict[int, list[Draft]] = {}
        now = self._clock.monotonic()
        for id in [id for id in self._waiting if id not in self._busy]:
            waiting = self._waiting[id]
            drafts: list[Draft] = []
            while waiting and len(drafts) < most:
                draft = waiting.popleft()
                self._count -= 1
                if draft.is_wanted(now):
                    drafts.append(draft)
            if not waiting:
                del self._waiting[id]
            if drafts:
                runs[id] = drafts
                most -= len(drafts)
            if not most:
                break
        self._busy.update(runs)
        return runs

    def release(self, conversation_ids: Iterable[int]) -> None:
        self._busy.difference_update(conversation_ids)

    def close(self) -> None:
        self._deadlines.close()
