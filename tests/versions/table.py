"""What was run on which version, when, and with what end: a table in the documentation that every run goes on with."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from pathlib import Path

BEGIN, END = "<!-- versions: begin -->", "<!-- versions: end -->"
HEAD = "| version | suite | passed | date |\n|---|---|---|---|\n"


def outcome(report: Path) -> tuple[str, bool]:
    """How a suite ended by the report that pytest left, and whether all was well."""
    if not report.exists():
        return "**did not run**", False
    (suite,) = xml.parse(report).getroot().iter("testsuite")
    count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    bad = count["failures"] + count["errors"]
    passed = max(0, count["tests"] - bad - count["skipped"])
    more = [f"**{bad} failed**"] if bad else []
    more += [f"{count['skipped']} skipped"] if count["skipped"] else []
    return ", ".join([f"{passed} of {count['tests']}", *more]), not bad and passed > 0


def put(document: Path, version: str, suite: str, passed: str, date: str) -> None:
    """A row in place of the one of the same version and suite, between the document's two marks."""
    text = document.read_text() if document.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    rows = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0] != "version" and not cells[0].startswith("-"):
            rows[cells[0], cells[1]] = cells
    rows[version, suite] = [version, suite, passed, date]
    lines = "".join(f"| {' | '.join(cells)} |\n" for cells in rows.values())
    document.parent.mkdir(exist_ok=True)
    document.write_text(f"{before}{BEGIN}\n{HEAD}{lines}{END}{after}")
