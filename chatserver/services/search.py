"""Finding messages by their words, in one's own conversations."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from itertools import islice

from chatserver.errors import Invalid, NotFound, Unavailable
from chatserver.model import Actor, Message, split_message_id
from chatserver.ports import Stores
from chatserver.services.conversations import Conversations
from chatserver.services.messages import Messages
from chatserver.wire import Json

QUERY_CHARS = 200
MAX_WORDS = 10
TOGETHER = 100  # conversations in one call of the database
LIMIT_SECS = 2.5
_WORD = re.compile(r"\w+")


class Search:
    def __init__(self, stores: Stores, messages: Messages, conversations: Conversations) -> None:
        self._stores = stores
        self._messages = messages
        self._conversations = conversations

    async def find(
        self, actor: Actor, text: str, limit: int, *, user_id: int | None, before_id: int | None
    ) -> tuple[list[Json], bool]:
        """The newest messages that have all words of `text`, and whether there are older ones.

        Words are whole; case and accents do not count. Raises Invalid, NotFound for an unknown user, Unavailable.
        """
        words = list(dict.fromkeys(_WORD.findall(text)))
        if not words:
            raise Invalid.field("q", "must have a letter or a digit")
        if len(words) > MAX_WORDS:
            raise Invalid.field("q", f"must have at most {MAX_WORDS} words")
        try:
            async with asyncio.timeout(LIMIT_SECS):
                before = await self._before(actor, before_id) if before_id is not None else None
                ids = await self._where(actor, user_id)
                found: list[Message] = []
                while chunk := list(islice(ids, TOGETHER)):
                    found += await self._stores.messages.search(chunk, words, before, limit + 1)
        except TimeoutError:
            raise Unavailable("This search takes too long; name a person or a rarer word.") from None
        found.sort(key=lambda message: (message.created_at, message.id), reverse=True)
        return await self._messages.shown_all(actor, found[:limit]), len(found) > limit

    async def _where(self, actor: Actor, user_id: int | None) -> Iterator[int]:
        if user_id is None:
            return iter((await self._conversations.inbox(actor)).heads)
        conversation = await self._conversations.with_user(actor, user_id)
        return iter([conversation.id] if conversation else [])

    async def _before(self, actor: Actor, id: int) -> Message:
        try:
            await self._conversations.access(actor, split_message_id(id)[0])
        except NotFound:
            raise Invalid.field("before_id", "is none of your messages") from None
        message = (await self._stores.messages.by_ids([id])).get(id)
        if message is None:
            raise Invalid.field("before_id", "is none of your messages")
        return message
