"""Finding messages by their words."""

from __future__ import annotations

from chatserver.services.messages import MAX_PAGE
from handlers.base import ApiHandler
from handlers.schemas import TextSearch


class SearchHandler(ApiHandler):
    bucket = "history"

    async def get(self) -> None:
        asked = self.query(TextSearch)
        messages, has_more = await self.runtime.services.search.find(
            self.actor,
            asked.q,
            min(asked.limit, MAX_PAGE),
            user_id=asked.user_id,
            before_id=asked.before_id,
        )
        self.answer({"messages": messages, "has_more": has_more})
