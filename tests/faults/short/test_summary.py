"""The figures of a run find their place, and a control's losses are nobody's."""

from __future__ import annotations

from pathlib import Path

from tests.faults.bench.summary import Summary
from tests.faults.bench.verdict import Verdict


def run_of_two() -> Summary:
    made = Summary()
    made.row("test_A10_an_older_copy").add(Verdict(acknowledged=5, delivered=10))
    made.row("test_A2_without_the_journal[x]").add(Verdict(acknowledged=7, lost=["one"]))
    made.row("test_A2_without_the_journal[x]").control = True
    made.row("test_A10_an_older_copy").figures.append("told within 1 s")
    return made


def test_a_control_counts_for_nothing_but_is_shown() -> None:
    text = run_of_two().text()
    assert "5 acknowledged, 10 delivered, 0 lost" in text
    assert "| A10 an older copy | 5 | 10 | 0 |" in text
    assert "| A2 without the journal (x) | 7 | 0 | 1 |" in text


def test_a_document_gets_the_figures_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n")
    for _ in range(2):
        run_of_two().publish(document)
    text = document.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "old\n" not in text and text.count("told within 1 s") == 1
