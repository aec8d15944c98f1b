"""When something that failed is tried again: as Standard Webhooks has it, ten attempts over 75 hours."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

MINUTE, HOUR = 60.0, 3600.0
# Seconds after the first attempt, after the second, …
WAITS = (5.0, 5 * MINUTE, 30 * MINUTE, *(hours * HOUR for hours in (2, 5, 10, 14, 20, 24)))
JITTER = 0.2
LONGEST_SECS = 24 * HOUR
GIVEN_UP_AFTER = timedelta(days=5)  # of failure an endpoint is disabled


def next_attempt(made: int, asked_secs: float, now: datetime) -> datetime | None:
    """After so many attempts; not sooner than the other side asked for. None when it was the last."""
    if made > len(WAITS):
        return None
    wait = WAITS[made - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    return now + timedelta(seconds=max(wait, min(asked_secs, LONGEST_SECS)))


def asked_wait(fields: Mapping[str, str], now: datetime) -> float:
    """The seconds that `Retry-After` asks for, as a number or a date; 0 where it says nothing that can be read."""
    text = next((value for name, value in fields.items() if name.lower() == "retry-after"), "")[:64].strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
