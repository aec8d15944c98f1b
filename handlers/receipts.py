"""Marking as read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chatserver import wire
from chatserver.errors import Invalid
from handlers.base import ApiHandler
from handlers.schemas import MarkRead


class MarkReadHandler(ApiHandler):
    bucket = "receipts"

    async def post(self) -> None:
        asked = self.json(MarkRead)
        given = [name for name in MarkRead.__struct_fields__ if getattr(asked, name) not in (None, [])]
        if not given and asked.message_ids is not None:
            raise Invalid.field("message_ids", "must hold at least one id")
        if len(given) != 1:
            raise Invalid(
                "Give exactly one of message_ids, conversation_id and sender_id.",
                {name: "give exactly one of these" for name in given or MarkRead.__struct_fields__},
            )
        services = self.runtime.services
        if asked.message_ids:
            marked, at = await services.receipts.mark_ids_read(self.actor, asked.message_ids)
        else:
            conversation_id = asked.conversation_id
            if asked.sender_id is not None:
                found = await services.conversations.with_user(self.actor, asked.sender_id)
                conversation_id = found.id if found else None
            if conversation_id is None:
                marked, at = await services.receipts.mark_ids_read(self.actor, [])
            else:
                marked, at = await services.receipts.mark_read(self.actor, conversation_id, None)
        self.answer(marked_read(marked, at))


def marked_read(marked: int, at: datetime) -> dict[str, Any]:
    """`marked` messages of others were passed."""
    return {
        "success": True,
        "status": "success",
        "marked_count": marked,
        "marked_read": marked,
        "read_at": wire.moment(at),
    }
