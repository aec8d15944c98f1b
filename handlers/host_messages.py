"""What the host's servers write in the chat, read there, and change."""

from __future__ import annotations

from typing import ClassVar

from chatserver.errors import Invalid
from chatserver.guard.scopes import MESSAGES_READ, MESSAGES_WRITE, MODERATION
from chatserver.model import HOST_ACTOR
from chatserver.services.host_messages import Speech
from chatserver.services.messages import MAX_PAGE
from handlers.connections.own_address import base_url
from handlers.host_calls import HostHandler
from handlers.schemas import HostEdit, HostHistory, HostSend, Reason


class MessagesHandler(HostHandler):
    scopes: ClassVar = {"POST": MESSAGES_WRITE}

    async def post(self) -> None:
        asked = self.json(HostSend)
        if (asked.conversation is None) == (asked.receiver_sub is None):
            problem = "give exactly one of these"
            raise Invalid(
                "Give exactly one of conversation and receiver_sub.",
                {"conversation": problem, "receiver_sub": problem},
            )
        sub = bot = None
        if not isinstance(asked.as_, str):
            sub, bot = asked.as_.sub, asked.as_.bot
            if (sub is None) == (bot is None):
                raise Invalid.field("as", "must have exactly one of sub and bot")
        speech = Speech(
            asked.conversation, asked.receiver_sub, sub, bot, asked.message, asked.client_id, asked.silent
        )
        message, created = await self.runtime.services.host_messages.post(speech, base_url(self))
        if not created:
            self.set_header("Idempotency-Replayed", "true")
        await self.done("message.post", f"message {message['id']}")
        self.answer(message, 201 if created else 200)


class MessageHandler(HostHandler):
    scopes: ClassVar = {"PATCH": MODERATION, "DELETE": MODERATION}

    async def patch(self, message_id: str) -> None:
        asked, services = self.json(HostEdit), self.runtime.services
        shown = await services.changes.edit(HOST_ACTOR.at(base_url(self)), int(message_id), asked.message)
        await self.done("message.change", f"message {message_id}", asked.reason)
        self.answer((await services.host_messages.with_subs([shown]))[0])

    async def delete(self, message_id: str) -> None:
        reason = self.json(Reason).reason if self.body() else None
        services = self.runtime.services
        shown = await services.changes.delete(HOST_ACTOR.at(base_url(self)), int(message_id))
        await self.done("message.delete", f"message {message_id}", reason)
        self.answer((await services.host_messages.with_subs([shown]))[0])


class HistoryHandler(HostHandler):
    scopes: ClassVar = {"GET": MESSAGES_READ}

    async def get(self, external_id: str) -> None:
        asked = self.query(HostHistory)
        messages, has_more = await self.runtime.services.host_messages.page(
            asked.external_id or external_id, asked.after_seq, min(asked.limit, MAX_PAGE), base_url(self)
        )
        self.answer({"messages": messages, "has_more": has_more})
