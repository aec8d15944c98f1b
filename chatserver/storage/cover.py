"""A write that waits for no majority itself, because one that follows it in the same term does.

A term has one primary, and that one log: when a majority has journaled the later write, it has the earlier one. In any
other case nothing is known of the earlier one.
"""

from __future__ import annotations

from typing import Any

import pymongo

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.storage.script import Script

Document = dict[str, Any]

DUPLICATE = 11000  # MongoDB's code for a key that is there already
# From before the earlier write to the answer of the later one. In less, no other primary takes over from one that died
# and none comes back: so no inbox gets ahead of a log that lost its end.
COVER_SECS = 0.4


SURE_SECS = 5.0  # For so long after a cover that failed every write waits for its own majority.


class Covers:
    """Whether covers work now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sure_until = 0.0

    def take(self) -> Cover | None:
        """None when every write has to wait for a majority itself."""
        return Cover(self._clock) if self._clock.monotonic() >= self._sure_until else None

    def failed(self) -> None:
        """The later write of one of them was not made."""
        self._sure_until = self._clock.monotonic() + SURE_SECS


class Cover:
    """Make it before the earlier writes are sent."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = clock.monotonic() + COVER_SECS
        self._terms: set[int | None] = set()

    @property
    def is_needed(self) -> bool:
        """Whether anything was written that only a later write makes sure."""
        return bool(self._terms)

    def note(self, reply: Document) -> None:
        """This is what the database answered to one of the earlier writes."""
        self._terms.add(_term(reply))

    def write(self, command: Document) -> Script[Document]:
        """Send the later write. Raises Unavailable when it would come too late, or was of another term."""
        with pymongo.timeout(self._secs()):
            reply = sure((yield command))
        if self._terms != {_term(reply)}:
            raise Unavailable("Another primary took over between two writes.")
        return reply

    def _secs(self) -> float:
        """How long the later write may take. Raises Unavailable when none could cover the earlier ones."""
        left = self._until - self._clock.monotonic()
        if left <= 0 or len(self._terms) != 1 or None in self._terms:
            raise Unavailable("What belongs together was not written in time, or not by one primary.")
        return left


def sure(reply: Document) -> Document:
    """The reply to an update. Raises Unavailable unless all of it was taken, in the way that was asked."""
    if "writeErrors" in reply or "writeConcernError" in reply:
        metrics.MONGODB_ERRORS.inc()
        raise Unavailable("The database did not take all of it.")
    return reply


def repeated(reply: Document) -> list[int]:
    """What of an unordered write had a key that was there already. Raises Unavailable when it failed otherwise."""
    failures = reply.get("writeErrors", ())
    if "writeConcernError" in reply or any(failure["code"] != DUPLICATE for failure in failures):
        metrics.MONGODB_ERRORS.inc()
        raise Unavailable("The database did not take all of it.")
    return [failure["index"] for failure in failures]


def _term(reply: Document) -> int | None:
    """The term of the primary which made a write; None from where there is none, as behind a mongos."""
    found: int | None = reply.get("opTime", {}).get("t")
    return found
