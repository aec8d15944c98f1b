"""`python -m bench.growth`: what a send, an idle re-poll and a delivery cost beside little and beside much of everything.

Each size has a fresh server and a fresh database. The exponent is the slope of log cost over log size: 0 says that a
cost does not grow, 1 that it grows as fast as what there is.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pymongo import MongoClient

from bench import machine, polls, report, workloads
from bench.group import group
from bench.machine import Measured
from bench.report import Columns, columns_table, put
from bench.targets import ours
from chatserver.model import Message, message_id, split_message_id
from chatserver.storage import records

RESULTS = machine.ROOT / "build" / "bench-growth.json"
PEOPLE = 1_000
SENDS_SECS = 3.0
ROUNDS = 3
IDLE_SECS = 15.0
CHUNK = 5_000
OLD = datetime(2026, 1, 1, tzinfo=UTC)  # of what is planted: long before any sweeper looks


async def held_polls(size: int) -> Measured:
    target = await ours(size)
    try:
        return await polls.crowd(target, IDLE_SECS, size)
    finally:
        target.stop()


async def history(size: int) -> Measured:
    """All sends go into one conversation that has so many messages already."""
    return await beside(size, plant_history, active=2, connections=2)


async def registered(size: int) -> Measured:
    """A thousand people send while so many have accounts."""
    return await beside(size, plant_people, active=PEOPLE, connections=32)


async def beside(size: int, plant: Callable[[str, int], None], active: int, connections: int) -> Measured:
    target = await ours(PEOPLE)
    try:
        await workloads.prepare(target)
        await asyncio.to_thread(plant, target.mongodb_uri, size)
        del target.people[active:]
        rounds = [await workloads.sends(target, SENDS_SECS, connections) for _ in range(ROUNDS)]
    finally:
        target.stop()
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


async def members(size: int) -> Measured:
    return await group(size, 10)


def plant_history(uri: str, size: int) -> None:
    """Messages between the first two people, and both inboxes moved past them, as if they had been read long ago."""
    with MongoClient(uri) as client:
        chat = client.chatserver
        [first] = chat.messages.find({"sender_id": {"$in": [1, 2]}}).sort("_id", -1).limit(1)
        c, head = split_message_id(int(first["_id"]))
        insert(chat.messages, (_message(c, seq) for seq in range(head + 1, head + size + 1)))
        moved = {f"heads.{c}": head + size, f"reads.{c}": head + size}
        chat.inboxes.update_many({"_id": {"$in": [1, 2]}}, {"$set": moved})


def _message(c: int, seq: int) -> dict[str, Any]:
    sender, text = (
        1 + seq % 2,
        f"WaitingSends {seq} of a long conversation, of ordinary length, as people write them.",
    )
    return records.message_document(
        Message(message_id(c, seq), c, seq, sender, sender, f"old-{seq}", text, None, OLD)
    )


def plant_people(uri: str, size: int) -> None:
    """People who never come: accounts and inboxes made after those of the first thousand."""
    with MongoClient(uri) as client:
        chat = client.chatserver
        for noun, unique in (("users", ("username", "username_key")), ("inboxes", ())):
            pattern = chat[noun].find_one({"_id": 1})
            insert(chat[noun], _copies(pattern, unique, range(PEOPLE + 1, size + 1)))


def _copies(pattern: dict[str, Any], unique: Sequence[str], ids: Iterable[int]) -> Iterator[dict[str, Any]]:
    return ({**pattern, "_id": id, **{name: f"person{id}" for name in unique}} for id in ids)


def insert(collection: Any, documents: Iterable[dict[str, Any]]) -> None:
    planted, begun = 0, time.monotonic()
    rest = iter(documents)
    while chunk := list(islice(rest, CHUNK)):
        collection.insert_many(chunk, ordered=False)
        planted += len(chunk)
        if time.monotonic() - begun > 2:
            print(f"\r  {planted:,} {collection.name}", end="", flush=True)
    print("\r" + " " * 40 + "\r", end="")


@dataclass(frozen=True)
class Part:
    measure: Callable[[int], Awaitable[Measured]]
    size: str
    sizes: tuple[int, ...]
    columns: Columns
    straight: str = ""  # a metric that may grow with the size, and should do no more than that


SENDS: Columns = (
    ("server CPU µs a send", "server_cpu_us"),
    ("mongod CPU µs a send", "mongod_cpu_us"),
    ("p50 ms", "p50_ms"),
    ("failed", "failures"),
)
PARTS = {
    "polls": Part(
        held_polls,
        "held polls",
        (100, 1_000, 10_000),
        (
            ("server CPU µs an idle re-poll", "server_cpu_us"),
            ("KB a poll", "kb_per_poll"),
            ("failed", "failures"),
        ),
    ),
    "history": Part(history, "messages in the conversation", (10, 10_000, 5_000_000), SENDS),
    "users": Part(registered, "accounts", (1_000, 100_000, 1_000_000), SENDS),
    "members": Part(
        members,
        "members of the group, all polling",
        (10, 100, 1_000),
        (
            ("server CPU µs a delivery", "delivery_cpu_us"),
            ("stored ms", "stored_ms"),
            ("the last has it ms", "last_p50_ms"),
            ("failed", "failures"),
        ),
        straight="last_p50_ms",
    ),
}


def exponent(rows: Sequence[Measured], metric: str) -> float:
    """Least squares on the logarithms."""
    sizes, costs = ([math.log(row[name]) for row in rows] for name in ("size", metric))
    return statistics.linear_regression(sizes, costs).slope


def shown(part: Part, rows: Sequence[Measured]) -> str:
    columns = [(part.size, "size"), *part.columns]
    costs = [(heading, metric) for heading, metric in part.columns if metric != "failures"]
    grown = ", ".join(f"{heading}: {exponent(rows, metric):.2f}" for heading, metric in costs)
    for heading, metric in costs:
        if metric == part.straight:
            slope, start = statistics.linear_regression(*([r[n] for r in rows] for n in ("size", metric)))
            grown += f". As a straight line, {heading}: {start:.1f} + {slope:.3f} for each"
    return f"{columns_table(columns, rows)}\n\nExponents: {grown}."


def draw(results: dict[str, list[Measured]]) -> list[str]:
    """The picture's place in the document. None without matplotlib."""
    try:
        from matplotlib import pyplot
    except ImportError:
        return []
    path = report.DOCUMENT.parent / "images" / "performance" / "growth.png"
    figure, axes = pyplot.subplots(1, len(results), figsize=(3.2 * len(results), 3), squeeze=False)
    for (name, rows), axis in zip(results.items(), axes[0], strict=True):
        for heading, metric in PARTS[name].columns:
            if metric != "failures":
                axis.loglog([row["size"] for row in rows], [row[metric] for row in rows], "o-", label=heading)
        axis.set_xlabel(PARTS[name].size, fontsize=7)
        axis.legend(fontsize=6)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    return [f"![growth]({path.relative_to(report.DOCUMENT.parent)})"]


async def run(chosen: Sequence[str]) -> dict[str, list[Measured]]:
    results: dict[str, list[Measured]] = {}
    for name in chosen:
        part = PARTS[name]
        results[name] = []
        for size in part.sizes:
            measured = {"size": size, **await part.measure(size)}
            print(f"{name} {report.shown(measured)}", flush=True)
            results[name].append(measured)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="these parts only")
    options = parser.parse_args()
    machine.raise_open_files()
    machine.pin(machine.LOAD_CORE)
    results = asyncio.run(run(options.only))
    kept = report.keep(results, RESULTS)
    results = {name: kept[name] for name in PARTS if name in kept}
    tables = [shown(PARTS[name], rows) for name, rows in results.items()]
    print("\n" + "\n\n".join(tables))
    made = f"Measured {time.strftime('%Y-%m-%d', time.gmtime())} on {machine.describe()}."
    put("growth", [*tables, made, *draw(results)])


if __name__ == "__main__":
    main()
