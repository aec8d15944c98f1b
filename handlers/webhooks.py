"""Where the host is told of events: its endpoints, their deliveries, and events asked for by poll."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from chatserver.errors import Invalid
from chatserver.guard.scopes import WEBHOOKS
from chatserver.model import Webhook
from chatserver.services.webhooks import Webhooks, delivery_json, webhook_json
from handlers.host_calls import HostHandler
from handlers.webhook_schemas import (
    Acknowledge,
    ChangedWebhook,
    DeliveryPage,
    NewWebhook,
    Pull,
    Replay,
    RotateSecret,
)

MOST_DELIVERIES = 200


def with_secret(webhooks: Webhooks, one: Webhook) -> dict[str, Any]:
    """Which is shown when it is new."""
    return {**webhook_json(one), "secret": webhooks.secret(one)}


class WebhooksHandler(HostHandler):
    scopes: ClassVar = {"GET": WEBHOOKS, "POST": WEBHOOKS}

    async def get(self) -> None:
        found = await self.runtime.services.webhooks.all()
        self.answer({"results": [webhook_json(one) for one in found], "next": None})

    async def post(self) -> None:
        given = self.json(NewWebhook)
        made, created = await self.runtime.services.webhooks.create(
            given.kind, given.url, given.events, given.detail, given.order, given.client_id
        )
        if not created:
            self.set_header("Idempotency-Replayed", "true")
        await self.done("webhook.create", f"webhook {made.id}")
        self.answer(with_secret(self.runtime.services.webhooks, made), 201 if created else 200)


class OneWebhookHandler(HostHandler):
    scopes: ClassVar = {"GET": WEBHOOKS, "PATCH": WEBHOOKS, "DELETE": WEBHOOKS}

    async def get(self, webhook_id: str) -> None:
        self.answer(webhook_json(await self.runtime.services.webhooks.one(int(webhook_id))))

    async def patch(self, webhook_id: str) -> None:
        given = self.json(ChangedWebhook)
        changes = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
        changed = await self.runtime.services.webhooks.change(int(webhook_id), changes)
        await self.done("webhook.change", f"webhook {webhook_id}")
        self.answer(webhook_json(changed))

    async def delete(self, webhook_id: str) -> None:
        await self.runtime.services.webhooks.delete(int(webhook_id))
        await self.done("webhook.delete", f"webhook {webhook_id}")
        self.answer({"success": True, "status": "success"})


class WebhookTestHandler(HostHandler):
    scopes: ClassVar = {"POST": WEBHOOKS}

    async def post(self, webhook_id: str) -> None:
        task = await self.runtime.services.webhooks.test(int(webhook_id))
        await self.done("webhook.test", f"webhook {webhook_id}")
        self.answer(delivery_json(task), 202)


class WebhookSecretHandler(HostHandler):
    scopes: ClassVar = {"POST": WEBHOOKS}

    async def post(self, webhook_id: str) -> None:
        overlap_secs = self.json(RotateSecret).overlap_secs
        rotated = await self.runtime.services.webhooks.rotate(int(webhook_id), overlap_secs)
        await self.done("webhook.rotate", f"webhook {webhook_id}")
        self.answer(with_secret(self.runtime.services.webhooks, rotated))


class DeliveriesHandler(HostHandler):
    scopes: ClassVar = {"GET": WEBHOOKS}

    async def get(self, webhook_id: str) -> None:
        asked = self.query(DeliveryPage)
        if asked.id is not None:
            found = [await self.runtime.services.webhooks.delivery(int(webhook_id), asked.id)]
            self.answer({"results": [delivery_json(task) for task in found], "next": None})
            return
        states = (asked.state,) if asked.state else ("waiting", "done", "dead")
        limit = min(asked.limit, MOST_DELIVERIES)
        before = _moment("after", asked.after) if asked.after else None
        found = await self.runtime.services.webhooks.deliveries(int(webhook_id), states, before, limit)
        shown = [delivery_json(task) for task in found]
        self.answer({"results": shown, "next": shown[-1]["due_at"] if len(found) == limit else None})


class ReplayHandler(HostHandler):
    scopes: ClassVar = {"POST": WEBHOOKS}

    async def post(self, webhook_id: str) -> None:
        asked = self.json(Replay)
        since, until = _moment("since", asked.since), _moment("until", asked.until)
        states = (asked.state,) if asked.state else ("done", "dead")
        count, more = await self.runtime.services.webhooks.replay(int(webhook_id), states, since, until)
        await self.done("webhook.replay", f"webhook {webhook_id}")
        self.answer({"count": count, "next_since": more and _text(more)}, 202)


class PullHandler(HostHandler):
    scopes: ClassVar = {"GET": WEBHOOKS}

    async def get(self, webhook_id: str) -> None:
        asked = self.query(Pull)
        wait = min(asked.wait, self.runtime.settings.max_hold_secs)
        if self.request.method == "HEAD":
            wait = 0.0
        found = await self.runtime.services.pulls.take(
            int(webhook_id), wait, min(asked.limit, MOST_DELIVERIES)
        )
        self.answer({"results": found})


class AcknowledgeHandler(HostHandler):
    scopes: ClassVar = {"POST": WEBHOOKS}

    async def post(self, webhook_id: str) -> None:
        ids = self.json(Acknowledge).ids
        self.answer({"count": await self.runtime.services.pulls.acknowledge(int(webhook_id), ids)})


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(name: str, given: str) -> datetime:
    """RFC 3339, with its zone. Raises Invalid."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid.field(name, "must be a time such as 2026-05-04T09:30:00.000Z")
    return at
