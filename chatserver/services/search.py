"""Finding messages by their words, in one's own conversations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from chatserver.clock import Clock
from chatserver.errors import Invalid, NotFound, Unavailable
from chatserver.model import MAX_SEQ, Actor, Message
from chatserver.ports import Stores
from chatserver.services.conversations import Conversations
from chatserver.services.messages import Messages
from chatserver.services.permissions import window
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
                found = await self._found(actor, await self._where(actor, user_id), wanted, before, limit)
        except TimeoutError:
            raise Unavailable("This search takes too long; name a person or a rarer word.") from None
        return await self._messages.shown_all(actor, found[:limit]), len(found) > limit

    async def _found(
        self, actor: Actor, ids: Iterator[int], wanted: list[str], before: Message | None, limit: int
    ) -> list[Message]:
        """More than `limit` if there are. What no page lists yet is looked through, then pages from the newest."""
        floors: dict[int, int] = {}
        found: dict[int, Message] = {}
        pages: list[WordPage] = []

        async def look(spans: list[tuple[int, int, int]]) -> list[Message]:
            if spans:
                found.update({m.id: m for m in await self._stores.messages.search(spans, wanted, before)})
            return sorted(found.values(), key=lambda m: (m.created_at, m.id), reverse=True)

        newest: list[Message] = []
        while chunk := list(islice(ids, TOGETHER)):
            paged = await self._stores.conversations.paged(chunk)
            floors |= await self._floors(actor, chunk)
            newest = await look(
                [(id, max(paged.get(id, 0) * PAGE, floors[id]), MAX_SEQ) for id in chunk if id in floors]
            )
            pages += await self._stores.pages.find(chunk, wanted, before.created_at if before else None)
        pages.sort(key=lambda page: page.newest_at, reverse=True)
        for at in range(0, len(pages), PAGES):
            if len(newest) > limit and newest[limit].created_at > pages[at].newest_at:
                break
            spans = (page.span for page in pages[at : at + PAGES])
            seen = [(id, max(after, floors[id]), last) for id, after, last in spans if id in floors]
            newest = await look([span for span in seen if span[1] < span[2]])
        return newest

    async def _floors(self, actor: Actor, ids: list[int]) -> dict[int, int]:
        """From where on the actor may see each of these, less those that they are no member of any more."""
        conversations = await self._conversations.all(ids)
        found = await self._stores.conversations.members_of((id, actor.user_id) for id in ids)
        members = {c: member for (c, _), member in found.items() if member.state == "member"}
        return {
            id: window(conversations[id], one, 0)[0] for id, one in members.items() if id in conversations
        }

    async def _where(self, actor: Actor, user_id: int | None) -> Iterator[int]:
        if user_id is None:
            return iter((await self._conversations.inbox(actor)).heads)
        conversation = await self._conversations.with_user(actor, user_id)
        return iter([conversation.id] if conversation else [])

    async def _before(self, actor: Actor, id: int) -> Message:
        try:
            return (await self._messages.seen(actor, id))[2]
        except NotFound:
            raise Invalid.field("before_id", "is none of your messages") from None
