"""Sends that wait for a flush, in the order in which they came, and for the end of their time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from chatserver.clock import Clock
from chatserver.deadlines import Deadlines
from chatserver.errors import Unavailable
from chatserver.sending.send import Send

MAX_WAITING = 2_000


class WaitingSends:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[int, deque[Send]] = {}  # by conversation
        self._count = 0
        self._busy: set[int] = set()  # conversations that a flush has
        self._deadlines: Deadlines[Send] = Deadlines(clock, Send.expire)

    def __len__(self) -> int:
        """How many wait."""
        return self._count

    def add(self, send: Send) -> None:
        """Its answer comes at its deadline at the latest. Raises Unavailable when too many wait."""
        if self._count >= MAX_WAITING:
            raise Unavailable("Too many messages are waiting to be stored.")
        self._deadlines.add(send, send.answer, send.deadline)
        self._waiting.setdefault(send.conversation.id, deque()).append(send)
        self._count += 1

    def add_again(self, sends: list[Send]) -> None:
        """Before all others of their conversation, in their order. Their time runs on."""
        for send in reversed(sends):
            self._waiting.setdefault(send.conversation.id, deque()).appendleft(send)
        self._count += len(sends)

    def take(self, most: int) -> dict[int, list[Send]]:
        """What may go now, by conversation: none that another flush has. `release` it afterwards."""
        runs: dict[int, list[Send]] = {}
        now = self._clock.monotonic()
        for id in [id for id in self._waiting if id not in self._busy]:
            waiting = self._waiting[id]
            sends: list[Send] = []
            while waiting and len(sends) < most:
                send = waiting.popleft()
                self._count -= 1
                if send.is_wanted(now):
                    sends.append(send)
            if not waiting:
                del self._waiting[id]
            if sends:
                runs[id] = sends
                most -= len(sends)
            if not most:
                break
        self._busy.update(runs)
        return runs

    def release(self, conversation_ids: Iterable[int]) -> None:
        self._busy.difference_update(conversation_ids)

    def close(self) -> None:
        self._deadlines.close()
