"""One conversation of two or of many: what it is."""

from __future__ import annotations

from handlers.base import ApiHandler


class ConversationHandler(ApiHandler):
    bucket = "send"
    reading_bucket = "history"

    async def get(self, conversation_id: str) -> None:
        views = self.runtime.services.conversation_views
        self.answer(await views.one(self.actor, int(conversation_id)))
