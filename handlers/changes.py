"""One message: looking at it, and editing and deleting one's own."""

from __future__ import annotations

from handlers.base import ApiHandler
from handlers.schemas import Edit


class MessageHandler(ApiHandler):
    bucket = "send"
    reading_bucket = "history"

    async def get(self, message_id: str) -> None:
        delivers = self.request.method != "HEAD"
        self.answer(await self.runtime.services.messages.one(self.actor, int(message_id), delivers))

    async def patch(self, message_id: str) -> None:
        text = self.json(Edit).message
        self.answer(await self.runtime.services.changes.edit(self.actor, int(message_id), text))

    async def delete(self, message_id: str) -> None:
        self.answer(await self.runtime.services.changes.delete(self.actor, int(message_id)))


class ShortMessageHandler(MessageHandler):
    """The same under `chats/{id}/`, where clients of the original system look for it."""
