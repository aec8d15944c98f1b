"""What of an endpoint's tasks may be worked at now, in order within each conversation.

A task is there only once it was derived, and the one before it may not be yet. So the lines of what is due are made
complete first, and what goes before is taken with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from chatserver.clock import Clock
from chatserver.model import Task, Webhook
from chatserver.ports import Stores
from chatserver.sending.feed import YOUNG, Feed

BATCH = 64


class Claims:
    def __init__(self, stores: Stores, feed: Feed, clock: Clock) -> None:
        self._stores = stores
        self._feed = feed
        self._clock = clock

    async def take(
        self,
        webhook: Webhook,
        lease: str,
        lease_secs: float,
        limit: int,
        but: Iterable[int] = (),
        *,
        poison: bool = True,
        alone: bool = False,
    ) -> list[Task]:
        """At most `limit`, first those that go first, of other lines than these, with or without those that are poison.

        `alone`: nobody else can have a lease on any of them. Raises Unavailable.
        """
        now = self._clock.now()
        found = await self._stores.tasks.due(webhook.key, now, limit, list(but), poison)
        if not found:
            return []
        await self._complete(webhook, found)
        ready = (await self._in_order(webhook, found, alone))[:limit]
        if not ready:
            return []
        until = now + timedelta(seconds=lease_secs)
        taken = await self._stores.tasks.lease([task.id for task in ready], lease, now, until)
        return [task for task in ready if task.id in taken]

    async def _complete(self, webhook: Webhook, found: list[Task]) -> None:
        """What happened in these conversations before has its tasks."""
        lasts: dict[int, int] = {}
        for task in found:
            if task.line > 0:
                lasts[task.line] = max(task.seq, lasts.get(task.line, 0))
        if lasts:
            is_young = self._clock.now() - webhook.since < YOUNG
            told = {} if is_young else await self._stores.conversations.told(lasts)
            behind = {c: seq for c, seq in lasts.items() if told.get(c, 0) < seq}
            if behind:
                await self._feed.make_up(behind)

    async def _in_order(self, webhook: Webhook, found: list[Task], alone: bool) -> list[Task]:
        """Without the lines in which somebody works, or in which something goes before that is not due."""
        now = self._clock.now()
        lines: dict[int, dict[str, Task]] = {}
        for task in found:
            if not task.is_poison:
                lines.setdefault(task.line, {})[task.id] = task
        if lines:
            places = {line: max(task.place for task in tasks.values()) for line, tasks in lines.items()}
            for task in await self._stores.tasks.ahead(webhook.key, places, BATCH * 4):
                lines[task.line].setdefault(task.id, task)
            for line in () if alone else await self._stores.tasks.leased_lines(webhook.key, lines, now):
                lines.pop(line, None)
        ready: list[Task] = []
        for tasks in lines.values():
            for task in sorted(tasks.values(), key=lambda task: (task.place, task.at)):
                if task.due_at > now:
                    break
                ready.append(task)
        ready += (task for task in found if task.is_poison)
        return ready
