"""Sends that the host is asked about first, in the order of each sender; with no such hook, the writer's own way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from chatserver.clock import Clock
from chatserver.errors import IdempotencyConflict, Invalid, Unavailable
from chatserver.model import Message
from chatserver.ports import Stores
from chatserver.sending.send import LATE, Send, hash_of
from chatserver.sending.writer import Writer
from chatserver.services.hooks import PRE_SEND, Hooks
from chatserver.visible import has_something_to_see


class AskedSends:
    def __init__(
        self, writer: Writer, hooks: Hooks, stores: Stores, clock: Clock, message_chars: int
    ) -> None:
        self._writer = writer
        self._hooks = hooks
        self._stores = stores
        self._clock = clock
        self._message_chars = message_chars
        # sender → what their next send waits for: a slow answer must not reorder what one person says.
        self._before: dict[int, asyncio.Future[None]] = {}

    def post(self, send: Send) -> Awaitable[tuple[Message, bool]]:
        """As the writer's; and raises RefusedByHost."""
        return self._asked(send) if self._hooks.has(PRE_SEND) else self._writer.post(send)

    async def _asked(self, send: Send) -> tuple[Message, bool]:
        before = self._before.get(send.sender_id)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._before[send.sender_id] = mine
        try:
            async with self._clock.limit(send.deadline - self._clock.monotonic()):
                if before is not None:
                    await asyncio.shield(before)
                stored = await self._first(send)
                if stored is not None:
                    return stored, False
                await self._ask(send)
            self._writer.put(send)
        except TimeoutError:
            raise Unavailable(LATE) from None
        finally:
            mine.set_result(None)
            if self._before.get(send.sender_id) is mine:
                del self._before[send.sender_id]
        return await send.answer

    async def _first(self, send: Send) -> Message | None:
        """What the same send became before: nobody is asked a second time. Raises IdempotencyConflict."""
        if isinstance(send.client_id, int):  # made up here, so nobody can have used it
            return None
        key = send.sender_id, send.client_id
        stored = (await self._stores.messages.by_client_ids([key])).get(key)
        if stored is not None and not send.matches(stored):
            raise IdempotencyConflict("client_id was used before, with another message.")
        return stored

    async def _ask(self, send: Send) -> None:
        """Raises RefusedByHost. A replaced text takes the place of the one that was given."""
        conversation = send.conversation
        subs = await self._stores.users.subs({send.sender_id, *conversation.member_ids})
        other = conversation.other(send.sender_id) if conversation.is_direct else None
        data = {
            "conversation_id": conversation.id,
            "external_id": conversation.external_id,
            "sender_id": send.sender_id,
            "sender_sub": subs.get(send.sender_id),
            "receiver_id": other,
            "receiver_sub": subs.get(other) if other is not None else None,
            "message": send.text,
            "attachment_type": send.attachment.type if send.attachment else None,
            "attachment_name": send.attachment.name if send.attachment else None,
            "client_id": send.client_id if isinstance(send.client_id, str) else None,
        }
        left_secs = send.deadline - self._clock.monotonic()
        verdict = await self._hooks.ask(PRE_SEND, data, send.sender_id, conversation.id, left_secs)
        if verdict is not None:
            assert verdict.text is not None
            send.given, send.text = hash_of(send.text), self._checked(verdict.text, send)

    def _checked(self, text: str, send: Send) -> str:
        """Raises Invalid for what nobody could have sent."""
        is_seen = send.attachment is not None or has_something_to_see(text)
        if len(text.strip()) > self._message_chars or not is_seen or "\0" in text:
            raise Invalid.field("message", "was replaced by the application with what cannot be sent")
        return text
