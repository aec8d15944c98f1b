"""Conversations of two or of many: listed, begun, looked at, changed, read, given away and closed."""

from __future__ import annotations

from typing import Any

import msgspec

from chatserver.errors import Invalid
from chatserver.list_place import ListPlace
from chatserver.services.groups import NewGroup
from chatserver.services.messages import MAX_PAGE, Places
from handlers.base import ApiHandler
from handlers.schemas import Begin, ConversationChange, ConversationPage, Messages, Owner, PolicyChange


def given(struct: msgspec.Struct) -> dict[str, Any]:
    """Its fields, less those that were left out."""
    return {name: value for name, value in msgspec.structs.asdict(struct).items() if value is not None}


def _policy(change: PolicyChange | None) -> dict[str, Any]:
    return given(change) if change is not None else {}


class ConversationsHandler(ApiHandler):
    bucket = "send"
    reading_bucket = "history"

    async def get(self) -> None:
        asked = self.query(ConversationPage)
        services = self.runtime.services
        if asked.external_id is not None:
            named = await services.conversation_views.named(self.actor, asked.external_id)
            self.answer({"results": named, "next": None})
            return
        after = ListPlace.parse(asked.after) if asked.after is not None else None
        async with self.turn():
            listed, more = await services.conversation_list.page(
                self.actor,
                await services.conversations.inbox(self.actor),
                after,
                min(asked.limit, MAX_PAGE),
                archived=asked.archived,
                kind=asked.kind,
            )
        self.answer({"results": listed, "next": more and str(more)})

    async def post(self) -> None:
        asked = self.json(Begin)
        if asked.preset == "direct":
            await self._open_direct(asked)
            return
        if asked.client_id is None:
            raise Invalid.field("client_id", "is required")
        wanted = NewGroup(
            asked.preset,
            asked.name,
            tuple(asked.member_ids),
            _policy(asked.policy),
            asked.data or {},
            asked.client_id,
        )
        beginning, is_new = await self.runtime.services.groups.begin(self.actor, wanted)
        shown = await self.runtime.services.conversation_views.one(self.actor, beginning.conversation.id)
        refused = [{"user_id": user_id, "code": code} for user_id, code in beginning.refused]
        self.answer({**shown, "refused": refused}, 201 if is_new else 200)

    async def _open_direct(self, asked: Begin) -> None:
        if len(asked.member_ids) != 1:
            raise Invalid.field("member_ids", "must name the one other person")
        conversations = self.runtime.services.conversations
        known = await conversations.find_direct(self.actor, asked.member_ids[0])
        conversation = known or (await conversations.open_direct(self.actor, asked.member_ids[0]))[0]
        shown = await self.runtime.services.conversation_views.one(self.actor, conversation.id)
        self.answer({**shown, "refused": []}, 200 if known else 201)


class ConversationHandler(ApiHandler):
    bucket = "send"
    reading_bucket = "history"

    async def get(self, conversation_id: str) -> None:
        await self._shown(int(conversation_id))

    async def patch(self, conversation_id: str) -> None:
        asked = self.json(ConversationChange)
        changes = given(asked)
        rev = changes.pop("rev", None)
        if asked.policy is not None:
            changes["policy"] = _policy(asked.policy)
        await self.runtime.services.groups.change(self.actor, int(conversation_id), changes, rev)
        await self._shown(int(conversation_id))

    async def delete(self, conversation_id: str) -> None:
        await self.runtime.services.groups.close_group(self.actor, int(conversation_id))
        await self._shown(int(conversation_id))

    async def _shown(self, conversation_id: int) -> None:
        views = self.runtime.services.conversation_views
        self.answer(await views.one(self.actor, conversation_id))


class OwnerHandler(ApiHandler):
    bucket = "send"

    async def post(self, conversation_id: str) -> None:
        asked = self.json(Owner)
        await self.runtime.services.groups.give(self.actor, int(conversation_id), asked.user_id)
        views = self.runtime.services.conversation_views
        self.answer(await views.one(self.actor, int(conversation_id)))


class MessagesHandler(ApiHandler):
    bucket = "history"

    async def get(self, conversation_id: str) -> None:
        asked = self.query(Messages)
        named = [name for name in ("before_id", "after_id", "around_id") if getattr(asked, name) is not None]
        if len(named) > 1:
            raise Invalid.field(named[1], f"cannot be combined with {named[0]}")
        messages, has_more = await self.runtime.services.messages.history_of(
            self.actor,
            int(conversation_id),
            min(asked.limit, MAX_PAGE),
            Places(asked.before_id, asked.after_id, asked.around_id),
            delivers=self.request.method != "HEAD",
        )
        self.answer(
            {"conversation_id": int(conversation_id), "messages": messages, "has_more": has_more},
        )
