"""`make abuse`: all abuse tests in full, one table of what they tried and found.

ABUSE_SCALE shrinks (0.1) or stretches (5) the sizes of the test plan; arguments go to pytest. Atheris fuzzes beside
Schemathesis; what compares times runs alone after both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.abuse.bench.ledger import COUNTS, Row, kept

ROOT = Path(__file__).resolve().parents[2]
LEDGER, TABLE = ROOT / "build" / "abuse.jsonl", ROOT / "build" / "abuse.md"
PUBLISHED = ROOT / "docs" / "security-results.md"
FULL = "tests/abuse/full"
GROUPS = [
    [f"{FULL}/test_schemathesis.py", f"{FULL}/test_packages.py"],
    [f"{FULL}/browser"],
    ["tests/abuse", f"--ignore={FULL}"],
]
INTRODUCTION = """# What the abuse tests found

`make abuse` writes this page: a run of every test below, by their numbers in the test plan. A refusal (4xx, 501, or a
503 with `Retry-After`) is what abuse should get; everything else counts as a server error, a violation or a leak, and all
three have to be zero. Latencies are ratios to a calm measurement in the same run.
"""


def main() -> int:
    scale = os.environ.setdefault("ABUSE_SCALE", "1")
    os.environ["ABUSE_LEDGER"] = str(LEDGER)
    LEDGER.parent.mkdir(exist_ok=True)
    LEDGER.unlink(missing_ok=True)
    begun = time.monotonic()
    fuzzer = pytest_of([f"{FULL}/test_fuzz.py"])
    codes = []
    try:
        for group in GROUPS:
            if group is GROUPS[-1]:
                codes.append(fuzzer.wait())
            codes.append(pytest_of(group).wait())
    finally:
        if fuzzer.poll() is None:
            fuzzer.terminate()
    text = table(kept(LEDGER), (time.monotonic() - begun) / 60, scale)
    TABLE.write_text(text)
    if len(sys.argv) == 1:  # the whole of it, in whatever size
        PUBLISHED.write_text(f"{INTRODUCTION}\n{text}")
    print(text)
    return int(any(code not in (0, 5) for code in codes))


def pytest_of(paths: list[str]) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        "--tb=short",
        "-p",
        "no:schemathesis",
        *paths,
        *sys.argv[1:],
    ]
    return subprocess.Popen(command, cwd=ROOT)


def table(rows: list[Row], minutes: float, scale: str) -> str:
    totals = {count: sum(getattr(row, count) for row in rows) for count in COUNTS}
    failed = [row for row in rows if row.outcome not in ("passed", "skipped")]
    head = (
        f"{totals['cases']:,} cases, {totals['server_errors']} server errors, {totals['violations']} violations,"
        f" {totals['leaks']} leaks; {len(rows)} tests, {len(failed)} failed; {minutes:.0f} minutes, scale {scale},"
        f" {time.strftime('%Y-%m-%d')}."
    )
    lines = [
        head,
        "",
        "| test | cases | 5xx | violations | leaks | s | figures |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        name = row.test.removeprefix("test_").replace("_", " ")
        note = "" if row.outcome == "passed" else f"**{row.outcome.upper()}** "
        figures = "; ".join(row.figures).replace("|", "/")
        counts = f"{row.cases:,} | {row.server_errors} | {row.violations} | {row.leaks} | {row.secs:.0f}"
        lines.append(f"| {name} | {counts} | {note}{figures} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
