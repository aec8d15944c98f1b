"""What a member has for themselves in a conversation, and the list of all of theirs."""

from __future__ import annotations

import msgspec

from chatserver.list_place import ListPlace
from chatserver.services.messages import MAX_PAGE
from chatserver.services.own_settings import SettingsChange
from handlers.base import ApiHandler
from handlers.receipts import marked_read
from handlers.schemas import ConversationPage, KeepDraft, OwnSettings, Read, ReceiptsOf


class ConversationListHandler(ApiHandler):
    bucket = "send"
    reading_bucket = "history"

    async def get(self) -> None:
        asked = self.query(ConversationPage)
        services = self.runtime.services
        after = ListPlace.parse(asked.after) if asked.after is not None else None
        listed, more = await services.conversation_list.page(
            self.actor,
            await services.conversations.inbox(self.actor),
            after,
            min(asked.limit, MAX_PAGE),
            archived=asked.archived,
            kind=asked.kind,
        )
        self.answer({"results": listed, "next": more and str(more)})


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
