"""The table of `make versions` says what happened, and keeps what other runs said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.versions import table


@pytest.mark.parametrize(
    ("counts", "told", "well"),
    [
        ('tests="3" failures="0" errors="0" skipped="0"', "3 of 3", True),
        ('tests="5" failures="1" errors="1" skipped="1"', "2 of 5, **2 failed**, 1 skipped", False),
        ('tests="0" failures="0" errors="0" skipped="0"', "0 of 0", False),
    ],
)
def test_a_suite_is_well_when_something_passed_and_nothing_failed(
    tmp_path: Path, counts: str, told: str, well: bool
) -> None:
    report = tmp_path / "report.xml"
    report.write_text(f"<testsuites><testsuite {counts}/></testsuites>")

    assert table.outcome(report) == (told, well)


def test_a_suite_that_left_no_report_did_not_run(tmp_path: Path) -> None:
    assert table.outcome(tmp_path / "none.xml") == ("**did not run**", False)


def test_a_row_takes_the_place_of_its_own_only_and_the_text_around_stays(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text(f"before\n{table.BEGIN}\n{table.END}\nafter\n")

    table.put(document, "Python 3.12.1", "unit", "1 of 2, **1 failed**", "2026-11-30")
    table.put(document, "Python 3.12.1", "api", "7 of 7", "2026-11-30")
    table.put(document, "Python 3.12.1", "unit", "2 of 2", "2026-12-01")

    assert document.read_text() == (
        f"before\n{table.BEGIN}\n{table.HEAD}"
        "| Python 3.12.1 | unit | 2 of 2 | 2026-12-01 |\n"
        "| Python 3.12.1 | api | 7 of 7 | 2026-11-30 |\n"
        f"{table.END}\nafter\n"
    )


def test_a_table_is_begun_where_there_is_none(tmp_path: Path) -> None:
    table.put(tmp_path / "build" / "versions.md", "MongoDB 8.0.17", "backup", "9 of 9", "2026-11-30")

    assert "| MongoDB 8.0.17 | backup | 9 of 9 |" in (tmp_path / "build" / "versions.md").read_text()
