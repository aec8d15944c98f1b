"""Signing in by the application that this chat is embedded in, and as a guest."""

from __future__ import annotations

from typing import ClassVar

from chatserver import wire
from chatserver.errors import Invalid
from chatserver.guard.scopes import NOTIFICATIONS
from handlers.accounts import signed_in
from handlers.base import ApiHandler
from handlers.host_calls import HostHandler
from handlers.schemas import Guest, HostSignIn, Notify


class HostSignInHandler(ApiHandler):
    public = True

    async def post(self) -> None:
        device = self.request.headers.get("User-Agent", "")
        made = await self.runtime.services.host.sign_in(self.json(HostSignIn).token, device, self.address)
        self.answer(signed_in(*made))


class GuestHandler(ApiHandler):
    public = True

    async def post(self) -> None:
        device = self.request.headers.get("User-Agent", "")
        made = await self.runtime.services.host.guest(self.json(Guest).full_name, device, self.address)
        self.answer(signed_in(*made), 201)


class NotificationsHandler(HostHandler):
    scopes: ClassVar = {"POST": NOTIFICATIONS}

    async def post(self) -> None:
        host = self.runtime.services.host
        asked = self.json(Notify)
        if (asked.receiver_id is None) == (asked.receiver_sub is None):
            raise Invalid(
                "Give exactly one of receiver_id and receiver_sub.",
                {name: "give exactly one of these" for name in ("receiver_id", "receiver_sub")},
            )
        for name in ("title", "message"):
            if not getattr(asked, name).strip():
                raise Invalid.field(name, "must not be empty")
        notification, created = await host.notify(
            asked.receiver_id,
            asked.receiver_sub,
            title=asked.title,
            message=asked.message,
            notification_type=asked.notification_type,
            client_id=asked.client_id,
        )
        if not created:
            self.set_header("Idempotency-Replayed", "true")
        self.answer(wire.host_notification(notification), 201 if created else 200)
