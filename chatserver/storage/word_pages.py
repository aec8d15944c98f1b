"""Which words stand in each full page of a conversation. `_id` is what all its messages' ids have in common.

Written by the sweeper and by changes, never on the way of a send: with an index of single messages, mongod spent more on
their words than on all else of them, and twice as much once they were many (docs/decisions/0013-search.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chatserver.model import MAX_SEQ
from chatserver.storage.driver import Collection, Document
from chatserver.storage.messages import between
from chatserver.word_pages import PAGE, WordPage, span_of
from chatserver.words import RULES

_PAGES = (MAX_SEQ + 1) // PAGE  # of one conversation


class WordPageStore:
    def __init__(self, pages: Collection, messages: Collection) -> None:
        self._pages = pages
        self._messages = messages

    async def fill(self, pages: Sequence[tuple[int, int]]) -> None:
        """Write these (conversation, number). Of two who write the same one, who read later changes wins, or newer rules.

        Both only grow, so that nobody has read one of them later and the other earlier.
        """
        ranges = [between(*span_of(c, number)) for c, number in pages]
        number = {"$toLong": {"$floor": {"$divide": [{"$subtract": ["$_id", 1]}, PAGE]}}}
        group: Document = {
            "_id": number,
            "lists": {"$push": {"$ifNull": ["$words", []]}},
            "rev": {"$sum": {"$ifNull": ["$rev", 0]}},
            "rules": {"$min": {"$ifNull": ["$words_rules", 0]}},
            "since": {"$min": "$created_at"},
            "newest_at": {"$max": "$created_at"},
        }
        # One union at the end: one after each list would sort all that it has, once for every message.
        all = {
            "$reduce": {"input": "$lists", "initialValue": [], "in": {"$concatArrays": ["$$value", "$$this"]}}
        }
        conversation = {"$toLong": {"$floor": {"$divide": ["$_id", _PAGES]}}}
        grown = [{"$gte": [f"$$new.{field}", {"$ifNull": [f"${field}", 0]}]} for field in ("rev", "rules")]
        newer = {"$cond": [{"$and": grown}, "$$new", "$$ROOT"]}
        await self._messages.aggregate(
            [
                {"$match": {"$or": ranges}},
                {"$group": group},
                {"$set": {"c": conversation, "words": {"$setUnion": [all, []]}}},
                {"$unset": "lists"},
                {"$merge": {"into": "pages", "whenMatched": [{"$replaceWith": newer}]}},
            ]
        )

    async def outdated(self, pages: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those that are not there yet, or were written under other rules."""
        ids = {
            conversation_id * _PAGES + number: (conversation_id, number) for conversation_id, number in pages
        }
        found = await self._pages.find({"_id": {"$in": list(ids)}, "rules": RULES}, {"_id": 1})
        fresh = {doc["_id"] for doc in found}
        return [page for id, page in ids.items() if id not in fresh]

    async def find(
        self, conversation_ids: Sequence[int], words: Sequence[str], before: datetime | None
    ) -> list[WordPage]:
        """Those that have all the words, though maybe in different messages, and anything older than `before`."""
        wanted: Document = {"c": {"$in": list(conversation_ids)}, "words": {"$all": list(words)}}
        if before is not None:
            wanted["since"] = {"$lte": before}
        found = await self._pages.find(wanted, {"newest_at": 1})
        return [WordPage(*divmod(int(doc["_id"]), _PAGES), doc["newest_at"]) for doc in found]
