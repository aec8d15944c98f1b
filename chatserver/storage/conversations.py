"""Conversations and who is in them, with how far each member got."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bson import MaxKey, MinKey
from pymongo import UpdateOne

from chatserver.model import Conversation, Member, PendingRead
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document

_RANGES = 8  # so many are looked for one by one, more of them together
_MARKS = 50  # (seq, time) pairs kept per member and kind; older messages show the next mark's time
FRESH_MEMBER: Document = {
    "delivered_seq": 0,
    "read_seq": 0,
    "delivered_marks": [],
    "read_marks": [],
    "pending_reads": [],
}


class ConversationStore:
    def __init__(self, conversations: Collection, members: Collection) -> None:
        self._conversations = conversations
        self._members = members

    async def start_group(self, conversation_id: int, at: datetime) -> None:
        await self._conversations.insert_one(
            {"_id": conversation_id, "kind": "group", "ready": False, "created_at": at, "rev": 0}
        )

    async def next_rev(self, conversation_id: int) -> int:
        """Numbers the changes of who is in it."""
        found = await self._conversations.find_one_and_update(
            {"_id": conversation_id}, {"$inc": {"rev": 1}}, after=True
        )
        assert found is not None
        return int(found["rev"])

    async def finish(self, conversation_id: int) -> None:
        await self._conversations.update_one({"_id": conversation_id}, {"$set": {"ready": True}})

    async def add_members(self, conversation_id: int, user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            await self._members.update_one(
                {"_id": member_key(conversation_id, user_id)}, {"$setOnInsert": FRESH_MEMBER}, upsert=True
            )

    async def remove_member(self, conversation_id: int, user_id: int) -> None:
        await self._members.delete_one({"_id": member_key(conversation_id, user_id)})

    async def is_member(self, conversation_id: int, user_id: int) -> bool:
        return (
            await self._members.find_one({"_id": member_key(conversation_id, user_id)}, {"_id": 1})
            is not None
        )

    async def conversations(self, ids: Iterable[int]) -> dict[int, Conversation]:
        """Those still being created are left out."""
        wanted = {"_id": {"$in": list(ids)}, "ready": True}
        return {doc["_id"]: records.conversation(doc) for doc in await self._conversations.find(wanted)}

    async def member_ids(self, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """All members of each, as they are now."""
        member_ids: dict[int, list[int]] = {id: [] for id in ids}
        if not member_ids:
            return {}
        wanted: Document = {"_id.c": {"$in": list(member_ids)}}
        if len(member_ids) <= _RANGES:  # a large group is read from the index alone
            ranges = [
                {"_id": {"$gte": member_key(id, MinKey()), "$lte": member_key(id, MaxKey())}}
                for id in member_ids
            ]
            wanted = {"$or": ranges}
        members = await self._members.find(wanted, {"_id": 1}, sort=[("_id", 1)])
        for doc in members:
            member_ids[doc["_id"]["c"]].append(doc["_id"]["u"])
        return {id: tuple(found) for id, found in member_ids.items()}

    async def paged(self, ids: Iterable[int]) -> dict[int, int]:
        """How many full pages of each have their words listed; left out where none has."""
        found = await self._conversations.find({"_id": {"$in": list(ids)}, "paged": {"$gt": 0}}, {"paged": 1})
        return {doc["_id"]: doc["paged"] for doc in found}

    async def set_paged(self, paged: Mapping[int, int]) -> None:
        """Only forward."""
        writes = [UpdateOne({"_id": id}, {"$max": {"paged": count}}) for id, count in paged.items()]
        await self._conversations.bulk_write(writes, ordered=False)

    async def members(self, conversation_id: int, user_ids: Iterable[int]) -> dict[int, Member]:
        """user → member, of those of them who are in it."""
        keys = [member_key(conversation_id, id) for id in user_ids]
        found = map(records.member, await self._members.find({"_id": {"$in": keys}}))
        return {member.user_id: member for member in found}

    async def read_seqs(self, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """(conversation, user) → how far they have read there."""
        keys = [member_key(c, u) for c, u in pairs]
        found = map(records.member, await self._members.find({"_id": {"$in": keys}}))
        return {(member.conversation_id, member.user_id): member.read_seq for member in found}

    async def move_delivered(self, moves: dict[tuple[int, int], int], at: datetime) -> None:
        """(conversation, user) → delivered seq; only forward."""
        reached: dict[tuple[int, int], list[Document]] = {}
        for (c, u), seq in moves.items():
            reached.setdefault((c, seq), []).append(member_key(c, u))
        updates: list[Document] = [
            {
                "q": {"_id": keys[0] if len(keys) == 1 else {"$in": keys}, "delivered_seq": {"$lt": seq}},
                "u": {"$set": {"delivered_seq": seq}, "$push": {"delivered_marks": _mark(seq, at)}},
                "multi": len(keys) > 1,
            }
            for (_, seq), keys in reached.items()
        ]
        await self._members.update(updates)

    async def move_read(
        self, conversation_id: int, user_id: int, seq: int, at: datetime
    ) -> PendingRead | None:
        """Move the mark forward and note that its fan-out is pending. None when it was already there."""
        before = await self._members.find_one_and_update(
            {"_id": member_key(conversation_id, user_id), "read_seq": {"$lt": seq}},
            [
                {
                    "$set": {
                        "pending_reads": {
                            "$concatArrays": [
                                "$pending_reads",
                                [{"f": {"$add": ["$read_seq", 1]}, "t": seq, "at": at}],
                            ]
                        },
                        "read_marks": _with_mark("read", seq, at),
                        "delivered_marks": {
                            "$cond": [
                                {"$lt": ["$delivered_seq", seq]},
                                _with_mark("delivered", seq, at),
                                "$delivered_marks",
                            ]
                        },
                        "read_seq": seq,
                        "delivered_seq": {"$max": ["$delivered_seq", seq]},
                    }
                }
            ],
        )
        if before is None:
            return None
        return PendingRead(conversation_id, user_id, before["read_seq"] + 1, seq, at)

    async def finish_read(self, pending: PendingRead) -> None:
        await self._members.update_one(
            {"_id": member_key(pending.conversation_id, pending.user_id)},
            {"$pull": {"pending_reads": {"t": pending.last}}},
        )

    async def pending_reads(self, limit: int) -> list[PendingRead]:
        found = await self._members.find({"pending_reads.t": {"$gt": 0}}, {"pending_reads": 1}, limit=limit)
        return [
            PendingRead(doc["_id"]["c"], doc["_id"]["u"], read["f"], read["t"], read["at"])
            for doc in found
            for read in doc["pending_reads"]
        ]


def member_key(conversation_id: int, user_id: Any) -> Document:
    return {"c": conversation_id, "u": user_id}


def _mark(seq: int, at: datetime) -> Document:
    return {"$each": [[seq, at]], "$slice": -_MARKS}


def _with_mark(kind: str, seq: int, at: datetime) -> Document:
    return {"$slice": [{"$concatArrays": [f"${kind}_marks", [[seq, at]]]}, -_MARKS]}
