"""What is too old: which messages those are, and taking them away. A conversation has `retention_days` of its own where
the host gave it any, and `hold` where nothing of it may go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile

from chatserver.model import MAX_SEQ, SYSTEM_SENDER, Kept, message_id, split_message_id
from chatserver.storage.driver import Collection, Document
from chatserver.storage.inboxes import RING
from chatserver.storage.messages import between
from chatserver.word_pages import PAGE


class RetentionStore:
    def __init__(
        self, conversations: Collection, messages: Collection, pages: Collection, inboxes: Collection
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._pages = pages
        self._inboxes = inboxes

    async def conversations(self, after: int, limit: int, everywhere: bool) -> list[Kept]:
        """The first of them with ids above `after`: all, or those with days of their own."""
        wanted: Document = {"_id": {"$gt": after}, "ready": True}
        if not everywhere:
            wanted["retention_days"] = {"$gt": 0}
        found = await self._conversations.find(wanted, _SHOWN, sort=[("_id", 1)], limit=limit)
        return [_kept(doc) for doc in found]

    async def keep(self, conversation_id: int, days: int | None, hold: bool) -> Kept | None:
        """None when there is no such conversation."""
        said: Document = {"$set": {"hold": hold}}
        said |= {"$unset": {"retention_days": ""}} if days is None else {}
        if days is not None:
            said["$set"]["retention_days"] = days
        found = await self._conversations.find_one_and_update(
            {"_id": conversation_id, "ready": True}, said, after=True, projection=_SHOWN
        )
        return _kept(found) if found else None

    async def by_external_id(self, external_id: str) -> int | None:
        found = await self._conversations.find_one({"external_id": external_id}, {"_id": 1})
        return int(found["_id"]) if found else None

    async def old(
        self, conversation_id: int, floor: int, cutoff: datetime, limit: int
    ) -> list[tuple[int, int]]:
        """(sender, seq) of the messages behind the floor that were all written before then, in order."""
        fields = {"sender_id": 1, "created_at": 1}
        span = between(conversation_id, floor, MAX_SEQ)
        found = await self._messages.find(span, fields, sort=[("_id", 1)], limit=limit)
        old = takewhile(lambda doc: doc["created_at"] < cutoff, found)
        return [(doc["sender_id"], split_message_id(doc["_id"])[1]) for doc in old]

    async def pass_over(
        self, conversation_id: int, seq: int, user_ids: Sequence[int], senders: Sequence[tuple[int, int]]
    ) -> None:
        """Nothing up to `seq` is unread any more. `senders`: of every message above the floor. Repeatable."""
        c = str(conversation_id)
        read = {"$ifNull": [f"$reads.{c}", 0]}
        counts: Document = {}
        for sender in {sender for sender, _ in senders}:
            sent = {"$literal": [at for other, at in senders if other == sender and at <= seq]}
            above = {"$filter": {"input": sent, "as": "seq", "cond": {"$gt": ["$$seq", read]}}}
            left = {"$subtract": [{"$ifNull": [f"$own.{c}:{sender}", 0]}, {"$size": above}]}
            mine = {"$cond": [{"$eq": ["$_id", sender]}, left, f"$own.{c}:{sender}"]}
            counts[f"own.{c}:{sender}"] = left if sender == SYSTEM_SENDER.id else mine
        entry = {"k": "o", "c": conversation_id, "t": seq}
        changes = {
            **counts,
            "version": {"$add": ["$version", 1]},
            "ring": {"$slice": [{"$concatArrays": ["$ring", [entry]]}, -RING]},
            f"reads.{c}": seq,
        }
        behind = {
            "_id": {"$in": list(user_ids)},
            f"heads.{c}": {"$exists": True},
            "$or": [{f"reads.{c}": {"$lt": seq}}, {f"reads.{c}": {"$exists": False}}],
        }
        await self._inboxes.update_many(behind, [{"$set": changes}])

    async def raise_floor(self, conversation_id: int, seq: int) -> bool:
        """Only forward. False when the conversation is held by now."""
        free = {"_id": conversation_id, "hold": {"$ne": True}}
        return bool((await self._conversations.update_one(free, {"$max": {"floor_seq": seq}})).matched_count)

    async def below(self, conversation_id: int, floor: int, limit: int) -> tuple[list[int], set[str]]:
        """Ids of messages that are gone for everybody, and the files that only they name."""
        fields = {"attachment.id": 1, "dropped.id": 1}
        found = await self._messages.find(between(conversation_id, 0, floor), fields, limit=limit)
        ids = [int(doc["_id"]) for doc in found]
        files = {doc[of]["id"] for doc in found for of in ("attachment", "dropped") if doc.get(of)}
        if files:
            named: Document = {"attachment.id": {"$in": list(files), "$exists": True}, "_id": {"$nin": ids}}
            others = await self._messages.find(named, {"attachment.id": 1})
            files -= {doc["attachment"]["id"] for doc in others}
        return ids, files

    async def delete(self, conversation_id: int, floor: int, ids: Iterable[int]) -> None:
        """These messages, and the lists of words of those pages of which nothing is left."""
        await self._messages.delete_many({"_id": {"$in": list(ids)}})
        first = message_id(conversation_id, 0) // PAGE
        await self._pages.delete_many({"_id": {"$gte": first, "$lt": first + floor // PAGE}})


_SHOWN = {"floor_seq": 1, "retention_days": 1, "hold": 1, "pair": 1}


def _kept(document: Document) -> Kept:
    get = document.get
    pair = get("pair")
    return Kept(
        document["_id"],
        get("floor_seq", 0),
        get("retention_days"),
        get("hold", False),
        tuple({int(id) for id in pair.split(":")}) if pair else (),
    )
