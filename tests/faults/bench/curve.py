"""What a long run leaves behind: one server that nothing kills, and the database, looked at again and again."""

from __future__ import annotations

import statistics
import time
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient

from tests.support.server import ServerProcess

MIB = 1 << 20
LINES = 20  # of the table, however long the run was
HEAD = "| minute | resident MiB | open files | threads | oplog MiB | words bytes/message | tasks waiting | messages |"


@dataclass(frozen=True)
class Point:
    minute: float
    resident_mib: float
    open_files: int
    threads: int
    oplog_mib: float
    words_per_message: float  # bytes of the word index
    tasks: int  # that wait, or are tried again, for the host
    messages: int


@dataclass
class Curve:
    server: ServerProcess
    uri: str
    database: str
    points: list[Point] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    def look(self) -> Point:
        """One more point. It blocks, and the database must be there."""
        assert self.server.process is not None
        process = psutil.Process(self.server.process.pid)
        client: MongoClient[Any]
        with MongoClient(self.uri) as client:
            database, local = client[self.database], client["local"]
            # What a killed mongod says of sizes and counts without looking is wrong for a while.
            messages = database["messages"].count_documents({})
            weighed = database["pages"].aggregate(
                [{"$group": {"_id": 1, "size": {"$sum": {"$bsonSize": "$$ROOT"}}}}]
            )
            words = sum(one["size"] for one in weighed)
            oplog = local.command("collStats", "oplog.rs")["size"]
            tasks = database["tasks"].count_documents({"state": "waiting"})
        point = Point(
            (time.monotonic() - self._begun) / 60,
            process.memory_info().rss / MIB,
            process.num_fds(),
            process.num_threads(),
            oplog / MIB,
            words / max(1, messages),
            tasks,
            messages,
        )
        self.points.append(point)
        return point

    def rise(self, of: str) -> float:
        """By how much it rose in the second half, by the straight line through it: a start is no leak.

        A run of two points is too short to tell.
        """
        half = self.points[len(self.points) // 2 :]
        if len(half) < 2:
            return 0.0
        minutes = [point.minute for point in half]
        slope = statistics.linear_regression(minutes, [getattr(point, of) for point in half]).slope
        return slope * (minutes[-1] - minutes[0])

    def keep(self, path: Path) -> None:
        """Markdown: LINES points, as far apart as the run is long."""
        step = max(1, len(self.points) // LINES)
        lines = [HEAD, "|" + "--:|" * HEAD.count(" | ") + "--:|"]
        for point in [*self.points[:-1:step], self.points[-1]]:
            lines.append("| " + " | ".join(f"{value:,.0f}" for value in astuple(point)) + " |")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
