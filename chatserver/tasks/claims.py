"""What of an endpoint's tasks may be worked at now, in order within each conversation.

A task is there only once it was derived, and the one before it may not be yet. So the lines of what is due are made
complete first, and what goes before is taken with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cachetools import LRUCache

from chatserver.clock import Clock
from chatserver.model import Task, Webhook, last_places
from chatserver.ports import Stores
from chatserver.sending.feed import YOUNG, Feed

BATCH = 64
MOST_AHEAD = BATCH * 4
MOST_KNOWN = 50_000  # conversations of which it is known up to where they are whole


class Claims:
    def __init__(self, stores: Stores, feed: Feed, clock: Clock) -> None:
        self._stores = stores
        self._feed = feed
        self._clock = clock
        # webhook, since when it is told, conversation → up to this message all have their tasks.
        self._whole: LRUCache[tuple[int, datetime, int], int] = LRUCache(MOST_KNOWN)

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

        `but` are the lines at which the lease's holder works. `alone`: nobody else can have a lease on any of the
        others. Raises Unavailable.
        """
        now = self._clock.now()
        found, ahead = await self._stores.tasks.due_and_ahead(
            webhook.key, now, limit, list(but), poison, MOST_AHEAD
        )
        if not found:
            return []
        if await self._complete(webhook, found):
            ahead = await self._stores.tasks.ahead(webhook.key, last_places(found), MOST_AHEAD)
        ready = (await self._in_order(webhook, found, ahead, None if alone else lease))[:limit]
        if not ready:
            return []
        until = now + timedelta(seconds=lease_secs)
        taken = await self._stores.tasks.lease([task.id for task in ready], lease, now, until)
        if len(taken) == len(ready):
            return ready
        unbroken = list(_unbroken(ready, taken))
        await self._stores.tasks.let_go([*taken.difference(task.id for task in unbroken)], lease)
        return unbroken

    async def _complete(self, webhook: Webhook, found: list[Task]) -> bool:
        """What happened in these conversations before has its tasks then. True when some of it had none, maybe."""
        lines: dict[int, list[Task]] = {}
        for task in found:
            if task.line > 0:
                lines.setdefault(task.line, []).append(task)
        unsure = {line: last for line, tasks in lines.items() if (last := self._gap(webhook, line, tasks))}
        if not unsure:
            return False
        is_young = self._clock.now() - webhook.since < YOUNG
        told = {} if is_young else await self._stores.conversations.told(unsure)
        behind = {c: seq for c, seq in unsure.items() if told.get(c, 0) < seq}
        if behind:
            await self._feed.make_up(behind)
        for c, seq in unsure.items():
            self._whole[webhook.id, webhook.since, c] = seq
        return bool(behind)

    def _gap(self, webhook: Webhook, line: int, tasks: list[Task]) -> int:
        """Up to which message it is to be found out whether all have their tasks; 0 where that is known.

        It is known where message follows message from one up to which it was found out before.
        """
        known = self._whole.get((webhook.id, webhook.since, line))
        last = max(task.seq for task in tasks)
        if known is None:
            return last
        for task in sorted(tasks, key=lambda task: task.place):
            if task.seq == known + 1 and task.event == "message.created":
                known = task.seq
        if last > known:
            return last
        self._whole[webhook.id, webhook.since, line] = known
        return 0

    async def _in_order(
        self, webhook: Webhook, found: list[Task], ahead: list[Task], lease: str | None
    ) -> list[Task]:
        """Without the lines in which something before is not due, or at which somebody works under another lease.

        Without `lease` nobody else has any.
        """
        now = self._clock.now()
        lines: dict[int, dict[str, Task]] = {}
        for task in found:
            if not task.is_poison:
                lines.setdefault(task.line, {})[task.id] = task
        for task in ahead:
            lines[task.line].setdefault(task.id, task)
        if lines and lease is not None:
            for line in await self._stores.tasks.leased_lines(webhook.key, lines, now, lease):
                del lines[line]
        ready: list[Task] = []
        for tasks in lines.values():
            for task in sorted(tasks.values(), key=lambda task: (task.place, task.at)):
                if task.due_at > now:
                    break
                ready.append(task)
        ready += (task for task in found if task.is_poison)
        return ready


def _unbroken(ready: list[Task], taken: set[str]) -> Iterator[Task]:
    """Nothing of a line beyond what somebody else was quicker to take."""
    broken: set[int] = set()
    for task in ready:
        if task.id not in taken:
            broken.add(task.line)
        elif task.is_poison or task.line not in broken:
            yield task
