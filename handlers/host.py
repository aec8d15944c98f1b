"""Signing in by the application that this chat is embedded in, and as a guest."""

from __future__ import annotations

from handlers.accounts import signed_in
from handlers.base import ApiHandler
from handlers.schemas import Guest, HostSignIn


class HostSignInHandler(ApiHandler):
    public = True

    async def post(self) -> None:
        device = self.request.headers.get("User-Agent", "")
        made = await self.runtime.services.host.sign_in(self.json(HostSignIn).token, device)
        self.answer(signed_in(*made))


class GuestHandler(ApiHandler):
    public = True

    async def post(self) -> None:
        device = self.request.headers.get("User-Agent", "")
        made = await self.runtime.services.host.guest(self.json(Guest).full_name, device, self.address)
        self.answer(signed_in(*made), 201)
