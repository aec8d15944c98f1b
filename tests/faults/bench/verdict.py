"""What the records prove: nothing acknowledged lost, nothing twice, nothing out of order, nothing nobody sent.

And of groups: nothing leaked to who was not a member, and nothing unread but what people said.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.bench.oracle import Record
from tests.faults.bench.spans import Span, Whose, span_at, spans

SHOWN = 5
COMINGS = {"added": True, "joined": True, "left": False, "removed": False}  # whether they are in it then


@dataclass
class Verdict:
    intended: int = 0
    acknowledged: int = 0
    delivered: int = 0
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)  # to who was not a member, or below their floor

    @property
    def faults(self) -> int:
        return sum(map(len, (self.lost, self.duplicated, self.out_of_order, self.phantom, self.leaked)))

    def assert_clean(self, least: int = 1) -> None:
        assert not self.faults, str(self) + self._examples()
        assert self.acknowledged >= least, f"only {self.acknowledged} acknowledged: this proves too little"

    def __str__(self) -> str:
        return (
            f"{self.intended} intended, {self.acknowledged} acknowledged, {self.stored} stored,"
            f" {self.delivered} delivered: {len(self.lost)} lost, {len(self.duplicated)} duplicated,"
            f" {len(self.out_of_order)} out of order, {len(self.phantom)} phantom, {len(self.leaked)} leaked"
        )

    def _examples(self) -> str:
        faults = {
            "lost": self.lost,
            "duplicated": self.duplicated,
            "out of order": self.out_of_order,
            "phantom": self.phantom,
            "leaked": self.leaked,
        }
        return "".join(f"\n{name}: {fault}" for name, found in faults.items() for fault in found[:SHOWN])


@dataclass
class _Run:
    """The records by what they are about. `acked` has the first acknowledgement of each."""

    by_kind: dict[str, list[Record]]
    intents: dict[str, Record]
    acked: dict[str, Record]
    spans: dict[Whose, list[Span]]
    readers: dict[str, Record]

    @property
    def deliveries(self) -> list[Record]:
        return self.by_kind["delivery"]

    @property
    def stored(self) -> list[Record]:
        return self.by_kind["stored"]

    def said(self, client_id: str) -> tuple[float, float] | None:
        """When it was first tried and when it was acknowledged; None for what is judged by no time."""
        intent, ack = self.intents.get(client_id), self.acked.get(client_id)
        return (intent["at"], ack["at"]) if intent is not None and ack is not None else None


def judge(records: Iterable[Record]) -> Verdict:
    by_kind: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_kind[record["kind"]].append(record)
    acked: dict[str, Record] = {}
    for ack in by_kind["ack"]:
        acked.setdefault(ack["client_id"], ack)
    intents = {intent["client_id"]: intent for intent in by_kind["intent"]}
    changes = sorted(by_kind["group"] + by_kind["changing"] + by_kind["changed"], key=lambda one: one["at"])
    readers = {reader["reader"]: reader for reader in by_kind["reader"]}
    run = _Run(by_kind, intents, acked, spans(changes), readers)
    deliveries, stored = run.deliveries, run.stored
    verdict = Verdict(len(intents), len(acked), len(deliveries), len(stored))
    _find_lost(verdict, run)
    _find_gaps(verdict, run)
    _find_duplicated(verdict, by_kind["ack"], deliveries, stored)
    _find_disorder(verdict, deliveries, stored)
    _find_phantoms(verdict, intents, deliveries, stored)
    _find_leaked(verdict, run)
    _find_untold(verdict, run)
    _find_miscounted(verdict, run)
    return verdict


def _find_lost(verdict: Verdict, run: _Run) -> None:
    """An acknowledged message must be in the history, and with every reader that was there before it was sent."""
    in_history = {message["client_id"] for message in run.stored}
    got = {(delivery["reader"], delivery["client_id"]) for delivery in run.deliveries}
    shown = {(record["user_id"], record["client_id"]) for record in run.by_kind["shown"]}
    of_user: dict[int, list[Record]] = defaultdict(list)
    for reader in run.readers.values():
        of_user[reader["user_id"]].append(reader)
    for client_id in run.acked:
        if client_id not in in_history:
            verdict.lost.append(f"{client_id} is not in the history")
        intent = run.intents[client_id]
        for user_id in _owed(run, intent):
            if intent["group"] and (user_id, client_id) not in shown:
                verdict.lost.append(
                    f"{client_id} is not in what {user_id} is shown of group {intent['group']}"
                )
            for reader in of_user[user_id]:
                if reader["at"] <= intent["at"] and (reader["reader"], client_id) not in got:
                    verdict.lost.append(f"{client_id} never reached {reader['reader']}")


def _owed(run: _Run, intent: Record) -> set[int]:
    """Of a group: who was a member before it was sent, and is one to the end."""
    if not intent["group"]:
        return {intent["sender_id"], intent["receiver_id"]}
    return {
        user_id
        for (conversation_id, user_id), mine in run.spans.items()
        if conversation_id == intent["group"]
        and mine[-1].inside
        and mine[-1].lasts
        and mine[-1].begin <= intent["at"]
    }


def _find_gaps(verdict: Verdict, run: _Run) -> None:
    """Who left in the end has all that was said while they were in it, up to the last of it that they have."""
    got: dict[tuple[str, int], set[int]] = defaultdict(set)
    for delivery in run.deliveries:
        got[delivery["reader"], delivery["conversation_id"]].add(delivery["seq"])
    acks: dict[int, list[Record]] = defaultdict(list)
    for client_id, ack in sorted(run.acked.items(), key=lambda one: run.intents[one[0]]["at"]):
        if run.intents[client_id]["group"]:
            acks[ack["conversation_id"]].append(ack)

    def tried(ack: Record) -> float:
        return float(run.intents[ack["client_id"]]["at"])

    for (conversation_id, user_id), mine in run.spans.items():
        readers = [reader for reader in run.readers.values() if reader["user_id"] == user_id]
        for span in mine:
            if not span.inside or span.lasts:
                continue
            all_said = acks[conversation_id]
            first, end = (bisect_left(all_said, at, key=tried) for at in (span.begin, span.end))
            said = [ack for ack in all_said[first:end] if _within(run, ack["client_id"], span)]
            for reader in readers:
                has = got[reader["reader"], conversation_id]
                due = {a["seq"] for a in said if reader["at"] <= run.intents[a["client_id"]]["at"]}
                last = max(due & has, default=0)
                verdict.lost += [
                    f"seq {seq} of group {conversation_id} never reached {reader['reader']}, who has {last}"
                    for seq in due - has
                    if seq < last
                ]


def _within(run: _Run, client_id: str, span: Span) -> bool:
    """Whether it was said in this time for certain."""
    said = run.said(client_id)
    return said is not None and span.holds(*said)


def _find_leaked(verdict: Verdict, run: _Run) -> None:
    """Nothing said while somebody was out for certain reaches them, nor is shown to them later.

    Of what they are shown when all is over nothing may be older than their last coming.
    """
    for delivery in run.deliveries:
        user_id = run.readers[delivery["reader"]]["user_id"]
        mine = run.spans.get((delivery["conversation_id"], user_id), ())
        said = run.said(delivery["client_id"])
        span = span_at(mine, said[0]) if said is not None else None
        if said is not None and span is not None and not span.inside and span.holds(*said):
            verdict.leaked.append(f"{delivery['client_id']} reached {delivery['reader']}, who was out of it")
    for record in run.by_kind["shown"]:
        mine = run.spans[record["conversation_id"], record["user_id"]]
        said = run.said(record["client_id"])
        if not mine[-1].inside:
            verdict.leaked.append(f"{record['client_id']} is shown to {record['user_id']}, who is out of it")
        elif said is not None and said[1] < mine[-1].asked:
            verdict.leaked.append(f"{record['client_id']} is shown to {record['user_id']} below their floor")


def _find_untold(verdict: Verdict, run: _Run) -> None:
    """The log of a group tells of each coming and going once."""
    told: Counter[tuple[int, int, bool]] = Counter()
    for message in run.stored:
        system = message["system"]
        if system is not None and system["type"] in COMINGS:
            for user_id in system["user_ids"]:
                told[message["conversation_id"], user_id, COMINGS[system["type"]]] += 1
    for (conversation_id, user_id), mine in run.spans.items():
        for inside in (True, False):
            due = sum(span.inside is inside for span in mine[1:])
            count = told[conversation_id, user_id, inside]
            what = f"that {user_id} {'came into' if inside else 'went out of'} group {conversation_id}"
            if count != due:
                found = verdict.lost if count < due else verdict.duplicated
                found.append(f"{what} {due} times is told {count} times")


def _find_miscounted(verdict: Verdict, run: _Run) -> None:
    """Unread of who never spoke is what others said and they are shown: of what nobody wrote nothing ever is."""
    spoke = {(intent["group"], intent["sender_id"]) for intent in run.intents.values()}
    due = Counter(
        (record["conversation_id"], record["user_id"])
        for record in run.by_kind["shown"]
        if record["system"] is None
    )
    for record in run.by_kind["unread"]:
        whose = record["conversation_id"], record["user_id"]
        if whose not in spoke and record["count"] != due[whose]:
            found = verdict.lost if record["count"] < due[whose] else verdict.phantom
            found.append(f"{whose[1]} has {record['count']} unread in group {whose[0]}, of {due[whose]}")


def _find_duplicated(
    verdict: Verdict, acks: list[Record], deliveries: list[Record], stored: list[Record]
) -> None:
    """One send is one message, under one id wherever it is seen; a poll gives it to a reader once."""
    ids: dict[str, set[int]] = defaultdict(set)
    for record in (*acks, *deliveries, *stored):
        ids[record["client_id"]].add(record["id"])
    verdict.duplicated += [
        f"{cid} is messages {sorted(found)}" for cid, found in ids.items() if len(found) > 1
    ]
    seen: set[tuple[str, int]] = set()
    for delivery in deliveries:
        key = (delivery["reader"], delivery["id"])
        if delivery["via"] == "poll" and key in seen:
            verdict.duplicated.append(f"{delivery['client_id']} reached {delivery['reader']} twice")
        if delivery["via"] == "poll":
            seen.add(key)


def _find_disorder(verdict: Verdict, deliveries: list[Record], stored: list[Record]) -> None:
    """Every reader sees a conversation's numbers rise, and the history has each number once, without a gap."""
    last: dict[tuple[str, int], int] = defaultdict(int)
    for delivery in deliveries:
        key = (delivery["reader"], delivery["conversation_id"])
        if delivery["via"] != "poll":
            continue
        if delivery["seq"] < last[key]:
            verdict.out_of_order.append(f"{delivery['reader']} got seq {delivery['seq']} after {last[key]}")
        last[key] = max(last[key], delivery["seq"])
    numbers: dict[int, list[int]] = defaultdict(list)
    for message in stored:
        numbers[message["conversation_id"]].append(message["seq"])
    for conversation_id, found in numbers.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            gap = next((n for n, seq in enumerate(sorted(found), 1) if n != seq), None)
            verdict.out_of_order.append(f"conversation {conversation_id} has no plain numbers from {gap} on")


