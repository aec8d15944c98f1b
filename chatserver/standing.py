"""Where an inbox is known to stand, for an update that is to find it there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """Known at `at` (monotonic). `stamp` tells whether anything has rung since."""

    epoch: str
    version: int
    at: float
    stamp: int
