"""Conversations that strangers find, and how they come in: at once, or by asking."""

from __future__ import annotations

from typing import Any

from handlers.base import ApiHandler
from handlers.members import DONE
from handlers.schemas import PeoplePage, PublicSearch


def part(found: tuple[list[Any], int | None]) -> dict[str, Any]:
    """Of a list that goes on."""
    results, more = found
    return {"results": results, "next": None if more is None else str(more)}


class PublicHandler(ApiHandler):
    bucket = "history"

    async def get(self) -> None:
        asked = self.query(PublicSearch)
        requests = self.runtime.services.requests
        self.answer(part(await requests.public(self.actor, asked.search, asked.after, asked.limit)))


class JoinHandler(ApiHandler):
    bucket = "send"

    async def post(self, conversation_id: str) -> None:
        services, id = self.runtime.services, int(conversation_id)
        outcome = await services.requests.join(self.actor, id)
        if outcome == "requested":
            self.answer({"conversation_id": id, "my_state": "requested"}, 202)
            return
        shown = await services.conversation_views.one(self.actor, id)
        self.answer(shown, 201 if outcome == "joined" else 200)


class JoinRequestsHandler(ApiHandler):
    bucket = "history"

    async def get(self, conversation_id: str) -> None:
        asked = self.query(PeoplePage)
        requests = self.runtime.services.requests
        self.answer(
            part(await requests.page(self.actor, int(conversation_id), asked.after or 0, asked.limit))
        )


class JoinRequestHandler(ApiHandler):
    bucket = "send"

    async def put(self, conversation_id: str, user_id: str) -> None:
        services = self.runtime.services
        member, is_new = await services.memberships.take_in(self.actor, int(conversation_id), int(user_id))
        self.answer(await services.member_views.one(member), 201 if is_new else 200)

    async def delete(self, conversation_id: str, user_id: str) -> None:
        memberships = self.runtime.services.memberships
        if int(user_id) == self.actor.user_id:
            await memberships.take_back_request(self.actor, int(conversation_id))
        else:
            await memberships.refuse(self.actor, int(conversation_id), int(user_id))
        self.answer(DONE)


class OwnRequestHandler(ApiHandler):
    bucket = "send"

    async def delete(self, conversation_id: str) -> None:
        await self.runtime.services.memberships.take_back_request(self.actor, int(conversation_id))
        self.answer(DONE)


class BansHandler(ApiHandler):
    bucket = "history"

    async def get(self, conversation_id: str) -> None:
        asked = self.query(PeoplePage)
        requests = self.runtime.services.requests
        self.answer(
            part(await requests.bans(self.actor, int(conversation_id), asked.after or 0, asked.limit))
        )
