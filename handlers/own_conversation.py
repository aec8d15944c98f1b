"""What a member has for themselves in a conversation."""

from __future__ import annotations

import msgspec

from chatserver.services.own_settings import SettingsChange
from handlers.base import ApiHandler
from handlers.receipts import marked_read
from handlers.schemas import KeepDraft, OwnSettings, Read, ReceiptsOf


class OwnSettingsHandler(ApiHandler):
    bucket = "receipts"

    async def patch(self, conversation_id: str) -> None:
        wanted = SettingsChange(**msgspec.structs.asdict(self.json(OwnSettings)))
        services = self.runtime.services
        await services.own_settings.change(self.actor, int(conversation_id), wanted)
        self.answer(await services.conversation_views.one(self.actor, int(conversation_id)))


class DraftHandler(ApiHandler):
    bucket = "typing"

    async def put(self, conversation_id: str) -> None:
        asked = self.json(KeepDraft)
        drafts = self.runtime.services.drafts
        self.answer(
            await drafts.keep(self.actor, int(conversation_id), asked.text, asked.reply_to_id or 0, asked.rev)
        )


class ReadHandler(ApiHandler):
    bucket = "receipts"

    async def post(self, conversation_id: str) -> None:
        asked = self.json(Read)
        id, receipts = int(conversation_id), self.runtime.services.receipts
        marked, at = await receipts.mark_read_up_to(self.actor, id, asked.message_id, asked.private)
        self.answer(marked_read(marked, at))


class ReceiptsHandler(ApiHandler):
    bucket = "history"

    async def get(self, conversation_id: str) -> None:
        asked = self.query(ReceiptsOf)
        seen_by = self.runtime.services.seen_by
        self.answer(await seen_by.of(self.actor, int(conversation_id), asked.message_id))
