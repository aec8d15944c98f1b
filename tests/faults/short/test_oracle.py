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


CID, GROUP = 3, 8


def of_group(seq: int, system: str = "", **other: Any) -> dict[str, Any]:
    told = {"type": system, "actor_id": ANN, "user_ids": [CID], "value": None} if system else None
    sender_id = 0 if system else ANN
    where = {"id": GROUP << 23 | seq, "conversation_id": GROUP, "sender_id": sender_id}
    return message(seq, f"g{seq}", **where, system=told, **other)


class GroupRun:
    """Ann's group, in which Bob stays. Cid has 2 and 3, is removed (4) before 5, comes back (6), and has 7 and 8."""

    def __init__(self, path: Path) -> None:
        self.oracle = Oracle(path)
        self.oracle.group(GROUP, [ANN, BOB, CID])
        for name, user_id in (("ann", ANN), ("bob", BOB), ("cid", CID)):
            self.oracle.reader(name, user_id)
        self.log = [of_group(1, "created"), of_group(4, "removed"), of_group(6, "added")]
        self.got: dict[str, list[int]] = {
            "ann": [2, 3, 4, 5, 6, 7, 8],
            "bob": [2, 3, 4, 5, 6, 7, 8],
            "cid": [2, 3, 7, 8],
        }
        self.shown = {ANN: list(range(1, 9)), BOB: list(range(1, 9)), CID: [7, 8]}
        self.unread = {BOB: 5, CID: 2}

    def say(self, *seqs: int) -> None:
        for seq in seqs:
            self.oracle.intend(f"g{seq}", ANN, 0, f"text of g{seq}", group=GROUP)
            self.oracle.acknowledge(f"g{seq}", 201, of_group(seq), 1)
            self.log.append(of_group(seq))

    def verdict(self) -> Verdict:
        self.say(2, 3)
        self.oracle.changing(GROUP, CID)
        self.oracle.changed(GROUP, CID, False)
        self.say(5)
        self.oracle.changing(GROUP, CID)
        self.oracle.changed(GROUP, CID, True)
        self.say(7, 8)
        by_seq = {message["seq"]: message for message in self.log}
        for reader, seqs in self.got.items():
            for seq in seqs:
                self.oracle.deliver(reader, by_seq[seq])
        for one in self.log:
            self.oracle.store(one)
        for user_id, seqs in self.shown.items():
            for seq in seqs:
                self.oracle.show(user_id, by_seq[seq])
        for user_id, count in self.unread.items():
            self.oracle.count_unread(user_id, GROUP, count)
        return judge(self.oracle.records())


@pytest.fixture
def group_run(tmp_path: Path) -> Any:
    made = GroupRun(tmp_path / "records.jsonl")
    yield made
    made.oracle.close()


def test_who_was_out_of_a_group_is_owed_nothing_of_it(group_run: GroupRun) -> None:
    group_run.verdict().assert_clean(least=5)
    assert group_run.oracle.missing == 0


def test_what_a_leaver_has_not_got_by_then_may_never_come(group_run: GroupRun) -> None:
    group_run.got["cid"] = [2, 7, 8]
    group_run.verdict().assert_clean(least=5)
    assert group_run.oracle.missing == 0


IN_GROUPS: list[tuple[str, str, Callable[[GroupRun], Any]]] = [
    ("lost", "who stays lacks one", lambda run: run.got["bob"].remove(5)),
    ("lost", "who left lacks one before their last", lambda run: run.got["cid"].remove(2)),
    ("lost", "who came back lacks one", lambda run: run.got["cid"].remove(7)),
    ("lost", "who came back is not shown one", lambda run: run.shown[CID].remove(7)),
    ("lost", "nobody is told of a coming", lambda run: forget(run, 6)),
    ("lost", "less is unread than was said", lambda run: run.unread.update({BOB: 4})),
    ("duplicated", "one reader got it twice", lambda run: run.got["cid"].append(8)),
    ("duplicated", "a going is told twice", lambda run: run.log.append(of_group(9, "removed"))),
    ("out_of_order", "a reader saw 8 before 7", lambda run: run.got["bob"].reverse()),
    ("phantom", "what nobody wrote is unread", lambda run: run.unread.update({BOB: 6})),
    ("leaked", "one who was out got it", lambda run: run.got["cid"].insert(2, 5)),
    ("leaked", "one is shown what is below their floor", lambda run: run.shown[CID].insert(0, 3)),
]


def forget(run: GroupRun, seq: int) -> None:
    run.log = [one for one in run.log if one["seq"] != seq]
    for seqs in (*run.got.values(), *run.shown.values()):
        seqs[:] = [one for one in seqs if one != seq]


@pytest.mark.parametrize(("kind", "what", "plant"), IN_GROUPS, ids=[what for _, what, _ in IN_GROUPS])
def test_a_fault_planted_in_a_group_is_found(
    group_run: GroupRun, kind: str, what: str, plant: Callable[[GroupRun], Any]
) -> None:
    plant(group_run)
    verdict = group_run.verdict()
    assert getattr(verdict, kind), f"{what}: {verdict}"


def test_what_is_shown_to_who_is_out_is_leaked(group_run: GroupRun) -> None:
    group_run.verdict()
    group_run.oracle.changing(GROUP, CID)
    group_run.oracle.changed(GROUP, CID, False)
    assert judge(group_run.oracle.records()).leaked


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
