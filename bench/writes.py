"""`python -m bench.writes URI SECS`: the two writes of a send and nothing else, by the bare driver in one thread.

They are the same commands that the server makes for one message in a flush of its own. What they take stands
between a send and its event whatever the server does, because an event is given only when its message is journaled.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from pymongo import MongoClient

from bench import machine, workloads
from bench.machine import Measured, quantile
from bench.people import FILLER, RUN
from bench.targets import Target
from chatserver.clock import Clock
from chatserver.model import Advance, Message, message_id
from chatserver.settings import Settings
from chatserver.storage import records
from chatserver.storage.driver import UNJOURNALED, Collection, Document
from chatserver.storage.gate import Gate
from chatserver.storage.inboxes import advancing


async def writes(target: Target, secs: float) -> Measured:
    """Beside what the mailbox takes for a whole delivery."""
    if not target.mongodb_uri:
        return await workloads.delivery(target, secs)
    command = [sys.executable, "-m", "bench.writes", target.mongodb_uri, str(secs)]
    with machine.window(target.processes) as window:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=machine.ROOT,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: machine.pin(machine.SERVER_CORE),
        )
        said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"bench.writes ended with {process.returncode}")
    # The writer is the stranger on the server's core here.
    return {**json.loads(said), "load_busy": window.cpu["load"] / window.secs, "foreign": 0.0}


def pairs(database: Any) -> dict[int, tuple[int, tuple[int, ...]]]:
    """conversation → head, members: of those who have written to one another."""
    members: dict[int, list[int]] = {}
    heads: dict[int, int] = {}
    for inbox in database.inboxes.find({}, {"heads": 1}):
        for id, head in inbox["heads"].items():
            members.setdefault(int(id), []).append(inbox["_id"])
            heads[int(id)] = head
    return {id: (heads[id], tuple(both)) for id, both in members.items() if len(both) == 2}


class Send:
    """What the server's own stores would have written."""

    def __init__(self, database: Any) -> None:
        gate = Gate(1, Clock())
        self._messages = Collection(database.messages, gate)
        self._inboxes = Collection(database.inboxes, gate)

    def commands(self, c: int, seq: int, members: tuple[int, ...], key: str) -> tuple[Document, Document]:
        sender = members[0]
        message = Message(message_id(c, seq), c, seq, sender, 0, key, FILLER, None, datetime.now(UTC))
        insert = self._messages.insertion(
            [records.message_document(message)], ordered=False, concern=UNJOURNALED
        )
        advance = Advance(c, seq, seq, members, {sender: 1}, is_direct=True)
        return insert, self._inboxes.updating(advancing([advance], {}))


def main(uri: str, secs: float) -> None:
    took: list[float] = []
    with MongoClient(uri, tz_aware=True) as client:
        database = client[Settings().mongodb_database]
        found, send = pairs(database), Send(database)
        turns = cycle(found)
        began = time.perf_counter()
        for number, moment in enumerate(workloads.moments(secs)):
            time.sleep(max(0.0, began + moment - time.perf_counter()))
            c = next(turns)
            head, members = found[c]
            found[c] = head + 1, members
            insert, update = send.commands(c, head + 1, members, f"{RUN}-writes-{number}")
            started = time.perf_counter()
            inserted, updated = database.command(insert), database.command(update)
            took.append(time.perf_counter() - started)
            if inserted["n"] != 1 or updated["n"] != len(members):
                raise RuntimeError(f"not written: {inserted} {updated}")
    print(json.dumps({"p50_ms": quantile(took, 0.5) * 1e3, "p99_ms": quantile(took, 0.99) * 1e3}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
