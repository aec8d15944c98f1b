"""How much a long work in the background takes at once: little, and with rests, while people send."""

from __future__ import annotations

from collections.abc import Callable

from chatserver.clock import Clock

MOST = 1_000  # of whatever it works on, a step
FEW = 50  # a step, while people send
REST = 4.0  # times what a step took, and then nothing for so long
MOST_REST_SECS = 2.0
STAYS_BUSY_SECS = 1.0  # after the last send that was seen


class Pace:
    def __init__(self, clock: Clock, sent: Callable[[], int]) -> None:
        """`sent`: how many messages this node has stored for people who chat."""
        self._clock = clock
        self._sent = sent
        self._seen = sent()
        self._busy_until = 0.0
        self._began = clock.monotonic()

    async def step(self) -> int:
        """How much the next step may take, after as long a rest as the last one has earned."""
        now, sent = self._clock.monotonic(), self._sent()
        if sent != self._seen:
            self._seen, self._busy_until = sent, now + STAYS_BUSY_SECS
        is_busy = now < self._busy_until
        if is_busy:
            await self._clock.sleep(min(MOST_REST_SECS, REST * (now - self._began)))
        self._began = self._clock.monotonic()
        return FEW if is_busy else MOST
