"""When each person was in a group for certain, when they were out of it for certain, and when that was changing."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.faults.bench.oracle import Record

Whose = tuple[int, int]  # conversation and user
FOR_EVER = float("inf")


@dataclass
class Span:
    """From the answer to one change to the first try of the next. `asked`: when the first was first tried."""

    inside: bool
    asked: float
    begin: float
    end: float = FOR_EVER

    def holds(self, first: float, last: float) -> bool:
        return self.begin <= first and last <= self.end

    @property
    def lasts(self) -> bool:
        return self.end == FOR_EVER


def span_at(mine: Sequence[Span], moment: float) -> Span | None:
    """The last that had begun by then. `mine` are one person's in one group, as `spans` gives them."""
    at = bisect_right(mine, moment, key=lambda span: span.begin)
    return mine[at - 1] if at else None


def spans(records: Iterable[Record]) -> dict[Whose, list[Span]]:
    """In the order of time. Of everybody who ever was a member; before that they were out of it."""
    found: dict[Whose, list[Span]] = defaultdict(list)
    asked: dict[Whose, float] = {}
    for record in records:
        if record["kind"] == "group":
            for user_id in record["user_ids"]:
                found[record["conversation_id"], user_id].append(Span(True, record["at"], record["at"]))
        elif record["kind"] == "changing":
            whose = record["conversation_id"], record["user_id"]
            asked[whose] = record["at"]
            found[whose][-1].end = record["at"]
        elif record["kind"] == "changed":
            whose = record["conversation_id"], record["user_id"]
            found[whose].append(Span(record["inside"], asked[whose], record["at"]))
    return found
