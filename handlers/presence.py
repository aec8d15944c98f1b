"""Typing, and who is there."""

from __future__ import annotations

from chatserver.errors import Invalid
from handlers.base import ApiHandler
from handlers.schemas import Typing


class TypingHandler(ApiHandler):
    bucket = "typing"

    async def post(self) -> None:
        asked = self.json(Typing)
        receiver_id = asked.receiver_id if asked.receiver_id is not None else asked.receiver
        typing = self.runtime.services.typing
        if receiver_id is None and asked.conversation_id is None:
            raise Invalid.field("receiver_id", "is required")
        if receiver_id is None:
            assert asked.conversation_id is not None
            await typing.signal_in(self.actor, asked.conversation_id, asked.is_typing)
        elif asked.conversation_id is None:
            await typing.signal(self.actor, receiver_id, asked.is_typing)
        else:
            raise Invalid.field("conversation_id", "cannot stand beside a receiver")
        self.answer({"success": True, "status": "success"})


class OnlineUsersHandler(ApiHandler):
    bucket = "history"

    async def get(self) -> None:
        self.answer({"online_users": await self.runtime.services.presence.online(self.actor)})


class DisconnectHandler(ApiHandler):
    bucket = "account"
    query_token = True

    async def post(self) -> None:
        self.runtime.services.presence.disconnect(self.actor)
        self.answer({"status": "disconnected", "user_id": self.actor.user_id})
