"""The figures of a whole run: one row for each test, shown at the end, kept in build/, and put into the docs if asked."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.faults.bench.verdict import Verdict

COUNTS = ("acknowledged", "delivered", "lost", "duplicated", "out_of_order", "phantom", "leaked")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass
class Row:
    """What one test did. A control is meant to lose messages, so its counts are nobody's total."""

    test: str
    control: bool = False
    outcome: str = ""
    secs: float = 0.0
    acknowledged: int = 0
    delivered: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    phantom: int = 0
    leaked: int = 0
    figures: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        self.acknowledged += verdict.acknowledged
        self.delivered += verdict.delivered
        self.lost += len(verdict.lost)
        self.duplicated += len(verdict.duplicated)
        self.out_of_order += len(verdict.out_of_order)
        self.phantom += len(verdict.phantom)
        self.leaked += len(verdict.leaked)

    @property
    def title(self) -> str:
        """`test_A1_ten_kills…[x]` → `A1 ten kills… (x)`."""
        name, _, variant = self.test.removeprefix("test_").partition("[")
        return name.replace("_", " ") + (f" ({variant.rstrip(']')})" if variant else "")


class Summary:
    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self._begun = time.monotonic()

    def row(self, test: str) -> Row:
        return self.rows.setdefault(test, Row(test))

    def took(self, test: str, secs: float, outcome: str) -> None:
        """One phase of a test that has a row; a failure stands whatever follows."""
        row = self.rows.get(test)
        if row is not None:
            row.secs += secs
            row.outcome = outcome if row.outcome in ("", "passed") else row.outcome

    def total(self, count: str) -> int:
        return sum(getattr(row, count) for row in self.rows.values() if not row.control)

    def text(self) -> str:
        """Markdown, readable as it is."""
        totals = ", ".join(f"{self.total(count):,} {count.replace('_', ' ')}" for count in COUNTS)
        failed = sum(row.outcome == "failed" for row in self.rows.values())
        minutes = (time.monotonic() - self._begun) / 60
        lines = [f"In all: {totals}. {len(self.rows)} tests, {failed} failed, {minutes:.1f} minutes.", ""]
        for control, heading in ((False, "test"), (True, "control (what is missing must show)")):
            rows = [row for row in self.rows.values() if row.control is control]
            if not rows:
                continue
            lines.append(
                f"| {heading} | acknowledged | delivered | lost | twice | order | phantom | leaked | s | figures |"
            )
            lines.append("|---|--:|--:|--:|--:|--:|--:|--:|--:|---|")
            for row in sorted(rows, key=lambda row: _rank(row.test)):
                counts = " | ".join(f"{getattr(row, count):,}" for count in COUNTS)
                failure = "**FAILED** " if row.outcome == "failed" else ""
                lines.append(
                    f"| {row.title} | {counts} | {row.secs:.0f} | {failure}{'; '.join(row.figures)} |"
                )
            lines.append("")
        return "\n".join(lines)

    def keep(self, directory: Path, name: str = "faults") -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{name}.md"
        path.write_text(self.text())
        rows = [asdict(row) for row in self.rows.values()]
        (directory / f"{name}.json").write_text(json.dumps(rows, indent=1))
        return path

    def publish(self, document: Path) -> None:
        """Between the two marks of a document, in place of the figures of an earlier run."""
        text = document.read_text()
        assert BEGIN in text and END in text, f"{document} has no place for figures"
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        document.write_text(f"{before}{BEGIN}\n{self.text()}{END}{after}")


def _rank(test: str) -> tuple[str, int, str]:
    """A1, A2, … A10, B1, …; what has no such name comes last."""
    found = re.match(r"test_([A-G])(\d+)_", test)
    return (found[1], int(found[2]), test) if found else ("~", 0, test)
