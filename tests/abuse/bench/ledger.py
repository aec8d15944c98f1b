"""What the abuse tests tried and found: one row a test; __main__.py makes the table of them."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

COUNTS = ("cases", "server_errors", "violations", "leaks")


@dataclass
class Row:
    """Everything but `cases` has to stay zero; a 503 with Retry-After is an honest refusal and no server error."""

    test: str
    cases: int = 0
    server_errors: int = 0
    violations: int = 0
    leaks: int = 0
    outcome: str = ""
    secs: float = 0.0
    figures: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def saw(self, status: int, what: str = "", *, retry_after: bool = True) -> None:
        """One case and its answer; status 0 is a closed connection."""
        self.cases += 1
        self.statuses[f"{status // 100}xx" if status else "closed"] += 1
        if status >= 500 and status != 501 and not (status == 503 and retry_after):
            self.server_errors += 1
            self.note(f"{status}: {what}")

    def violation(self, what: str) -> None:
        self.violations += 1
        self.note(what)

    def leak(self, what: str) -> None:
        self.leaks += 1
        self.note(what)

    def note(self, example: str) -> None:
        if len(self.examples) < 20:
            self.examples.append(example[:600])

    def show(self, figure: str) -> None:
        print(figure, flush=True)
        self.figures.append(figure)

    def assert_clean(self) -> None:
        found = self.server_errors + self.violations + self.leaks
        assert not found, f"{found} of {self.cases}:\n" + "\n".join(self.examples)


def keep(row: Row) -> None:
    """For the table of `make abuse`; the short form keeps nothing."""
    if path := os.environ.get("ABUSE_LEDGER"):
        with Path(path).open("a") as file:
            file.write(json.dumps(vars(row)) + "\n")


def kept(path: Path) -> list[Row]:
    rows = [Row(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []
    return sorted(
        rows, key=lambda row: (row.test[5], int("0" + "".join(c for c in row.test[6:8] if c.isdigit())))
    )
