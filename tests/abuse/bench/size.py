"""The same test in two sizes: short in `make test`, whole in `make abuse`; ABUSE_SCALE shrinks or stretches that."""

from __future__ import annotations

import os

SCALE = float(os.environ.get("ABUSE_SCALE") or 0)  # 0: the short form
FULL = SCALE > 0
# How much later than in calm the machine itself may make an answer; the short form, beside anything, judges no time.
SLACK_SECS = 0.1 if FULL else 60.0


def sized(short: int, full: int) -> int:
    return max(short, round(full * SCALE)) if FULL else short
