"""Finding messages by their words, in one's own conversations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from chatserver.clock import Clock
from chatserver.errors import Invalid, NotFound, Unavailable
from chatserver.model import MAX_SEQ, Actor, Message, split_message_id
from chatserver.ports import Stores
from chatserver.services.conversations import Conversations
from chatserver.services.messages import Messages
from chatserver.wire import Json
from chatserver.word_pages import PAGE, WordPage
from chatserver.words import words

QUERY_CHARS = 200
MAX_WORDS = 10
TOGETHER = 100  # conversations in one call of the database
PAGES = 20  # the same of pages
LIMIT_SECS = 2.5


class Search:
    def __init__(
        self, stores: Stores, messages: Messages, conversations: Conversations, clock: Clock
    ) -> None:
        self._stores = stores
        self._messages = messages
        self._conversations = conversations
        self._clock = clock

    async def find(
        self, actor: Actor, text: str, limit: int, *, user_id: int | None, before_id: int | None
    ) -> tuple[list[Json], bool]:
        """The newest messages that have all words of `text`, and whether there are older ones.

        Words are whole; case and accents do not count. Raises Invalid, NotFound for an unknown user, Unavailable.
        """
        wanted = words(text)
        if not wanted:
            raise Invalid.field("q", "must have a letter or a digit")
        if len(wanted) > MAX_WORDS:
            raise Invalid.field("q", f"must have at most {MAX_WORDS} words")
        try:
            async with self._clock.limit(LIMIT_SECS):
                before = await self._before(actor, before_id) if before_id is not None else None
                found = await self._found(await self._where(actor, user_id), wanted, before, limit)
        except TimeoutError:
            raise Unavailable("This search takes too long; name a person or a rarer word.") from None
        return await self._messages.shown_all(actor, found[:limit]), len(found) > limit

    async def _found(
        self, ids: Iterator[int], wanted: list[str], before: Message | None, limit: int
    ) -> list[Message]:
        """More than `limit` if there are. What no page lists yet is looked through, then pages from the newest."""
        found: dict[int, Message] = {}
        pages: list[WordPage] = []

        async def look(spans: list[tuple[int, int, int]]) -> list[Message]:
            found.update({m.id: m for m in await self._stores.messages.search(spans, wanted, before)})
            return sorted(found.values(), key=lambda m: (m.created_at, m.id), reverse=True)

        newest: list[Message] = []
        while chunk := list(islice(ids, TOGETHER)):
            paged = await self._stores.conversations.paged(chunk)
            newest = await look([(id, paged.get(id, 0) * PAGE, MAX_SEQ) for id in chunk])
            pages += await self._stores.pages.find(chunk, wanted, before.created_at if before else None)
        pages.sort(key=lambda page: page.newest_at, reverse=True)
        for at in range(0, len(pages), PAGES):
            if len(newest) > limit and newest[limit].created_at > pages[at].newest_at:
                break
            newest = await look([page.span for page in pages[at : at + PAGES]])
        return newest

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
