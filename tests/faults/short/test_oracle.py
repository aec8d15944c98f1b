"""The bench can see what it looks for: every kind of fault, planted, is found, and an innocent run is let go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.bench.oracle import Oracle
from tests.faults.bench.verdict import Verdict, delays, judge, percentile

ANN, BOB = 1, 2
CONVERSATION = 7


def message(seq: int, client_id: str = "", **other: Any) -> dict[str, Any]:
    id = CONVERSATION << 23 | seq
    said = {"client_id": client_id or f"c{seq}", "message": f"text of {client_id or f'c{seq}'}"}
    return {"id": id, "conversation_id": CONVERSATION, "seq": seq, "sender_id": ANN, **said, **other}


class Run:
    """A run of three messages from Ann to Bob, both read on one device."""

    def __init__(self, path: Path) -> None:
        self.oracle = Oracle(path)
        self.oracle.reader("ann", ANN)
        self.oracle.reader("bob", BOB)
        for seq in (1, 2, 3):
            self.oracle.intend(f"c{seq}", ANN, BOB, f"text of c{seq}")
        for seq in (1, 2, 3):
            self.oracle.acknowledge(f"c{seq}", 201, message(seq), 1)
        self.delivered = {
            "ann": [message(1), message(2), message(3)],
            "bob": [message(1), message(2), message(3)],
        }
        self.stored = [message(1), message(2), message(3)]

    def verdict(self) -> Verdict:
        for reader, messages in self.delivered.items():
            for one in messages:
                self.oracle.deliver(reader, one)
        for one in self.stored:
            self.oracle.store(one)
        return judge(self.oracle.records())


@pytest.fixture
def run(tmp_path: Path) -> Any:
    made = Run(tmp_path / "records.jsonl")
    yield made
    made.oracle.close()


def test_a_run_without_fault_is_clean(run: Run) -> None:
    verdict = run.verdict()
    verdict.assert_clean(least=3)
    assert (verdict.intended, verdict.acknowledged, verdict.delivered, verdict.stored) == (3, 3, 6, 3)
    assert run.oracle.missing == 0


def test_what_was_sent_but_never_acknowledged_may_be_stored_or_not(run: Run) -> None:
    run.oracle.intend("in doubt", ANN, BOB, "text of in doubt")
    run.oracle.intend("refused", ANN, BOB, "text of refused")
    run.stored.append(message(4, "in doubt"))
    run.delivered["bob"].append(message(4, "in doubt"))
    run.verdict().assert_clean()


def test_what_was_read_in_the_history_after_a_reset_may_come_again_by_poll(run: Run) -> None:
    run.oracle.deliver("bob", message(3), via="history")
    run.verdict().assert_clean()


def test_a_reader_that_came_late_is_owed_only_what_came_after(run: Run) -> None:
    run.oracle.reader("bob's new phone", BOB)
    run.verdict().assert_clean()


PLANTED: list[tuple[str, str, Callable[[Run], Any]]] = [
    ("lost", "one reader never got it", lambda run: run.delivered["bob"].pop(1)),
    ("lost", "the history does not have it", lambda run: run.stored.pop()),
    ("duplicated", "one reader got it twice", lambda run: run.delivered["bob"].append(message(3))),
    ("duplicated", "one send was stored twice", lambda run: run.stored.append(message(4, "c3"))),
    ("duplicated", "a repeat was answered with another id", lambda run: again(run, 5)),
    ("out_of_order", "a reader saw 3 before 2", lambda run: run.delivered["bob"].reverse()),
    ("out_of_order", "the history has a hole", lambda run: skip_a_number(run)),
    ("phantom", "nobody sent it", lambda run: run.delivered["bob"].append(message(4, "ghost"))),
    ("phantom", "it says something else", lambda run: run.stored.__setitem__(0, message(1, message="no"))),
    ("phantom", "it was delivered and then taken back", lambda run: take_back(run)),
]


def again(run: Run, seq: int) -> None:
    run.oracle.acknowledge("c3", 200, message(seq, "c3"), 2)


def skip_a_number(run: Run) -> None:
    run.oracle.intend("c5", ANN, BOB, "text of c5")
    run.stored.append(message(5))


def take_back(run: Run) -> None:
    run.oracle.intend("c4", ANN, BOB, "text of c4")
    run.delivered["bob"].append(message(4))


@pytest.mark.parametrize(("kind", "what", "plant"), PLANTED, ids=[what for _, what, _ in PLANTED])
def test_a_planted_fault_is_found(run: Run, kind: str, what: str, plant: Callable[[Run], Any]) -> None:
    plant(run)
    verdict = run.verdict()
    assert getattr(verdict, kind), f"{what}: {verdict}"
    with pytest.raises(AssertionError, match=kind.replace("_", " ")):
        verdict.assert_clean()


def test_too_few_messages_prove_nothing(run: Run) -> None:
    with pytest.raises(AssertionError, match="proves too little"):
        run.verdict().assert_clean(least=4)


def test_delays_run_from_acknowledged_to_received_and_never_below_nothing(run: Run) -> None:
    run.verdict()
    found = delays(run.oracle.records())
    assert len(found) == 6
    assert min(found) >= 0.0
    assert percentile([1, 2, 3, 4], 99) == 4
    assert percentile([1, 2, 3, 4], 50) == 3
