"""A write that waits for no majority itself, because one that follows it in the same term does.

A term has one primary, and that one log: when a majority has journaled the later write, it has the earlier one. In any
other case nothing is known of the earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from chatserver.clock import Clock
from chatserver.draft import Draft
from chatserver.errors import Unavailable
from chatserver.standing import Standing

log = structlog.get_logger(__name__)

# From before the earlier write to the answer of the later one. In less, no other primary takes over from one that died
# and none comes back: so no inbox gets ahead of a log that lost its end.
COVER_SECS = 0.4
SURE_SECS = 5.0  # after one that failed


@dataclass(slots=True)
class FollowUp:
    """The later write, to go out behind the earlier one without a word of ours in between.

    `reached` is how many inboxes it advanced, once it covers; None also when it was not sent.
    """

    command: dict[str, Any]
    claims: Mapping[int, Standing]
    reached: int | None = None


class Cover:
    """Made before the earlier writes are sent.

    `terms` are those in which they went into the log; None is one that the database did not name. With a `follow_up`
    there is one earlier write only.
    """

    __slots__ = ("_clock", "_until", "follow_up", "terms")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = clock.monotonic() + COVER_SECS
        self.terms: set[int | None] = set()
        self.follow_up: FollowUp | None = None

    def secs(self) -> float:
        """How long the later write may take. Raises Unavailable when none could cover the earlier ones."""
        left = self._until - self._clock.monotonic()
        if left <= 0 or len(self.terms) != 1 or None in self.terms:
            raise Unavailable("The messages were not written in time, or not by one primary.")
        return left

    def check(self, term: int | None) -> None:
        """`term` is that of the later write, which a majority has. Raises Unavailable when it covers nothing."""
        if self.terms != {term}:
            raise Unavailable("Another primary took over between two writes.")

    def fail(self, error: Exception) -> None:
        """The later write may have been made or not: from here on it covers nothing."""
        self.terms.add(None)
        if not isinstance(error, Unavailable):
            log.error("the write behind the messages failed", exc_info=error)


class Covers:
    """Whether a fan-out may stand for the append: it must follow at once, and nothing be known to be wrong."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sure_until = 0.0

    def make(self, drafts: Iterable[Draft]) -> Cover | None:
        """None when the append of these has to wait for a majority itself."""
        if self._clock.monotonic() < self._sure_until:
            return None
        plain = all(draft.conversation.kind == "direct" and not draft.in_doubt for draft in drafts)
        return Cover(self._clock) if plain else None

    def failed(self) -> None:
        self._sure_until = self._clock.monotonic() + SURE_SECS
