"""Typing, and who is there."""

from __future__ import annotations

from handlers import receivers
from handlers.base import ApiHandler
from handlers.schemas import Typing


class TypingHandler(ApiHandler):
    bucket = "typing"

    async def post(self) -> None:
        asked = self.json(Typing)
        typing = self.runtime.services.typing
        receiver_id = await receivers.receiver_id(self.runtime, asked)
        if receiver_id is not None:
            await typing.signal(self.actor, receiver_id, asked.is_typing)
        elif asked.conversation_id is not None:
            await typing.signal_in(self.actor, asked.conversation_id, asked.is_typing)
        self.answer({"success": True, "status": "success"})


class OnlineUsersHandler(ApiHandler):
    bucket = "history"

    async def get(self) -> None:
        async with self.turn():
            self.answer({"online_users": await self.runtime.services.presence.online(self.actor)})


class DisconnectHandler(ApiHandler):
    bucket = "account"
    query_token = True

    async def post(self) -> None:
        self.runtime.services.presence.disconnect(self.actor)
        self.answer({"status": "disconnected", "user_id": self.actor.user_id})
