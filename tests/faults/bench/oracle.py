"""The oracle writes down what was intended, acknowledged and delivered, one JSON line each, and never looks back.

What identifies a message is the `client_id` its sender made up: it exists before any server has heard of it.
"""

from __future__ import annotations

import json
import time
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
        self._sent: dict[str, tuple[int, int]] = {}
        self._missing: set[tuple[str, str]] = set()  # (reader, client_id) acknowledged, not delivered
        self._early: set[tuple[str, str]] = set()

    def reader(self, reader: str, user_id: int) -> None:
        """From now on this device must get everything from and to its user."""
        self._users.setdefault(user_id, []).append(reader)
        self._write("reader", reader=reader, user_id=user_id)

    def intend(self, client_id: str, sender_id: int, receiver_id: int, text: str) -> None:
        self._sent[client_id] = (sender_id, receiver_id)
        self._write("intent", client_id=client_id, sender_id=sender_id, receiver_id=receiver_id, text=text)

    def acknowledge(self, client_id: str, status: int, message: Record, tries: int) -> None:
        self.acknowledged += client_id in self._sent  # once: a repeat may be acknowledged again
        self.owe(client_id)
        self._write("ack", client_id=client_id, status=status, tries=tries, **_facts(message))

    def owe(self, client_id: str) -> None:
        """From now on `missing` counts it until every reader of both members has it."""
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
    }
