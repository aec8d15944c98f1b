"""The oracle writes down what was intended, acknowledged and delivered, one JSON line each, and never looks back.

What identifies a message is the `client_id` its sender made up: it exists before any server has heard of it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Oracle:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", buffering=1 << 16)
        self.acknowledged = 0
        self._users: dict[int, list[str]] = {}  # user → readers
        self._sent: dict[str, tuple[int, ...]] = {}  # client_id → who is owed it
        self._groups: dict[int, set[int]] = {}  # group → who is in it for certain
        self._changes: Counter[int] = Counter()  # group → comings and goings
        self._into: dict[str, int] = {}  # client_id → the group it was said in
        self._missing: set[tuple[str, str]] = set()  # (reader, client_id) acknowledged, not delivered
        self._early: set[tuple[str, str]] = set()

    def reader(self, reader: str, user_id: int) -> None:
        """From now on this device must get everything from and to its user."""
        self._users.setdefault(user_id, []).append(reader)
        self._write("reader", reader=reader, user_id=user_id)

    def intend(self, client_id: str, sender_id: int, receiver_id: int, text: str, group: int = 0) -> None:
        """`group`: what is sent into a group has no receiver."""
        self._sent[client_id] = tuple(self._groups[group]) if group else (sender_id, receiver_id)
        if group:
            self._into[client_id] = group
        who = {"sender_id": sender_id, "receiver_id": receiver_id, "group": group}
        self._write("intent", client_id=client_id, text=text, **who)

    def group(self, conversation_id: int, user_ids: list[int]) -> None:
        """These are its members, from now on."""
        self._groups[conversation_id] = set(user_ids)
        self._write("group", conversation_id=conversation_id, user_ids=user_ids)

    def changing(self, conversation_id: int, user_id: int) -> None:
        """From now on nobody knows whether they are in it, and what they do not have may never come."""
        self._groups[conversation_id].discard(user_id)
        for client_id, who in self._sent.items():
            if self._into.get(client_id) == conversation_id:
                self._sent[client_id] = tuple(id for id in who if id != user_id)
        readers = set(self._users.get(user_id, ()))
        self._missing -= {
            (reader, client_id)
            for reader, client_id in self._missing
            if reader in readers and self._into.get(client_id) == conversation_id
        }
        self._write("changing", conversation_id=conversation_id, user_id=user_id)

    def changed(self, conversation_id: int, user_id: int, inside: bool) -> None:
        """From now on they are in it, or out of it, for certain."""
        self._changes[conversation_id] += 1
        if inside:
            self._groups[conversation_id].add(user_id)
        self._write("changed", conversation_id=conversation_id, user_id=user_id, inside=inside)

    def changes(self, conversation_id: int) -> int:
        """How often somebody came or went since the beginning, which counts as one more."""
        return 1 + self._changes[conversation_id]

    def acknowledge(self, client_id: str, status: int, message: Record, tries: int) -> None:
        self.acknowledged += client_id in self._sent  # once: a repeat may be acknowledged again
        self.owe(client_id)
        self._write("ack", client_id=client_id, status=status, tries=tries, **_facts(message))

    def owe(self, client_id: str) -> None:
        """From now on `missing` counts it until every reader has it of those who were members all the time."""
        for user_id in set(self._sent.pop(client_id, ())):
            for reader in self._users.get(user_id, ()):
                pair = (reader, client_id)
                if pair in self._early:
                    self._early.discard(pair)
                else:
                    self._missing.add(pair)

    def deliver(self, reader: str, message: Record, via: str = "poll") -> None:
        """`via`: poll, or history for what was paged after a cursor had expired."""
        pair = (reader, message["client_id"])
        if pair in self._missing:
            self._missing.discard(pair)
        else:
            self._early.add(pair)
        self._write("delivery", reader=reader, via=via, client_id=message["client_id"], **_facts(message))

    def store(self, message: Record) -> None:
        """Read back from the history when all is over."""
        self._write("stored", client_id=message["client_id"], **_facts(message))

    def show(self, user_id: int, message: Record) -> None:
        """In the history of a group, as this person is shown it when all is over."""
        self._write("shown", user_id=user_id, client_id=message["client_id"], **_facts(message))

    def count_unread(self, user_id: int, conversation_id: int, count: int) -> None:
        """What this person is told when all is over."""
        self._write("unread", user_id=user_id, conversation_id=conversation_id, count=count)

    def note(self, what: str) -> float:
        """Something was done to the servers; its moment on the clock of all records."""
        return self._write("note", what=what)

    @property
    def missing(self) -> int:
        """Deliveries still due for what has been acknowledged."""
        return len(self._missing)

    def records(self) -> list[Record]:
        self._file.flush()
        return list(read(self.path))

    def close(self) -> None:
        self._file.close()

    def _write(self, kind: str, **facts: Any) -> float:
        at = time.monotonic()
        self._file.write(json.dumps({"kind": kind, "at": at, **facts}) + "\n")
        return at


def read(path: Path) -> Iterator[Record]:
    with path.open() as lines:
        for line in lines:
            yield json.loads(line)


def _facts(message: Record) -> Record:
    return {
        "id": message["id"],
        "conversation_id": message["conversation_id"],
        "seq": message["seq"],
        "sender_id": message["sender_id"],
        "text": message["message"],
        "system": message.get("system"),
    }
