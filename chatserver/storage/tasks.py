"""Work for later: {_id, key, line, place, event, about, at, due_at, attempts, state, lease, lease_until, tries, ends_at}.

A lease says who works at it; what came of it is taken from nobody else. One whose holder froze is worked at by another,
so a step may happen twice. Those that are over go by themselves at `ends_at`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Attempt, Task, TaskEnd, last_places
from chatserver.storage.driver import Collection, Document
from chatserver.storage.script import Script

DONE_KEPT, DEAD_KEPT = timedelta(days=3), timedelta(days=30)
MOST_TRIES = 12  # kept of one task
SLICE = 1_000
DUPLICATE = 11000


class TaskStore:
    def __init__(self, collection: Collection, clock: Clock) -> None:
        self._tasks = collection
        self._clock = clock

    async def add(self, tasks: Sequence[Task]) -> None:
        """Those that are there already stay as they are. Raises Unavailable, also for a part: it may be repeated."""
        for start in range(0, len(tasks), SLICE):
            await self._tasks.run("insert", self._adding(tasks[start : start + SLICE]))

    def _adding(self, tasks: Sequence[Task]) -> Script[None]:
        reply = yield self._tasks.insertion([_document(task) for task in tasks], ordered=False)
        failed = [failure for failure in reply.get("writeErrors", ()) if failure["code"] != DUPLICATE]
        if failed or "writeConcernError" in reply:
            metrics.MONGODB_ERRORS.inc()
            raise Unavailable("The database did not take all of it.")

    async def due(self, key: str, now: datetime, limit: int, but: Sequence[int], poison: bool) -> list[Task]:
        """The first of them by their time, whoever works at them, of other lines than these."""
        wanted = _due(key, now, but, poison)
        return [_task(doc) for doc in await self._tasks.find(wanted, sort=[("due_at", 1)], limit=limit)]

    async def due_and_ahead(
        self, key: str, now: datetime, limit: int, but: Sequence[int], poison: bool, most_ahead: int
    ) -> tuple[list[Task], list[Task]]:
        """What is due, and what goes before that in its lines."""
        commands = partial(self._looking, key, _due(key, now, but, poison), limit, most_ahead)
        return await self._tasks.run_reads("find", commands)

    def _looking(
        self, key: str, due: Document, limit: int, most_ahead: int
    ) -> Script[tuple[list[Task], list[Task]]]:
        first = {**self._tasks.reading(due, {}, "majority"), "sort": {"due_at": 1}, "limit": limit}
        found = [_task(doc) for doc in (yield first)["cursor"]["firstBatch"]]
        places = last_places(found)
        if not places:
            return found, []
        before = self._tasks.reading(_before(key, places), {}, "majority")
        reply = yield {**before, "sort": {"line": 1, "place": 1}, "limit": most_ahead}
        return found, [_task(doc) for doc in reply["cursor"]["firstBatch"]]

    async def ahead(self, key: str, places: Mapping[int, int], limit: int) -> list[Task]:
        """line → place: those that go before. One that is poison holds up nobody."""
        order = [("line", 1), ("place", 1)]
        return [_task(doc) for doc in await self._tasks.find(_before(key, places), sort=order, limit=limit)]

    async def leased_lines(self, key: str, lines: Iterable[int], now: datetime, lease: str) -> set[int]:
        """Those at which somebody works under another lease than this."""
        of_lines = {"key": key, "state": "waiting", "line": {"$in": list(lines)}}
        wanted = {**of_lines, "lease_until": {"$gt": now}, "lease": {"$ne": lease}}
        return {doc["line"] for doc in await self._tasks.find(wanted, {"line": 1})}

    async def lease(self, ids: Sequence[str], lease: str, now: datetime, until: datetime) -> set[str]:
        """Those that are free, or the lease's already, are the lease's now, and told."""
        is_free: list[Document] = [{"lease_until": {"$not": {"$gt": now}}}, {"lease": lease}]
        free = {"_id": {"$in": list(ids)}, "state": "waiting", "$or": is_free}
        change = {"$set": {"lease": lease, "lease_until": until}}
        taken = await self._tasks.update([{"q": free, "u": change, "multi": True}])
        if taken["nModified"] == len(ids):
            return set(ids)
        mine = {"_id": {"$in": list(ids)}, "lease": lease, "lease_until": until}
        return {doc["_id"] for doc in await self._tasks.find(mine, {"_id": 1})}

    async def finish(self, key: str, ends: Mapping[str, TaskEnd], lease: str | None) -> int:
        """What came of each by its id, under this lease where one is named; how many were still waiting for it."""
        wanted: Document = {"key": key, "state": "waiting", **({"lease": lease} if lease is not None else {})}
        updates = [{"q": {"_id": id, **wanted}, "u": self._ended(end)} for id, end in ends.items()]
        return int((await self._tasks.update(updates))["nModified"]) if updates else 0

    def _ended(self, end: TaskEnd) -> Document:
        said: Document = {"state": end.state}
        if end.state != "waiting":
            said["ends_at"] = self._clock.now() + (DONE_KEPT if end.state == "done" else DEAD_KEPT)
        if end.error is not None:
            said["error"] = end.error
        if end.own_time is not None:
            said |= {"poison": True, "due_at": end.own_time}
        update: Document = {"$set": said, "$unset": {"lease": "", "lease_until": ""}}
        if (tried := end.tried) is not None:
            update["$inc"] = {"attempts": 1}
            update["$push"] = {"tries": {"$each": [asdict(tried)], "$slice": -MOST_TRIES}}
        return update

    async def let_go(self, ids: Sequence[str], lease: str) -> None:
        mine = {"_id": {"$in": list(ids)}, "lease": lease}
        await self._tasks.update_many(mine, {"$unset": {"lease": "", "lease_until": ""}})

    async def hasten(self, ids: Sequence[str], now: datetime) -> None:
        """Due now, those that would have been later."""
        await self._tasks.update_many({"_id": {"$in": list(ids)}}, {"$min": {"due_at": now}})

    async def list(self, key: str, states: Sequence[str], before: datetime | None, limit: int) -> list[Task]:
        """The newest first."""
        wanted: Document = {"key": key, "state": {"$in": list(states)}}
        if before is not None:
            wanted["due_at"] = {"$lt": before}
        return [_task(doc) for doc in await self._tasks.find(wanted, sort=[("due_at", -1)], limit=limit)]

    async def one(self, key: str, event_id: str) -> Task | None:
        found = await self._tasks.find_one({"_id": f"{event_id}:{key.partition(':')[2]}", "key": key})
        return _task(found) if found else None

    async def about(self, key: str, name: str, value: Any) -> Task | None:
        """The newest one about this."""
        found = await self._tasks.find({"key": key, f"about.{name}": value}, sort=[("at", -1)], limit=1)
        return _task(found[0]) if found else None

    async def note(
        self,
        key: str,
        event_id: str,
        about: Mapping[str, Any],
        *,
        lease: str | None = None,
        until: datetime | None = None,
        due_at: datetime | None = None,
    ) -> Task | None:
        """What more it is about; a lease lasts `until`, or it is due then. None when it is over, or not the lease's."""
        wanted = {"_id": f"{event_id}:{key.partition(':')[2]}", "key": key, "state": "waiting"}
        said: Document = {f"about.{name}": value for name, value in about.items()}
        if lease is not None:
            wanted["lease"], said["lease_until"] = lease, until
        if due_at is not None:
            said["due_at"] = due_at
        found = await self._tasks.find_one_and_update(wanted, {"$set": said}, after=True)
        return _task(found) if found else None

    async def waiting(self, key: str, most: int) -> int:
        """It stops counting at `most`."""
        ends: list[Document] = [{"$limit": most}, {"$count": "n"}]
        found = await self._tasks.aggregate([{"$match": {"key": key, "state": "waiting"}}, *ends])
        return int(found[0]["n"]) if found else 0

    async def bury(self, key: str, count: int, now: datetime, error: str) -> int:
        """The oldest that wait are dead. At most SLICE at a time."""
        found = await self._tasks.find(
            {"key": key, "state": "waiting"}, {"_id": 1}, sort=[("due_at", 1)], limit=min(count, SLICE)
        )
        change = {"$set": {"state": "dead", "error": error, "ends_at": now + DEAD_KEPT}}
        ids = [doc["_id"] for doc in found]
        done = await self._tasks.update_many({"_id": {"$in": ids}, "state": "waiting"}, change)
        return int(done.modified_count)

    async def again(
        self, key: str, states: Sequence[str], since: datetime, until: datetime
    ) -> tuple[int, datetime | None]:
        """Those that are over wait anew, SLICE at a time: how many, and where to go on; None at the end."""
        wanted = {"key": key, "state": {"$in": list(states)}, "at": {"$gte": since, "$lt": until}}
        found = await self._tasks.find(wanted, {"at": 1}, sort=[("at", 1)], limit=SLICE)
        fresh: Document = {"state": "waiting", "due_at": "$at", "attempts": 0}
        gone = ["ends_at", "poison", "error", "lease", "lease_until"]
        ids = {"_id": {"$in": [doc["_id"] for doc in found]}}
        await self._tasks.update_many(ids, [{"$set": fresh}, {"$unset": gone}])
        return len(found), found[-1]["at"] if len(found) == SLICE else None

    async def remove(self, key: str) -> int:
        """SLICE at a time: how many there were."""
        found = await self._tasks.find({"key": key}, {"_id": 1}, limit=SLICE)
        return await self._tasks.delete_many({"_id": {"$in": [doc["_id"] for doc in found]}}) if found else 0


