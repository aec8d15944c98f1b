"""What the host is to be told of: from what happened to the tasks of its endpoints.

The log and the `pending` marks are the outbox, and a task is derived from them under an id that makes it once only. So
nothing is written before a send is answered; who dies before its tasks are made is made up for, by whoever delivers
next in that conversation, or by the sweeper. Up to which message a conversation has all its tasks is its `told`.

Where no endpoint exists, nothing of this costs anything but one read in CACHED_SECS.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import MAX_SEQ, Bell, Fact, Message, PendingRead, Task, Webhook, place
from chatserver.ports import Bus, Stores

log = structlog.get_logger(__name__)

CACHED_SECS = 5.0  # how old the list of endpoints may be
# As long as nodes may not know a new endpoint yet, or sweeps look back: until then `told` says nothing about it.
YOUNG = timedelta(minutes=2)
GATHER_SECS = 0.1  # those sent meanwhile go together: what one costs alone, many cost together
MOST_SENT = 10_000  # that wait for their tasks here; what is beyond is made up for
TOGETHER = 500
PAGE = 200
JUST_NOW = timedelta(minutes=2)  # whose membership is no older was added; before, changed
HELD_BACK = timedelta(seconds=10)  # longer than a change of a person may take: then what it is now is told
BELL = "tasks"


class Feed:
    def __init__(self, stores: Stores, bus: Bus, clock: Clock, most_waiting: int = 1_000_000) -> None:
        """`most_waiting`: tasks of one endpoint; beyond, the oldest are dead."""
        self._stores = stores
        self._bus = bus
        self._clock = clock
        self._most_waiting = most_waiting
        self._webhooks: tuple[Webhook, ...] = ()
        self.leaving: tuple[Webhook, ...] = ()  # deleted ones whose tasks are still there
        self._endpoints: tuple[Webhook, ...] = ()  # those that events are kept for
        self._read_at = float("-inf")
        self._sent: list[Message] = []
        self._telling: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[bool], None]] = []
        self._others = False  # endpoints are said to be other ones than before
        self._woken = asyncio.Event()

    def listen(self, listener: Callable[[bool], None]) -> None:
        """Called when there may be something to do; with True when there are other endpoints than before."""
        self._listeners.append(listener)

    def heard(self, bell: Bell) -> None:
        """Another node, or this one, has made tasks or changed endpoints."""
        if bell.body.get("changed"):
            self._others = True
            self._woken.set()
        for listener in self._listeners:
            listener(False)

    async def run(self) -> None:
        """Until cancelled: what a send needs to know is known before it."""
        while True:
            self._woken.clear()
            others, self._others = self._others, False
            try:
                await self.refresh()
                if others:
                    for listener in self._listeners:
                        listener(True)
            except Unavailable:
                log.info("endpoints not read: the database is away")
            await self._clock.rest(self._woken, CACHED_SECS)

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        """All there are, as they were known within CACHED_SECS."""
        return self._webhooks

    async def refresh(self) -> None:
        """Raises Unavailable."""
        began = self._clock.monotonic()
        found = await self._stores.webhooks.all()
        self._webhooks = tuple(one for one in found if one.state != "deleted")
        self.leaving = tuple(one for one in found if one.state == "deleted")
        self._endpoints = tuple(one for one in found if one.state == "active")
        self._read_at = began

    async def known(self) -> tuple[Webhook, ...]:
        """The endpoints, read anew when they are older than CACHED_SECS. Raises Unavailable."""
        if self._clock.monotonic() - self._read_at > CACHED_SECS:
            await self.refresh()
        return self._endpoints

    async def _is_told(self, event: str) -> bool:
        """Whether any endpoint listens to such. Raises Unavailable."""
        return any(event in one.events for one in await self.known())

    # Messages: told of after their answer, with nothing awaited.

    def sent(self, message: Message) -> None:
        """It is stored and its inboxes moved."""
        if not self._endpoints:
            return
        if len(self._sent) < MOST_SENT:
            self._sent.append(message)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_sent())

    async def _tell_sent(self) -> None:
        """All that is there together, one batch after the other."""
        while self._sent:
            await self._clock.sleep(GATHER_SECS)
            messages, self._sent = self._sent[:TOGETHER], self._sent[TOGETHER:]
            try:
                await self._stores.tasks.add(self._tasks_of(messages))
                await self._stores.conversations.move_told(_runs(messages))
            except (
                Unavailable
            ):  # whoever delivers next in these conversations, or the sweeper, makes up for it
                metrics.FEED_PUT_OFF.inc(len(messages))
            except Exception:
                log.exception("tasks left to the sweeper", messages=len(messages))
            self._ring()

    def _tasks_of(self, messages: Iterable[Message]) -> list[Task]:
        return [task for message in messages for task in self._of_message(message)]

    def _of_message(self, message: Message) -> Iterable[Task]:
        c = message.conversation_id
        if message.seq == 1:  # with its first message a conversation has begun
            yield from self._for_all(
                f"b_{c}", "conversation.created", {"c": c}, message.created_at, c, place(0)
            )
        about = {"m": message.id}
        yield from self._for_all(
            f"m_{message.id}_0", "message.created", about, message.created_at, c, place(message.seq)
        )

    def _for_all(
        self, event_id: str, event: str, about: dict[str, Any], at: datetime, line: int = 0, at_place: int = 0
    ) -> Iterable[Task]:
        """One for each endpoint that listens to such."""
        for one in self._endpoints:
            if event in one.events and at >= one.since:
                yield Task(f"{event_id}:{one.id}", one.key, line, at_place, event, about, at, at)

    async def make_up(self, lasts: dict[int, int]) -> None:
        """conversation → last seq: every message up to there has its tasks then. Raises Unavailable."""
        since = min((one.since for one in self._endpoints), default=None)
        if since is None:
            return
        young = any(self._clock.now() - one.since < YOUNG for one in self._endpoints)
        told = {} if young else await self._stores.conversations.told(lasts)
        behind = {c: last for c, last in lasts.items() if told.get(c, 0) < last}
        for c, last in behind.items():
            await self._make_up(c, told.get(c, 0), last, since)
        if behind:
            await self._stores.conversations.set_told(behind)

    async def _make_up(self, conversation_id: int, told: int, last: int, since: datetime) -> None:
        """From the newest back to what is told, or was before any endpoint. Their order is in the tasks themselves."""
        before = last + 1
        while before > told + 1:
            found = await self._stores.messages.page(conversation_id, told, before, PAGE)
            new = [message for message in found if message.created_at >= since]
            if tasks := self._tasks_of(new):
                await self._stores.tasks.add(tasks)
                metrics.FEED_MADE_UP.inc(len(new))
                self._ring()
            if not found or len(new) < len(found):
                return
            before = found[-1].seq

    # Changes: told of before their `pending` mark goes.

    async def changed(self, fact: Fact) -> None:
        """Raises Unavailable: then it is to be repeated."""
        if not await self.known():
            return
        event = await self._event_of(fact)
        if event is None or not any(event in one.events for one in self._endpoints):
            return
        c = fact.conversation_id
        about: dict[str, Any] = {"c": c}
        if fact.kind == "message":
            about, event_id = {"m": fact.about, "v": fact.rev}, f"m_{fact.about}_{fact.rev}"
        elif fact.kind == "member":
            about, event_id = {"c": c, "u": fact.target, "v": fact.rev}, f"u_{c}_{fact.target}_{fact.rev}"
        else:
            about, event_id = {"c": c, "v": fact.rev}, f"c_{c}_{fact.rev}"
        head = await self._stores.messages.head(c)
        made = self._for_all(event_id, event, about, fact.at, c, place(head, fact.seq))
        await self._stores.tasks.add(list(made))
        self._ring()

    async def _event_of(self, fact: Fact) -> str | None:
        """What this is called, by how things are now."""
        if fact.kind == "message":
            message = (await self._stores.messages.by_ids([fact.about])).get(fact.about)
            if message is None:
                return None
            return "message.updated" if message.deleted_at is None else "message.deleted"
        if fact.kind == "member":
            found = await self._stores.conversations.members(fact.conversation_id, [fact.target])
            member = found.get(fact.target)
            if member is None or member.state in ("left", "banned"):
                return "member.removed"
            if member.state != "member":
                return None
            is_new = member.joined_at is None or fact.at - member.joined_at < JUST_NOW
            return "member.added" if is_new else "member.updated"
        conversation = (await self._stores.conversations.conversations([fact.conversation_id])).values()
        is_closed = any(one.state == "closed" for one in conversation)
        return "conversation.deleted" if is_closed else "conversation.updated"

    async def read(self, read: PendingRead) -> None:
        """Behind the message up to which it goes. Raises Unavailable: then it is to be repeated."""
        if not await self._is_told("message.read"):
            return
        c, user_id, last = read.conversation_id, read.user_id, read.last
        about = {"c": c, "u": user_id, "read": last}
        event_id, at_place = f"r_{c}_{user_id}_{last}", place(last, MAX_SEQ)
        made = self._for_all(event_id, "message.read", about, read.at, c, at_place)
        await self._stores.tasks.add(list(made))
        self._ring()

    @asynccontextmanager
    async def about_person(self, event: str, user_id: int, **about: Any) -> AsyncIterator[None]:
        """Around a change of a person, which has no log: the task is there before, and goes out once it is done.

        Should this node die in between, it goes out a little later, and tells how things are then.
        """
        if not await self._is_told(event):
            yield
            return
        at = self._clock.now()
        if "sub" not in about:
            about |= {"sub": (await self._stores.users.subs([user_id])).get(user_id)}
        made = list(
            self._for_all(f"p_{user_id}_{secrets.token_hex(6)}", event, {"u": user_id, **about}, at, -user_id)
        )
        ids = [task.id for task in made]
        await self._stores.tasks.add([_held_back(task) for task in made])
        yield
        try:
            await self._stores.tasks.hasten(ids, at)
            self._ring()
        except Unavailable:
            log.info("the host is told somewhat later", webhook_event=event)

    async def about_endpoint(self, endpoint: Webhook) -> None:
        """All others are told that this one is disabled."""
        at = self._clock.now()
        event_id = f"e_{endpoint.id}_{secrets.token_hex(6)}"
        made = self._for_all(event_id, "endpoint.disabled", {"e": endpoint.id}, at, 0, _ms(at))
        await self._stores.tasks.add([task for task in made if task.key != endpoint.key])
        self._ring()

    async def about_job(self, id: int, kind: str, state: str) -> None:
        """It is about to be over: told once, however often its end is repeated. Raises Unavailable."""
        if not await self._is_told("job.finished"):
            return
        at = self._clock.now()
        about = {"j": id, "kind": kind, "state": state}
        await self._stores.tasks.add(list(self._for_all(f"j_{id}", "job.finished", about, at, 0, _ms(at))))
        self._ring()

    async def bound(self) -> None:
        """Beyond the most that may wait for one endpoint, the oldest are dead. Raises Unavailable."""
        for one in await self.known():
            over = (
                await self._stores.tasks.waiting(one.key, self._most_waiting + TOGETHER) - self._most_waiting
            )
            if over > 0:
                buried = await self._stores.tasks.bury(one.key, over, self._clock.now(), "too many waited")
                metrics.TASKS_DEAD.labels("too many").inc(buried)
                log.error(
                    "too much waits for a webhook: the oldest is given up", webhook=one.id, count=buried
                )

    def _ring(self) -> None:
        self._bus.publish(Bell(BELL, ()))

    async def close(self) -> None:
        """What was sent and not told yet is told; where that fails, another node makes up for it."""
        if self._telling is not None:
            await asyncio.gather(self._telling, return_exceptions=True)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _held_back(task: Task) -> Task:
    return replace(task, due_at=task.at + HELD_BACK)


def _runs(messages: Sequence[Message]) -> list[tuple[int, int, int]]:
    """(conversation, first, last) of those that follow one another."""
    runs: dict[int, list[tuple[int, int, int]]] = {}
    for message in messages:
        c, seq = message.conversation_id, message.seq
        of_c = runs.setdefault(c, [])
        if of_c and of_c[-1][2] + 1 == seq:
            of_c[-1] = (c, of_c[-1][1], seq)
        else:
            of_c.append((c, seq, seq))
    return [run for of_c in runs.values() for run in of_c]
