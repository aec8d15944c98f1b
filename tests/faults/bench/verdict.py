"""What the records prove: nothing acknowledged lost, nothing twice, nothing out of order, nothing nobody sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.bench.oracle import Record

SHOWN = 5


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

    @property
    def faults(self) -> int:
        return len(self.lost) + len(self.duplicated) + len(self.out_of_order) + len(self.phantom)

    def assert_clean(self, least: int = 1) -> None:
        assert not self.faults, str(self) + self._examples()
        assert self.acknowledged >= least, f"only {self.acknowledged} acknowledged: this proves too little"

    def __str__(self) -> str:
        return (
            f"{self.intended} intended, {self.acknowledged} acknowledged, {self.stored} stored,"
            f" {self.delivered} delivered: {len(self.lost)} lost, {len(self.duplicated)} duplicated,"
            f" {len(self.out_of_order)} out of order, {len(self.phantom)} phantom"
        )

    def _examples(self) -> str:
        faults = {
            "lost": self.lost,
            "duplicated": self.duplicated,
            "out of order": self.out_of_order,
            "phantom": self.phantom,
        }
        return "".join(f"\n{name}: {fault}" for name, found in faults.items() for fault in found[:SHOWN])


def judge(records: Iterable[Record]) -> Verdict:
    by_kind: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_kind[record["kind"]].append(record)
    intents = {intent["client_id"]: intent for intent in by_kind["intent"]}
    acks, deliveries, stored = by_kind["ack"], by_kind["delivery"], by_kind["stored"]
    verdict = Verdict(len(intents), len({a["client_id"] for a in acks}), len(deliveries), len(stored))
    _find_lost(verdict, intents, acks, deliveries, stored, by_kind["reader"])
    _find_duplicated(verdict, acks, deliveries, stored)
    _find_disorder(verdict, deliveries, stored)
    _find_phantoms(verdict, intents, deliveries, stored)
    return verdict


def _find_lost(
    verdict: Verdict,
    intents: dict[str, Record],
    acks: list[Record],
    deliveries: list[Record],
    stored: list[Record],
    readers: list[Record],
) -> None:
    """An acknowledged message must be in the history, and with every reader that was there before it was sent."""
    in_history = {message["client_id"] for message in stored}
    got = {(delivery["reader"], delivery["client_id"]) for delivery in deliveries}
    of_user: dict[int, list[Record]] = defaultdict(list)
    for reader in readers:
        of_user[reader["user_id"]].append(reader)
    for client_id in dict.fromkeys(ack["client_id"] for ack in acks):
        if client_id not in in_history:
            verdict.lost.append(f"{client_id} is not in the history")
        intent = intents[client_id]
        for user_id in {intent["sender_id"], intent["receiver_id"]}:
            for reader in of_user[user_id]:
                if reader["at"] <= intent["at"] and (reader["reader"], client_id) not in got:
                    verdict.lost.append(f"{client_id} never reached {reader['reader']}")


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
        if intent is None:
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