def _due(key: str, now: datetime, but: Sequence[int], poison: bool) -> Document:
    wanted: Document = {"key": key, "state": "waiting", "due_at": {"$lte": now}}
    if but:
        wanted["line"] = {"$nin": list(but)}
    if not poison:
        wanted["poison"] = {"$exists": False}
    return wanted


def _before(key: str, places: Mapping[int, int]) -> Document:
    lines = [{"line": line, "place": {"$lt": place}} for line, place in places.items()]
    return {"key": key, "state": "waiting", "poison": {"$exists": False}, "$or": lines}


def _document(task: Task) -> Document:
    return {
        "_id": task.id,
        "key": task.key,
        "line": task.line,
        "place": task.place,
        "event": task.event,
        "about": dict(task.about),
        "at": task.at,
        "due_at": task.due_at,
        "state": task.state,
    }


def _task(document: Document) -> Task:
    get = document.get
    tries = (Attempt(t["at"], t["status"], t["ms"], t["error"], t["text"]) for t in get("tries", ()))
    about: dict[str, Any] = {k: int(v) if isinstance(v, int) else v for k, v in document["about"].items()}
    return Task(
        id=document["_id"],
        key=document["key"],
        line=int(document["line"]),
        place=int(document["place"]),
        event=document["event"],
        about=about,
        at=document["at"],
        due_at=document["due_at"],
        attempts=get("attempts", 0),
        state=document["state"],
        is_poison=get("poison", False),
        tries=tuple(tries),
        error=get("error"),
    )
