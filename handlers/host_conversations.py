"""The conversations of the host, as its servers see and change them.

Their ids stand in the path, and so do those of people. Where a proxy decodes what is in there, `-` stands in their place
and they come as `?external_id=` and `?sub=`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from chatserver import wire
from chatserver.guard.scopes import CONVERSATIONS_READ, CONVERSATIONS_WRITE
from chatserver.model import Conversation, Member
from chatserver.services.host_conversations import MOST_MEMBERS, WantedConversation
from handlers.conversation_calls import given
from handlers.host_calls import BATCH_BYTES, HostHandler
from handlers.parsing import parse
from handlers.schemas import ExternalQuery, HostMembersPage, MemberQuery, PutConversation, PutMember


def conversation_json(one: Conversation) -> dict[str, Any]:
    """As the host sees it, which is no member of it."""
    return {
        "id": one.id,
        "external_id": one.external_id,
        "title": one.name,
        "preset": one.preset,
        "policy": asdict(one.policy),
        "state": one.state,
        "member_count": one.member_count,
        "data": one.data,
        "rev": one.rev,
    }


def member_json(member: Member, sub: str | None) -> dict[str, Any]:
    return {
        "user_id": member.user_id,
        "sub": sub,
        "role": member.role,
        "joined_at": wire.moment(member.joined_at),
    }


class ConversationHandler(HostHandler):
    scopes: ClassVar = {"GET": CONVERSATIONS_READ, "PUT": CONVERSATIONS_WRITE, "DELETE": CONVERSATIONS_WRITE}

    @property
    def body_limit(self) -> int:
        return max(BATCH_BYTES, self.runtime.settings.body_bytes)

    async def get(self, external_id: str) -> None:
        asked, conversations = self.query(HostMembersPage), self.runtime.services.host_conversations
        one = await conversations.named(asked.external_id or external_id)
        found = await conversations.members(one, asked.after or 0, MOST_MEMBERS + 1)
        shown = found[:MOST_MEMBERS]
        self.answer(
            {
                **conversation_json(one),
                "members": [member_json(*one) for one in shown],
                "next": str(shown[-1][0].user_id) if len(found) > len(shown) else None,
            }
        )

    async def put(self, external_id: str) -> None:
        external_id = self.query(ExternalQuery).external_id or external_id
        put = await self.runtime.services.host_conversations.put(external_id, self._wanted())
        await self.done("conversation.put", f"conversation {external_id}")
        refused = [
            {"sub": sub, "code": error.code, "detail": error.detail} for sub, error in put.refused.items()
        ]
        shown = {**conversation_json(put.conversation), "added": put.added, "removed": put.removed}
        self.answer({**shown, "refused": refused}, 201 if put.created else 200)

    def _wanted(self) -> WantedConversation:
        values = self.object(PutConversation)
        asked, _ = parse(PutConversation, values)
        return WantedConversation(
            "" if "title" in values and asked.title is None else asked.title,
            {} if "data" in values and asked.data is None else asked.data,
            asked.preset,
            given(asked.policy) if asked.policy is not None else {},
            asked.members,
            asked.mode == "exact",
        )

    async def delete(self, external_id: str) -> None:
        external_id = self.query(ExternalQuery).external_id or external_id
        closed = await self.runtime.services.host_conversations.close(external_id)
        await self.done("conversation.close", f"conversation {external_id}")
        self.answer(conversation_json(closed))


class MemberHandler(HostHandler):
    scopes: ClassVar = {"PUT": CONVERSATIONS_WRITE, "DELETE": CONVERSATIONS_WRITE}

    async def put(self, external_id: str, sub: str) -> None:
        asked = self.query(MemberQuery)
        external_id, sub = asked.external_id or external_id, asked.sub or sub
        role = self.json(PutMember).role if self.body() else None
        conversations = self.runtime.services.host_conversations
        member, is_new = await conversations.put_member(external_id, sub, role)
        await self.done("member.put", f"conversation {external_id} user {sub}")
        self.answer(member_json(member, sub), 201 if is_new else 200)

    async def delete(self, external_id: str, sub: str) -> None:
        asked = self.query(MemberQuery)
        external_id, sub = asked.external_id or external_id, asked.sub or sub
        await self.runtime.services.host_conversations.remove_member(external_id, sub)
        await self.done("member.remove", f"conversation {external_id} user {sub}")
        self.answer({"success": True, "status": "success"})
