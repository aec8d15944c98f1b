"""The endpoints at which the host is told of events: made, changed, tried, looked into."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chatserver import wire
from chatserver.clock import Clock
from chatserver.errors import IdempotencyConflict, Invalid, LimitReached, NotFound, Unavailable
from chatserver.guard.server_secret import ServerSecret, shown
from chatserver.model import HOST_EVENTS, WEBHOOK_TEST, Bell, Task, Webhook
from chatserver.ports import Bus, Stores
from chatserver.sending.feed import BELL, Feed
from chatserver.services.endpoint_urls import EndpointUrls
from chatserver.wire import Json

MOST_WEBHOOKS = 20
MOST_AGAIN = 50_000  # in one replay


class Webhooks:
    def __init__(
        self,
        stores: Stores,
        feed: Feed,
        secret: ServerSecret | None,
        urls: EndpointUrls,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._feed = feed
        self._urls = urls
        self._secret = secret
        self._bus = bus
        self._clock = clock

    async def create(
        self,
        kind: str,
        url: str | None,
        events: Sequence[str],
        detail: str,
        order: bool,
        client_id: str | None,
    ) -> tuple[Webhook, bool]:
        """False for a repeat by client_id. Raises Invalid, LimitReached, IdempotencyConflict."""
        now = self._clock.now()
        made = Webhook(
            await self._stores.marks.next_id("webhook"),
            kind,
            await self._address(kind, url),
            _events(events),
            now,
            now,
            detail,
            order,
            secret_mark=self._signing().mark if kind == "push" else "",
            client_id=client_id,
        )
        if client_id is not None and (first := await self._stores.webhooks.by_client_id(client_id)):
            return _same(first, made), False
        if len(await self.all()) >= MOST_WEBHOOKS:
            raise LimitReached(
                "webhooks", f"There are {MOST_WEBHOOKS} webhooks; delete one that nobody needs."
            )
        if not await self._stores.webhooks.create(made):
            assert client_id is not None
            first = await self._stores.webhooks.by_client_id(client_id)
            if first is None:
                raise Unavailable("The webhook is not completely readable yet.")
            return _same(first, made), False
        await self._changed()
        return made, True

    async def all(self) -> list[Webhook]:
        return [one for one in await self._stores.webhooks.all() if one.state != "deleted"]

    async def one(self, id: int) -> Webhook:
        """Raises NotFound."""
        found = await self._stores.webhooks.one(id)
        if found is None or found.state == "deleted":
            raise NotFound("There is no such webhook.")
        return found

    async def change(self, id: int, given: dict[str, Any]) -> Webhook:
        """What is left out stays. Made active again, or to listen to more, it is told of what happens from now on.

        Raises NotFound, Invalid.
        """
        before = await self.one(id)
        changes: dict[str, Any] = {}
        if "url" in given:
            changes["url"] = await self._address(before.kind, given["url"])
        if "events" in given:
            changes["events"] = _events(given["events"])
        changes |= {name: given[name] for name in ("detail", "order") if name in given}
        if (state := given.get("state")) is not None and state != before.state:
            changes |= {"state": state, "reason": "host" if state == "disabled" else None}
        more = changes.get("events", before.events) - before.events
        if more or changes.get("state") == "active":
            changes["since"] = self._clock.now()
        # Whatever was wrong may be mended.
        changes |= {"failures": 0, "failing_since": None, "retry_at": None}
        found = await self._stores.webhooks.change(id, changes)
        await self._changed()
        if found is None:
            raise NotFound("There is no such webhook.")
        return found

    async def delete(self, id: int) -> None:
        """With all that waits for it. Repeatable."""
        try:
            await self.one(id)
        except NotFound:
            return
        gone = {"state": "deleted", "since": self._clock.now(), "client_id": None}
        await self._stores.webhooks.change(id, gone)
        await self._changed()

    async def rotate(self, id: int, overlap_secs: float) -> Webhook:
        """A new secret; until then the former one signs too. Raises NotFound, Invalid for one that is asked."""
        if (await self.one(id)).kind != "push":
            raise Invalid("A webhook that is asked for its events signs nothing.")
        until = self._clock.now() + timedelta(seconds=overlap_secs)
        found = await self._stores.webhooks.rotate(id, until, self._signing().mark)
        await self._changed()
        if found is None:
            raise NotFound("There is no such webhook.")
        return found

    def secret(self, webhook: Webhook) -> str | None:
        """To be told once. None for one that signs nothing."""
        if webhook.kind != "push":
            return None
        return shown(self._signing().derived("webhook", webhook.id, webhook.version))

    async def test(self, id: int) -> Task:
        """An event `webhook.test` for this one alone, whatever it listens to. Raises NotFound, Invalid."""
        webhook = await self.one(id)
        if webhook.state != "active":
            raise Invalid("A disabled webhook is told nothing: make it active first.")
        now = self._clock.now()
        event_id = f"t_{id}_{secrets.token_hex(6)}"
        place = round(now.timestamp() * 1000)
        task = Task(f"{event_id}:{id}", webhook.key, 0, place, WEBHOOK_TEST, {}, now, now)
        await self._stores.tasks.add([task])
        self._bus.publish(Bell(BELL, ()))
        return task

    async def deliveries(
        self, id: int, states: Sequence[str], before: datetime | None, limit: int
    ) -> list[Task]:
        """The newest first. Raises NotFound."""
        return await self._stores.tasks.list((await self.one(id)).key, states, before, limit)

    async def delivery(self, id: int, event_id: str) -> Task:
        """With all its attempts. Raises NotFound."""
        found = await self._stores.tasks.one((await self.one(id)).key, event_id)
        if found is None:
            raise NotFound("There is no such delivery, or no longer.")
        return found

    async def replay(
        self, id: int, states: Sequence[str], since: datetime, until: datetime
    ) -> tuple[int, datetime | None]:
        """What is done or dead, of that time, is told again: how many, and from where on there are more."""
        webhook = await self.one(id)
        count = 0
        at: datetime | None = since
        while at is not None and count < MOST_AGAIN:
            some, at = await self._stores.tasks.again(webhook.key, states, at, until)
            count += some
        self._bus.publish(Bell(BELL, ()))
        return count, at

    async def _address(self, kind: str, url: str | None) -> str | None:
        """Raises Invalid."""
        if kind == "pull":
            if url is not None:
                raise Invalid.field("url", "is of no use to a webhook of kind pull")
            return None
        return await self._urls.checked(url or "")

    def _signing(self) -> ServerSecret:
        if self._secret is None:
            raise Unavailable(
                "This server has no secret to sign with: its operator gives it one with the setting server_secret."
            )
        return self._secret

    async def _changed(self) -> None:
        """Known here at once, and elsewhere as soon as the bell is heard."""
        await self._feed.refresh()
        self._bus.publish(Bell(BELL, (), {"changed": True}))


def _events(names: Sequence[str]) -> frozenset[str]:
    """Raises Invalid."""
    if unknown := [name for name in names if name not in HOST_EVENTS]:
        raise Invalid.field("events", f"{unknown[0][:40]!r} is none of {', '.join(HOST_EVENTS)}")
    if not names:
        raise Invalid.field("events", "must name at least one")
    return frozenset(names)


def _same(first: Webhook, again: Webhook) -> Webhook:
    """Raises IdempotencyConflict."""
    asked = {(one.kind, one.url, one.events, one.detail, one.order) for one in (first, again)}
    if len(asked) > 1:
        raise IdempotencyConflict("client_id was used before, with another webhook.")
    return first


def webhook_json(one: Webhook) -> Json:
    return {
        "id": one.id,
        "kind": one.kind,
        "url": one.url,
        "events": [name for name in HOST_EVENTS if name in one.events],
        "detail": one.detail,
        "order": one.order,
        "state": one.state,
        "reason": one.reason,
        "failing_since": wire.moment(one.failing_since),
        "retry_at": wire.moment(one.retry_at),
        "created_at": wire.moment(one.created_at),
    }


def delivery_json(task: Task) -> Json:
    """With what came of each of its attempts."""
    tries = [
        {"at": wire.moment(one.at), "status": one.status, "ms": one.ms, "error": one.error, "text": one.text}
        for one in task.tries
    ]
    return {
        "id": task.event_id,
        "type": task.event,
        "state": task.state,
        "poison": task.is_poison,
        "timestamp": wire.moment(task.at),
        "due_at": wire.moment(task.due_at),
        "attempts": task.attempts,
        "tries": tries,
    }