def _find_phantoms(
    verdict: Verdict, intents: dict[str, Record], deliveries: list[Record], stored: list[Record]
) -> None:
    """Nothing is seen that nobody sent, that says something else, or that the history does not have."""
    in_history = {message["id"] for message in stored}
    for record in (*deliveries, *stored):
        intent = intents.get(record["client_id"])
        if record["system"] is not None:
            pass  # It was written by nobody.
        elif intent is None:
            verdict.phantom.append(f"{record['client_id']} was never sent")
        elif (intent["text"], intent["sender_id"]) != (record["text"], record["sender_id"]):
            verdict.phantom.append(f"{record['client_id']} is not what was sent")
        if record["kind"] == "delivery" and record["id"] not in in_history:
            verdict.phantom.append(f"{record['client_id']} was delivered, but the history does not have it")


def delays(records: Iterable[Record], since: float = 0.0, until: float = float("inf")) -> list[float]:
    """Seconds from acknowledged to received, of what was acknowledged in this time. Received first counts as 0."""
    acked: dict[str, float] = {}
    received: list[tuple[str, float]] = []
    for record in records:
        if record["kind"] == "ack" and since <= record["at"] <= until:
            acked[record["client_id"]] = record["at"]
        elif record["kind"] == "delivery":
            received.append((record["client_id"], record["at"]))
    return [max(0.0, at - acked[client_id]) for client_id, at in received if client_id in acked]


def percentile(values: Iterable[float], percent: float) -> float:
    ordered = sorted(values)
    assert ordered, "nothing was measured"
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
