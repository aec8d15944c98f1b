"""Long work that the host asks for: a task each, which keeps how far it got in what it is about.

| `about`     | what it says                                                                   |
|-------------|--------------------------------------------------------------------------------|
| open        | still being given: nobody works at it                                          |
| cancelled   | whoever works at it takes back what can be taken back                          |
| phase       | what is being done; `done` of `total` steps of it are                          |
| errors      | the first of those that were found, `error_count` how many there were          |
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Collection, Mapping
from datetime import timedelta
from typing import Any, Protocol

from chatserver.clock import Clock
from chatserver.errors import (
    Conflict,
    Forbidden,
    IdempotencyConflict,
    Invalid,
    LimitReached,
    NotFound,
    Unavailable,
)
from chatserver.guard.scopes import JOB_SCOPES, require
from chatserver.model import JOBS, Bell, JobPart, Task
from chatserver.ports import Bus, Stores
from chatserver.sending.feed import BELL

PART_BYTES, PART_LINES, PARTS = 8 << 20, 10_000, 1_000
WAITING = 100  # jobs
OPEN_FOR = timedelta(days=7)  # then one that was not committed is forgotten
PARTS_KEPT = timedelta(days=30)
ERRORS = 100
AT_ONCE = 2  # parts being taken: each keeps a processor busy and some megabytes
COMING = 8  # parts on their way in, which lie in memory: 64 MiB of them in a process


class JobFailed(Exception):
    """It cannot be done, however often it is tried. `detail` is for the host."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Work(Protocol):
    """One kind of job. What each step yields is kept, and given again to whoever goes on: it must tell where to.

    A step may happen twice, and takes seconds at most. Steps raise Unavailable, and JobFailed.
    """

    def steps(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]: ...
    def undo(self, job: Task) -> AsyncGenerator[Mapping[str, Any], None]: ...


class Jobs:
    def __init__(self, stores: Stores, bus: Bus, clock: Clock) -> None:
        self._stores = stores
        self._bus = bus
        self._clock = clock
        self._taking = asyncio.Semaphore(AT_ONCE)
        self._coming = 0

    async def create(
        self, kind: str, about: Mapping[str, Any], client_id: str | None, *, is_open: bool = False
    ) -> tuple[Task, bool]:
        """And whether it is new. Raises IdempotencyConflict, LimitReached."""
        now = self._clock.now()
        if client_id is not None and (known := await self._known(kind, client_id)) is not None:
            return known, False
        if await self._stores.tasks.waiting(JOBS, WAITING) >= WAITING:
            raise LimitReached(
                "jobs", f"{WAITING} jobs wait already; delete some, or come back when they are done."
            )
        id = await self._stores.marks.next_id("job")
        said = {**about, "open": is_open, "done": 0, "total": 0, "error_count": 0, "errors": []}
        if client_id is not None:
            said["client_id"] = client_id
        due_at = now + OPEN_FOR if is_open else now
        job = Task(f"j_{id}:jobs", JOBS, 0, id, kind, said, now, due_at)
        await self._stores.tasks.add([job])
        if client_id is not None:
            job = await self._known(kind, client_id) or job
        self._ring()
        return job, job.place == id

    async def _known(self, kind: str, client_id: str) -> Task | None:
        found = await self._stores.tasks.about(JOBS, "client_id", client_id)
        if found is not None and found.event != kind:
            raise IdempotencyConflict("client_id was used before, for another job.")
        return found

    async def about(self, kind: str, name: str, value: Any) -> Task | None:
        """The newest of this kind that is about this."""
        found = await self._stores.tasks.about(JOBS, name, value)
        return found if found is not None and found.event == kind else None

    async def of(self, id: int, scopes: Collection[str]) -> Task:
        """Raises NotFound, Forbidden."""
        found = await self._stores.tasks.one(JOBS, f"j_{id}")
        if found is None:
            raise NotFound("There is no such job.")
        require(JOB_SCOPES[found.event], scopes)
        return found

    def expect_part(self) -> None:
        """Before its body is read; `part_came` is to follow, also when it never came. Raises Unavailable."""
        if self._coming >= COMING:
            raise Unavailable("Too many parts are coming in right now.")
        self._coming += 1

    def part_came(self) -> None:
        self._coming -= 1

    async def put_part(self, id: int, number: int, data: bytes) -> tuple[JobPart, bool]:
        """And whether it is new. Raises NotFound, Invalid, Conflict for other bytes and for a job that takes none."""
        job = await self._of_kind("import", id)
        if not 1 <= number <= PARTS:
            raise Invalid.field("part", f"must be 1 to {PARTS}")
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        if not data or lines > PART_LINES:
            raise Invalid.field("body", f"must have 1 to {PART_LINES} lines")
        async with self._taking:
            sha256 = await digest(data)
            known = {part.number: part for part in await self._stores.job_parts.all(id)}.get(number)
            if known is None and not _takes_parts(job):
                raise Conflict("This job was committed or cancelled: it takes no more parts.")
            if known is None:
                given = JobPart(id, number, sha256, lines)
                known = await self._stores.job_parts.add(given, data, self._clock.now() + PARTS_KEPT)
                if known is given:
                    return given, True
        if known.sha256 != sha256:
            raise Conflict(f"Part {number} was given before, with other bytes.")
        return known, False

    async def part(self, id: int, number: int) -> bytes:
        """Of an export, as soon as it is written. Raises NotFound."""
        job = await self._of_kind("export", id)
        data = await self._stores.job_parts.data(id, number) if number <= job.about.get("parts", 0) else b""
        if not data:
            raise NotFound("There is no such part, or not any more.")
        return data

    async def commit(self, id: int) -> Task:
        """From now on it is worked at. Repeatable. Raises NotFound, Conflict."""
        job = await self._of_kind("import", id)
        if job.about.get("cancelled"):
            raise Conflict("This job was cancelled.")
        if not _takes_parts(job):
            return job
        parts = await self._stores.job_parts.all(id)
        numbers = [part.number for part in parts]
        if not parts or numbers != list(range(1, len(parts) + 1)):
            raise Conflict("Parts are missing: they are numbered from 1 on, without gaps.")
        said = {"open": False, "parts": len(parts), "total": sum(part.lines for part in parts)}
        await self._stores.tasks.note(JOBS, job.event_id, said, due_at=self._clock.now())
        self._ring()
        return await self._of_kind("import", id)

    async def cancel(self, id: int, scopes: Collection[str]) -> Task:
        """It ends as soon as what it did is taken back. Repeatable. Raises NotFound, Forbidden, Conflict."""
        job = await self.of(id, scopes)
        if job.event == "erase" or (job.event == "import" and job.about.get("phase") == "open"):
            if job.state == "waiting":
                raise Conflict("This job cannot be taken back any more.")
            return job
        await self._stores.tasks.note(JOBS, job.event_id, {"cancelled": True}, due_at=self._clock.now())
        self._ring()
        return await self.of(id, scopes)

    async def _of_kind(self, kind: str, id: int) -> Task:
        """Raises NotFound, also for a job of another kind."""
        try:
            return await self.of(id, {JOB_SCOPES[kind]})
        except Forbidden:
            raise NotFound(f"There is no such {kind}.") from None

    def _ring(self) -> None:
        self._bus.publish(Bell(BELL, ()))


def _takes_parts(job: Task) -> bool:
    return job.state == "waiting" and bool(job.about.get("open")) and not job.about.get("cancelled")


async def digest(data: bytes) -> str:
    """By which a part is known. In a thread, for it may be megabytes."""
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
