"""Editing and deleting one's own messages."""

from __future__ import annotations

from handlers.base import ApiHandler
from handlers.schemas import Edit


class MessageHandler(ApiHandler):
    bucket = "send"

    async def patch(self, message_id: str) -> None:
        text = self.json(Edit).message
        self.answer(await self.runtime.services.changes.edit(self.actor, int(message_id), text))

    async def delete(self, message_id: str) -> None:
        self.answer(await self.runtime.services.changes.delete(self.actor, int(message_id)))
