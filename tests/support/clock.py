"""Time that passes only where a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chatserver.clock import Clock

BEGIN = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


class MovedClock(Clock):
    """Stands still until told to go on."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed
