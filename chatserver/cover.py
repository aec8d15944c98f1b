"""A write that waits for no majority itself, because one that follows it in the same term does.

A term has one primary, and that one log: when a majority has journaled the later write, it has the earlier one. In any
other case nothing is known of the earlier one.
"""

from __future__ import annotations

from chatserver.errors import Unavailable


class Cover:
    """The terms in which the earlier writes went into the log; None is one that the database did not name."""

    __slots__ = ("terms",)

    def __init__(self) -> None:
        self.terms: set[int | None] = set()

    def check(self, term: int | None) -> None:
        """`term` is that of the later write, which a majority has. Raises Unavailable when it covers nothing."""
        if term is None or self.terms != {term}:
            raise Unavailable("Another primary took over between two writes.")
