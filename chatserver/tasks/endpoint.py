"""One endpoint, told by the one node that holds it: in order within a conversation, several conversations at once.

| state   | what is tried                                                                                      |
|---------|----------------------------------------------------------------------------------------------------|
| healthy | all that is due                                                                                    |
| failing | nothing until `retry_at`, then its oldest alone. After two failures also one of another            |
|         | conversation: when that is taken and the oldest is not, even once more, the oldest is poison,      |
|         | goes its own way, and the rest flows again                                                         |

An endpoint that wants `order` above all knows no poison.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable, Unreachable
from chatserver.guard.server_secret import ServerSecret, signed_fields
from chatserver.model import Attempt, Reply, Task, TaskEnd, Webhook
from chatserver.ports import OutwardCalls, Stores
from chatserver.sending.feed import GATHER_SECS, Feed
from chatserver.services.host_events import HostEvents, encoded
from chatserver.tasks.claims import BATCH, Claims
from chatserver.tasks.looking import LOOK_SECS
from chatserver.tasks.schedule import GIVEN_UP_AFTER, asked_wait, next_attempt
from chatserver.tasks.spare_time import spare_time
from chatserver.wire import Json

AT_ONCE = 8  # attempts
ATTEMPT_SECS = 15.0
LEASE_SECS = 40.0  # of the endpoint and of its tasks: after a node died, as long until another goes on
RENEW_SECS = 10.0
BEHIND_SECS = 0.02
FRESH_SECS = 1.0  # how long what was looked up for several tasks is good for
TEXT_BYTES = 256  # of an answer, kept for whoever looks for what went wrong
CLOSE_SECS = 2.0

log = structlog.get_logger(__name__)


class Endpoint:
    def __init__(
        self,
        id: int,
        stores: Stores,
        feed: Feed,
        events: HostEvents,
        way_out: OutwardCalls,
        secret: ServerSecret,
        places: asyncio.Semaphore,
        node: str,
        clock: Clock,
    ) -> None:
        """`places`: for all attempts of this node."""
        self.id = id
        self._stores = stores
        self._feed = feed
        self._events = events
        self._way_out = way_out
        self._secret = secret
        self._places = places
        self._holder = f"{node}-{secrets.token_hex(4)}"
        self._clock = clock
        self._claims = Claims(stores, feed, clock)
        self._webhook: Webhook | None = None
        self._held_at = float("-inf")
        self._held_since: float | None = None
        self._lines: dict[int | str, asyncio.Task[None]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._ends: dict[str, TaskEnd] = {}
        self._failed = False  # since its last turn: no further attempt begins
        self._is_behind = False  # there was more than was taken
        self._woken = asyncio.Event()
        self._serving = asyncio.create_task(self._serve())

    def wake(self, changed: bool = False) -> None:
        if changed:
            self._held_at = float("-inf")
        self._woken.set()

    async def close(self) -> None:
        """What is under way is cut, and tried again by whoever goes on."""
        self._serving.cancel()
        for line in self._lines.values():
            line.cancel()
        await asyncio.gather(self._serving, *self._lines.values(), return_exceptions=True)
        with suppress(Unavailable, TimeoutError):
            async with self._clock.limit(CLOSE_SECS):
                await self._write_ends()
                await self._stores.webhooks.let_go(self.id, self._holder)

    async def _serve(self) -> None:
        while True:
            # One look for all that came and ended meanwhile.
            await self._clock.sleep(BEHIND_SECS if self._is_behind else GATHER_SECS)
            self._woken.clear()
            again = False
            try:
                await spare_time(self._clock)
                again = await self._turn()
            except Unavailable:
                log.info("a webhook is put off: the database is away", webhook=self.id)
            except Exception:
                log.exception("a webhook failed", webhook=self.id)
            if not again:
                await self._clock.rest(self._woken, LOOK_SECS)

    async def _turn(self) -> bool:
        """True when there may be more to do at once."""
        busy = [line for line in self._lines if isinstance(line, int)]  # of others all ends are written below
        await self._write_ends()
        webhook = await self._hold()
        if webhook is None or (webhook.retry_at is not None and webhook.retry_at > self._clock.now()):
            return False
        if webhook.failures:
            return not self._lines and await self._try_oldest(webhook)
        self._failed = False
        if len(self._lines) >= AT_ONCE:
            return False
        tasks = await self._take(webhook, BATCH, busy)
        self._is_behind = len(tasks) >= BATCH
        if tasks:
            metrics.WEBHOOK_AGE_SECONDS.set((self._clock.now() - tasks[0].at).total_seconds())
            await self._start(webhook, tasks)
        return False  # each line that ends wakes us

    async def _take(
        self, webhook: Webhook, limit: int, but: Sequence[int], poison: bool = True
    ) -> list[Task]:
        held_secs = self._clock.monotonic() - (self._held_since or self._clock.monotonic())
        return await self._claims.take(
            webhook, self._holder, LEASE_SECS, limit, but, poison=poison, alone=held_secs > LEASE_SECS
        )

    async def _hold(self) -> Webhook | None:
        """As it is now, if it is ours."""
        now = self._clock.monotonic()
        if now - self._held_at >= RENEW_SECS:
            until = self._clock.now() + timedelta(seconds=LEASE_SECS)
            self._webhook = await self._stores.webhooks.hold(self.id, self._holder, self._clock.now(), until)
            self._held_at = now
            self._held_since = (self._held_since or now) if self._webhook is not None else None
        return self._webhook

    async def _start(self, webhook: Webhook, tasks: Sequence[Task]) -> None:
        """A line for each conversation, and one for each that is poison."""
        lines: dict[int | str, list[Task]] = {}
        for task in tasks:
            line = task.id if task.is_poison else task.line
            if line not in self._lines and task.id not in self._ends:
                lines.setdefault(line, []).append(task)
        until = self._clock.monotonic() + LEASE_SECS - ATTEMPT_SECS - 1
        bodies = _Bodies(
            self._events, webhook.detail, await self._events.bodies(tasks, webhook.detail), self._clock
        )
        for line, of_line in lines.items():
            running = self._lines[line] = asyncio.create_task(self._line(webhook, of_line, bodies, until))
            running.add_done_callback(partial(self._line_ended, line))

    def _line_ended(self, line: int | str, done: asyncio.Task[None]) -> None:
        del self._lines[line]
        self._woken.set()
        if not done.cancelled() and (error := done.exception()) and not isinstance(error, Unavailable):
            log.error("a webhook's line failed", webhook=self.id, exc_info=error)

    async def _line(self, webhook: Webhook, tasks: Sequence[Task], bodies: _Bodies, until: float) -> None:
        """One after the other, as long as all are taken and the lease lasts for one more attempt."""
        left = [task.id for task in tasks]
        try:
            for task in tasks:
                async with self._at_once:
                    if self._failed or self._clock.monotonic() > until:
                        break
                    tried, asked_secs = await self._attempt(webhook, task, await bodies.of(task))
                left.remove(task.id)
                if tried is None or _is_taken(tried):
                    self._ends[task.id] = TaskEnd("done", tried)
                elif task.is_poison:
                    self._ends[task.id] = self._own_way(task, tried, asked_secs)
                else:
                    await self._has_failed(webhook, task, tried, asked_secs)
                    break
        finally:
            if left:
                await self._stores.tasks.let_go(left, self._holder)

    async def _attempt(self, webhook: Webhook, task: Task, body: Json | None) -> tuple[Attempt | None, float]:
        """What came of it, and how long the other side asks us to wait. None: there was nothing to tell of."""
        if body is None:
            return None, 0.0
        async with self._places:
            began, at = self._clock.monotonic(), self._clock.now()
            data = encoded(body)
            fields = signed_fields(task.event_id, at, data, keys_of(self._secret, webhook, at))
            reply: Reply | None = None
            error = None
            try:
                assert webhook.url is not None
                reply = await self._way_out.post(webhook.url, data, fields, ATTEMPT_SECS)
            except Unreachable as unreachable:
                error = unreachable.kind
            secs = self._clock.monotonic() - began
        tried = Attempt(at, reply.status if reply else None, round(secs * 1000), error, _text(reply))
        metrics.DELIVERY_ATTEMPT_SECONDS.observe(secs)
        outcome = "taken" if _is_taken(tried) else error or f"{(tried.status or 0) // 100}xx"
        metrics.DELIVERIES.labels(outcome).inc()
        return tried, asked_wait(reply.fields, at) if reply else 0.0

    def _own_way(self, task: Task, tried: Attempt, asked_secs: float) -> TaskEnd:
        """Of one that is poison."""
        due_at = next_attempt(task.attempts + 1, asked_secs, self._clock.now())
        if due_at is None:
            metrics.TASKS_DEAD.labels("refused").inc()
            return TaskEnd("dead", tried, "never taken")
        return TaskEnd("waiting", tried, own_time=due_at)

    async def _has_failed(self, webhook: Webhook, task: Task, tried: Attempt, asked_secs: float) -> None:
        """The endpoint waits, and its oldest is tried next."""
        now = self._clock.now()
        retry_at = next_attempt(task.attempts + 1, asked_secs, now)
        if retry_at is None:
            metrics.TASKS_DEAD.labels("refused").inc()
            self._ends[task.id] = TaskEnd("dead", tried, "never taken")
        else:
            self._ends[task.id] = TaskEnd("waiting", tried)
        since = webhook.failing_since or now
        if tried.status == 410 or now - since >= GIVEN_UP_AFTER:
            await self._disable(webhook, "gone" if tried.status == 410 else "failing")
            return
        if self._failed and not webhook.failures:  # another line was first
            return
        self._failed = True
        changes = {"failures": webhook.failures + 1, "failing_since": since, "retry_at": retry_at or now}
        await self._change(changes)

    async def _change(self, changes: dict[str, object]) -> None:
        self._webhook = await self._stores.webhooks.change(self.id, changes, self._holder)

    async def _disable(self, webhook: Webhook, reason: str) -> None:
        self._failed = True
        log.error("a webhook is disabled", webhook=self.id, reason=reason)
        metrics.WEBHOOKS_DISABLED.labels(reason).inc()
        await self._feed.about_endpoint(webhook)
        await self._change({"state": "disabled", "reason": reason, "holder": None, "held_until": None})
        self._webhook = None
        await self._feed.refresh()

    async def _try_oldest(self, webhook: Webhook) -> bool:
        """What came of it is written before anything else is done. True when the endpoint is well again."""
        oldest = next(iter(await self._take(webhook, 1, (), poison=False)), None)
        if oldest is None:  # what failed is gone
            await self._change(_WELL)
            return True
        tried, asked_secs = await self._try(webhook, oldest)
        if tried is None or _is_taken(tried):
            self._ends[oldest.id] = TaskEnd("done", tried)
            await self._change(_WELL)
        else:
            await self._has_failed(webhook, oldest, tried, asked_secs)
            failing = self._webhook
            if failing is not None and failing.failures >= 2 and not failing.order:
                for other in await self._take(failing, 1, [oldest.line], poison=False):
                    await self._try_other(failing, oldest, other)
        await self._write_ends()
        return self._webhook is not None and not self._webhook.failures

    async def _try_other(self, webhook: Webhook, oldest: Task, other: Task) -> None:
        """When another conversation's is taken, it is not the endpoint that fails.

        The oldest is tried once more then: the endpoint may have come back between the two.
        """
        of_other, _ = await self._try(webhook, other)
        if of_other is not None and not _is_taken(of_other):
            self._ends[other.id] = TaskEnd("waiting", of_other)
            return
        self._ends[other.id] = TaskEnd("done", of_other)
        tried, asked_secs = await self._try(webhook, oldest)
        if tried is None or _is_taken(tried):
            self._ends[oldest.id] = TaskEnd("done", tried)
        else:
            self._ends[oldest.id] = self._own_way(oldest, tried, asked_secs)
        await self._change(_WELL)

    async def _try(self, webhook: Webhook, task: Task) -> tuple[Attempt | None, float]:
        body = (await self._events.bodies([task], webhook.detail)).get(task.id)
        return await self._attempt(webhook, task, body)

    async def _write_ends(self) -> None:
        ends, self._ends = self._ends, {}
        if ends:
            try:
                key = f"webhook:{self.id}"
                await self._stores.tasks.finish(key, ends, self._holder)
            except Unavailable:
                self._ends = {**ends, **self._ends}
                raise


_WELL: dict[str, object] = {"failures": 0, "failing_since": None, "retry_at": None}


class _Bodies:
    """Made for several at once, and anew for those whose turn comes late."""

    def __init__(self, events: HostEvents, detail: str, made: dict[str, Json], clock: Clock) -> None:
        self._events = events
        self._detail = detail
        self._made = made
        self._clock = clock
        self._made_at = clock.monotonic()

    async def of(self, task: Task) -> Json | None:
        if self._clock.monotonic() - self._made_at > FRESH_SECS:
            return (await self._events.bodies([task], self._detail)).get(task.id)
        return self._made.get(task.id)


def keys_of(secret: ServerSecret, webhook: Webhook, at: datetime) -> list[bytes]:
    """What it signs with: during a rotation also the secret before."""
    keys = [secret.derived("webhook", webhook.id, webhook.version)]
    if webhook.former_until is not None and at < webhook.former_until:
        keys.append(secret.derived("webhook", webhook.id, webhook.version - 1))
    return keys


def _is_taken(tried: Attempt) -> bool:
    return tried.status is not None and 200 <= tried.status < 300


def _text(reply: Reply | None) -> str:
    """The beginning of an answer, where it is text."""
    if reply is None:
        return ""
    text = reply.body[:TEXT_BYTES].decode("utf-8", "ignore")
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
