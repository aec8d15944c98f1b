"""Whom the host keeps out, and what it did."""

from __future__ import annotations

from typing import ClassVar

from chatserver import wire
from chatserver.guard.scopes import MODERATION
from handlers.host_calls import HostHandler
from handlers.parsing import moment_in
from handlers.schemas import AuditPage, HostBan, HostUnban, SubQuery


class BanHandler(HostHandler):
    scopes: ClassVar = {"POST": MODERATION, "DELETE": MODERATION}

    async def post(self, sub: str) -> None:
        sub = self.query(SubQuery).sub or sub
        asked = self.json(HostBan) if self.body() else HostBan()
        until = moment_in(asked.until, "until") if asked.until is not None else None
        services, ended = self.runtime.services, 0
        if asked.conversations is None:
            _, ended = await services.host_users.set_active(sub, False, until)
        else:
            await services.host_conversations.ban(asked.conversations, sub, until, asked.reason)
        await self.done("user.ban", f"user {sub}", asked.reason)
        self.answer(
            {
                "sub": sub,
                "until": wire.moment(until),
                "conversations": asked.conversations,
                "sessions_ended": ended,
            }
        )

    async def delete(self, sub: str) -> None:
        sub = self.query(SubQuery).sub or sub
        asked = self.json(HostUnban) if self.body() else HostUnban()
        services = self.runtime.services
        if asked.conversations is None:
            await services.host_users.set_active(sub, True)
        else:
            await services.host_conversations.unban(asked.conversations, sub)
        await self.done("user.unban", f"user {sub}")
        self.answer({"success": True, "status": "success"})


class AuditHandler(HostHandler):
    scopes: ClassVar = {"GET": MODERATION}

    async def get(self) -> None:
        asked = self.query(AuditPage)
        found, more = await self.runtime.services.audit.page(asked.before, asked.limit, asked.target)
        self.answer({"results": [wire.audited(one) for one in found], "next": more})
