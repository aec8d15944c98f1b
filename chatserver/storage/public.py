"""Conversations that strangers find: `listed: {id, words}` stands on those, and is made anew whenever one is changed."""

from __future__ import annotations

from collections.abc import Sequence

from chatserver.model import MAX_CONVERSATION_ID, Conversation
from chatserver.storage import records
from chatserver.storage.driver import Collection
from chatserver.storage.users import begin
from chatserver.words import name_words

MOST_FOUND = 1_000  # by one search; who wants others says more of the name


class PublicStore:
    def __init__(self, conversations: Collection) -> None:
        self._conversations = conversations

    async def page(self, beginnings: Sequence[str], before: int | None, limit: int) -> list[Conversation]:
        """The newest first, below the id `before`: those with a word of their name for each of these, or all."""
        below = before if before is not None else MAX_CONVERSATION_ID + 1
        if not beginnings:
            wanted = {"listed.id": {"$lt": below}}
            found = await self._conversations.find(wanted, sort=[("listed.id", -1)], limit=limit)
            return list(map(records.conversation, found))
        named = begin("listed.words", beginnings)
        ids = [doc["_id"] for doc in await self._conversations.find(named, {"_id": 1}, limit=MOST_FOUND)]
        ids = sorted((id for id in ids if id < below), reverse=True)[:limit]
        found = await self._conversations.find({"_id": {"$in": ids}}, sort=[("_id", -1)])
        return list(map(records.conversation, found))


def listed_words(conversation: Conversation) -> list[str]:
    """What strangers find it by; nothing for what is not listed, is closed, or has no name."""
    if not conversation.policy.listed or conversation.state == "closed":
        return []
    return name_words(conversation.name or "")
