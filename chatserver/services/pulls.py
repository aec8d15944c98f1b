"""Events by poll: what is due is given with a lease, and comes again unless it is acknowledged."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable

from chatserver.clock import Clock
from chatserver.errors import Invalid, LimitReached
from chatserver.model import TaskEnd, Webhook
from chatserver.ports import Stores, TaskClaims
from chatserver.sending.feed import Feed
from chatserver.services.host_events import HostEvents
from chatserver.services.webhooks import Webhooks
from chatserver.wire import Json

LOOK_SECS = 1.0  # where no bell rang
LEASE_SECS = 60.0
MOST_PULLS = 20  # held by one node for one endpoint


class Pulls:
    def __init__(
        self,
        stores: Stores,
        feed: Feed,
        webhooks: Webhooks,
        events: HostEvents,
        claims: TaskClaims,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._feed = feed
        self._webhooks = webhooks
        self._events = events
        self._claims = claims
        self._clock = clock
        self._held: dict[int, set[asyncio.Event]] = {}
        self._ending = False

    async def take(self, id: int, wait_secs: float, limit: int) -> list[Json]:
        """What is due, at most `limit`; where nothing is, the first that comes within the wait.

        What was given is given again after LEASE_SECS, unless it is acknowledged. Raises NotFound, Invalid,
        LimitReached when too many ask at once.
        """
        webhook = await self._asked(id)
        waiting = self._held.setdefault(id, set())
        if len(waiting) >= MOST_PULLS:
            raise LimitReached(
                "pulls", f"{MOST_PULLS} polls for the events of this webhook are held already."
            )
        woken = asyncio.Event()
        waiting.add(woken)
        deadline = self._clock.monotonic() + wait_secs
        try:
            while True:
                woken.clear()
                found = await self._take(webhook, limit)
                left = deadline - self._clock.monotonic()
                if found or left <= 0 or self._ending:
                    return found
                await self._clock.rest(woken, min(left, LOOK_SECS))
        finally:
            waiting.discard(woken)
            if not waiting:
                self._held.pop(id, None)

    async def _take(self, webhook: Webhook, limit: int) -> list[Json]:
        lease = secrets.token_hex(8)
        tasks = await self._claims.take(webhook, lease, LEASE_SECS, limit)
        bodies = await self._events.bodies(tasks, webhook.detail)
        nothing = {task.id: TaskEnd("done") for task in tasks if task.id not in bodies}
        await self._stores.tasks.finish(webhook.key, nothing, lease)
        return [{"id": task.event_id, **bodies[task.id]} for task in tasks if task.id in bodies]

    async def acknowledge(self, id: int, event_ids: Iterable[str]) -> int:
        """They are not given again. How many of them were still waiting for this. Raises NotFound, Invalid."""
        webhook = await self._asked(id)
        ends = {f"{event_id}:{id}": TaskEnd("done") for event_id in event_ids}
        return await self._stores.tasks.finish(webhook.key, ends, None)

    async def _asked(self, id: int) -> Webhook:
        webhook = next(
            (one for one in self._feed.webhooks if one.id == id), None
        ) or await self._webhooks.one(id)
        if webhook.kind != "pull":
            raise Invalid("This webhook is pushed to; make one of kind pull to ask for its events.")
        return webhook

    def wake(self) -> None:
        for waiting in self._held.values():
            for woken in waiting:
                woken.set()

    def end(self) -> None:
        """Answer all that are held, and hold no more."""
        self._ending = True
        self.wake()
