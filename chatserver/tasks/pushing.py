"""Telling the host: every node looks after the endpoints that no other node holds."""

from __future__ import annotations

import asyncio

import structlog

from chatserver.clock import Clock
from chatserver.guard.server_secret import ServerSecret
from chatserver.model import Webhook
from chatserver.ports import OutwardCalls, Stores
from chatserver.sending.feed import YOUNG, Feed
from chatserver.services.host_events import HostEvents
from chatserver.tasks.endpoint import Endpoint
from chatserver.tasks.looking import keep_looking

AT_ONCE = 16  # attempts of one node

log = structlog.get_logger(__name__)


class Pushing:
    def __init__(
        self,
        stores: Stores,
        feed: Feed,
        events: HostEvents,
        way_out: OutwardCalls,
        secret: ServerSecret | None,
        node: str,
        clock: Clock,
    ) -> None:
        """Without a secret nothing can be signed, and nothing is pushed."""
        self._stores = stores
        self._feed = feed
        self._events = events
        self._way_out = way_out
        self._secret = secret
        self._node = node
        self._clock = clock
        self._places = asyncio.Semaphore(AT_ONCE)
        self._endpoints: dict[int, Endpoint] = {}
        self._unknown: set[int] = set()
        self._woken = asyncio.Event()

    def wake(self, changed: bool = False) -> None:
        """There may be something to do; `changed`: endpoints are other ones than before."""
        if changed:
            self._woken.set()
        for endpoint in self._endpoints.values():
            endpoint.wake(changed)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await keep_looking("webhooks", self._look, self._woken, self._clock)
        finally:
            await asyncio.gather(*(one.close() for one in self._endpoints.values()), return_exceptions=True)

    async def _look(self) -> None:
        await self._feed.known()
        for left in self._feed.leaving:
            await self._remove(left)
        wanted = {one.id: one for one in self._feed.webhooks if one.kind == "push" and one.state == "active"}
        for id in self._endpoints.keys() - wanted.keys():
            await self._endpoints.pop(id).close()
        for id, one in wanted.items():
            if id not in self._endpoints and self._can_sign(one):
                self._endpoints[id] = self._endpoint(id)

    def _can_sign(self, webhook: Webhook) -> bool:
        if self._secret is not None and webhook.secret_mark == self._secret.mark:
            return True
        if webhook.id not in self._unknown:
            self._unknown.add(webhook.id)
            log.error(
                "a webhook was made with another server_secret: give this node the same, or rotate its secret",
                webhook=webhook.id,
            )
        return False

    def _endpoint(self, id: int) -> Endpoint:
        assert self._secret is not None
        return Endpoint(
            id,
            self._stores,
            self._feed,
            self._events,
            self._way_out,
            self._secret,
            self._places,
            self._node,
            self._clock,
        )

    async def _remove(self, left: Webhook) -> None:
        """A deleted one goes once nothing is left of it, and nobody can make more."""
        if not await self._stores.tasks.remove(left.key) and self._clock.now() - left.since > YOUNG:
            await self._stores.webhooks.delete(left.id)
