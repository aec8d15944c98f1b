"""Bells on their way to a broker that cannot take them now. Bounded: the oldest bell is the least interesting."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from chatserver.bus.topology import BELL_TTL_SECS

MAX_BELLS = 2000
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parcel:
    """One bell, ready to send."""

    keys: tuple[str, ...]
    body: bytes
    at: float

    @property
    def size_bytes(self) -> int:
        return len(self.body) + sum(map(len, self.keys))


class Outbox:
    def __init__(self) -> None:
        self._parcels: deque[Parcel] = deque()
        self.size_bytes = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._parcels)

    def put(self, parcel: Parcel) -> None:
        self._parcels.append(parcel)
        self.size_bytes += parcel.size_bytes
        while len(self._parcels) > MAX_BELLS or self.size_bytes > MAX_BYTES:
            self._pop()
            self.dropped += 1

    def take(self, now: float) -> Parcel | None:
        """The oldest bell still worth ringing: one that waited too long would show someone typing who has long gone."""
        while self._parcels:
            parcel = self._pop()
            if now - parcel.at <= BELL_TTL_SECS:
                return parcel
            self.dropped += 1
        return None

    def clear(self) -> None:
        self.dropped += len(self._parcels)
        self._parcels.clear()
        self.size_bytes = 0

    def _pop(self) -> Parcel:
        parcel = self._parcels.popleft()
        self.size_bytes -= parcel.size_bytes
        return parcel
