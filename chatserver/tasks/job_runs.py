"""Doing the jobs of the host: a few at once on each node, from where whoever did them before stopped."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from chatserver import wire
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import JOBS, Attempt, Task, TaskEnd
from chatserver.ports import Stores
from chatserver.sending.feed import Feed
from chatserver.services.jobs import JobFailed, Work
from chatserver.tasks.looking import keep_looking
from chatserver.tasks.schedule import next_attempt
from chatserver.tasks.spare_time import spare_time

AT_ONCE = 2  # of one node
LOOKED_AT = 16
LEASE_SECS = 60.0  # longer than any step
CLOSE_SECS = 2.0

log = structlog.get_logger(__name__)


class JobRuns:
    def __init__(
        self,
        stores: Stores,
        feed: Feed,
        works: Mapping[str, Work],
        replay: Callable[[], Awaitable[None]],
        node: str,
        clock: Clock,
    ) -> None:
        """`replay` makes the jobs that a restored backup asks for."""
        self._stores = stores
        self._feed = feed
        self._works = works
        self._replay = replay
        self._is_replayed = False
        self._node = node
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    def wake(self, changed: bool = False) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await keep_looking("jobs", self._look, self._woken, self._clock)
        finally:
            for running in self._running.values():
                running.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _look(self) -> None:
        if not self._is_replayed:
            await self._replay()
            self._is_replayed = True
        if len(self._running) >= AT_ONCE:
            return
        now = self._clock.now()
        for job in await self._stores.tasks.due(JOBS, now, LOOKED_AT, (), True):
            if len(self._running) >= AT_ONCE or job.event not in self._works:
                continue
            lease = f"{self._node}-{secrets.token_hex(4)}"
            until = now + timedelta(seconds=LEASE_SECS)
            if job.id not in self._running and await self._stores.tasks.lease([job.id], lease, now, until):
                running = self._running[job.id] = asyncio.create_task(self._do(job.event_id, lease))
                running.add_done_callback(partial(self._ended, job.id))

    def _ended(self, id: str, done: asyncio.Task[None]) -> None:
        del self._running[id]
        self._woken.set()

    async def _do(self, event_id: str, lease: str) -> None:
        """Until it is over, or another's. What stops it on the way lets another go on at once."""
        id = f"{event_id}:{JOBS.partition(':')[2]}"
        end: TaskEnd | None = None
        try:
            end = await self._end_of(event_id, lease)
        except Unavailable:
            log.info("a job is put off: the database is away", job=event_id)
        finally:
            with suppress(Unavailable, TimeoutError):
                async with self._clock.limit(CLOSE_SECS):
                    if end is not None:
                        await self._tell(event_id, end)
                        await self._stores.tasks.finish(JOBS, {id: end}, lease)
                    else:
                        await self._stores.tasks.let_go([id], lease)

    async def _tell(self, event_id: str, end: TaskEnd) -> None:
        """Before it is over: who goes on after a crash in between tells the same, which counts once."""
        if end.state == "waiting":
            return
        job = await self._stores.tasks.one(JOBS, event_id)
        if job is not None:
            state = wire.job_state(replace(job, state=end.state))
            await self._feed.about_job(job.place, job.event, state)

    async def _end_of(self, event_id: str, lease: str) -> TaskEnd | None:
        """None when it is to be gone on with."""
        job = await self._noted(event_id, lease, {})
        if job is None:
            return None
        began = self._clock.now()
        try:
            if not _is_given_up(job) and await self._through(job, lease):
                return TaskEnd("done")
        except JobFailed as failed:
            return await self._undone(event_id, lease, failed.detail)
        except Unavailable:
            raise
        except Exception as error:
            log.exception("a job failed", job=event_id, kind=job.event)
            tried = Attempt(began, None, 0, type(error).__name__)
            again = next_attempt(job.attempts + 1, 0.0, self._clock.now())
            if again is not None:
                return TaskEnd("waiting", tried, own_time=again)
            return await self._undone(event_id, lease, "It failed ten times; the server's log says how.")
        fresh = await self._noted(event_id, lease, {})
        if fresh is None or not _is_given_up(fresh):
            return None
        return await self._undone(
            event_id, lease, "cancelled" if fresh.about.get("cancelled") else "never committed"
        )

    async def _through(self, job: Task, lease: str) -> bool:
        """True at its end; False when it is another's by now, or given up."""
        async with aclosing(self._works[job.event].steps(job)) as steps:
            async for said in steps:
                await spare_time(self._clock)
                fresh = await self._noted(job.event_id, lease, said)
                if fresh is None or _is_given_up(fresh):
                    return False
        return True

    async def _undone(self, event_id: str, lease: str, reason: str) -> TaskEnd | None:
        """Given up, and what it did taken back as far as that goes."""
        job = await self._noted(event_id, lease, {})
        if job is None:
            return None
        async with aclosing(self._works[job.event].undo(job)) as steps:
            async for said in steps:
                await spare_time(self._clock)
                if await self._noted(event_id, lease, said) is None:
                    return None
        return TaskEnd("dead", error=reason)

    async def _noted(self, event_id: str, lease: str, said: Mapping[str, Any]) -> Task | None:
        until = self._clock.now() + timedelta(seconds=LEASE_SECS)
        return await self._stores.tasks.note(JOBS, event_id, said, lease=lease, until=until)


def _is_given_up(job: Task) -> bool:
    """By the host, or because it was never committed."""
    return bool(job.about.get("cancelled") or job.about.get("open"))
