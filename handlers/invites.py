"""Codes that let people into a conversation. A code stands in a body, never in an address, which logs keep."""

from __future__ import annotations

from handlers.base import ApiHandler
from handlers.members import DONE
from handlers.schemas import InviteCode, NewInvite


class InvitesHandler(ApiHandler):
    bucket = "send"
    reading_bucket = "history"

    async def post(self, conversation_id: str) -> None:
        asked = self.json(NewInvite) if self.body() else NewInvite()
        made, is_new = await self.runtime.services.invites.make(
            self.actor, int(conversation_id), asked.max_age_secs, asked.uses, asked.client_id
        )
        self.answer(made, 201 if is_new else 200)

    async def get(self, conversation_id: str) -> None:
        found = await self.runtime.services.invites.page(self.actor, int(conversation_id))
        self.answer({"results": found, "next": None})


class InviteHandler(ApiHandler):
    bucket = "send"

    async def delete(self, conversation_id: str, invite_id: str) -> None:
        await self.runtime.services.invites.take_back(self.actor, int(conversation_id), int(invite_id))
        self.answer(DONE)


class PreviewHandler(ApiHandler):
    bucket = "history"

    async def post(self) -> None:
        asked = self.json(InviteCode)
        self.answer(await self.runtime.services.invites.preview(self.actor, asked.code, self.address))


class AcceptHandler(ApiHandler):
    bucket = "send"

    async def post(self) -> None:
        asked = self.json(InviteCode)
        services = self.runtime.services
        conversation_id, is_new = await services.invites.accept(self.actor, asked.code, self.address)
        shown = await services.conversation_views.one(self.actor, conversation_id)
        self.answer(shown, 201 if is_new else 200)
