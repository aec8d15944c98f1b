"""Who is in a conversation, and what they are there."""

from __future__ import annotations

from typing import Any

from chatserver.errors import Invalid
from handlers.base import ApiHandler
from handlers.conversation_calls import given
from handlers.parsing import moment_in
from handlers.schemas import Ban, MemberChange, Members

DONE = {"success": True, "status": "success"}


class MembersHandler(ApiHandler):
    bucket = "history"

    async def get(self, conversation_id: str) -> None:
        asked = self.query(Members)
        members, more = await self.runtime.services.member_views.page(
            self.actor, int(conversation_id), asked.search, asked.role, asked.after or 0, asked.limit
        )
        self.answer({"results": members, "next": None if more is None else str(more)})


class MemberHandler(ApiHandler):
    bucket = "send"

    async def put(self, conversation_id: str, user_id: str) -> None:
        services = self.runtime.services
        member, is_new = await services.memberships.add(self.actor, int(conversation_id), int(user_id))
        self.answer(await services.member_views.one(member), 201 if is_new else 200)

    async def patch(self, conversation_id: str, user_id: str) -> None:
        changes: dict[str, Any] = given(self.json(MemberChange))
        if not changes:
            raise Invalid.field("body", "must have role or silenced_until")
        if (until := changes.get("silenced_until")) is not None:
            changes["silenced_until"] = moment_in(until, "silenced_until") if until else None
        services = self.runtime.services
        member = await services.memberships.change(self.actor, int(conversation_id), int(user_id), changes)
        self.answer(await services.member_views.one(member))

    async def delete(self, conversation_id: str, user_id: str) -> None:
        memberships = self.runtime.services.memberships
        if int(user_id) == self.actor.user_id:
            await memberships.leave(self.actor, int(conversation_id))
        else:
            await memberships.kick(self.actor, int(conversation_id), int(user_id))
        self.answer(DONE)


class OwnMembershipHandler(ApiHandler):
    bucket = "send"

    async def delete(self, conversation_id: str) -> None:
        await self.runtime.services.memberships.leave(self.actor, int(conversation_id))
        self.answer(DONE)


class BanHandler(ApiHandler):
    bucket = "send"

    async def put(self, conversation_id: str, user_id: str) -> None:
        asked = self.json(Ban) if self.body() else Ban()
        until = moment_in(asked.until, "until") if asked.until is not None else None
        services = self.runtime.services
        member = await services.memberships.ban(
            self.actor, int(conversation_id), int(user_id), until, asked.reason, asked.delete_messages_secs
        )
        self.answer(await services.member_views.one(member))

    async def delete(self, conversation_id: str, user_id: str) -> None:
        await self.runtime.services.memberships.unban(self.actor, int(conversation_id), int(user_id))
        self.answer(DONE)
