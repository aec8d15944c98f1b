"""Conversations and who is in them, with how far each member got."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from chatserver.model import Conversation, Member, PendingRead
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document

MEMBERS_INDEX = (("_id.c", 1), ("state", 1), ("_id.u", 1))
MEMBER_IDS: Document = {"_id.c": 1, "_id.u": 1}
_MARKS = 50  # (seq, time) pairs kept per member and kind; older messages show the next mark's time


class ConversationStore:
    def __init__(self, conversations: Collection, members: Collection) -> None:
        self._conversations = conversations
        self._members = members

    async def is_importing(self, conversation_id: int) -> bool:
        """Whether the host is bringing in what was written there elsewhere."""
        wanted = {"_id": conversation_id, "importing": {"$exists": True}, "ready": False}
        return await self._conversations.find_one(wanted, {"_id": 1}) is not None

    async def conversations(self, ids: Iterable[int]) -> dict[int, Conversation]:
        """Those still being created are left out."""
        wanted = {"_id": {"$in": list(ids)}, "ready": True}
        return {doc["_id"]: records.conversation(doc) for doc in await self._conversations.find(wanted)}

    async def first_behind(self, id: int) -> Conversation | None:
        """The one with the next higher id."""
        wanted = {"_id": {"$gt": id}, "ready": True}
        found = await self._conversations.find(wanted, sort=[("_id", 1)], limit=1)
        return records.conversation(found[0]) if found else None

    async def group_ids(self, ids: Iterable[int]) -> set[int]:
        """Those of them that are groups, be they finished or not."""
        found = await self._conversations.find({"_id": {"$in": list(ids)}, "kind": "group"}, {"_id": 1})
        return {doc["_id"] for doc in found}

    async def member_ids(self, ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """All members of each of these groups, as they are now. Answered from the index alone."""
        if not (ids := list(ids)):
            return {}
        return named(ids, await self._members.find(members_in(ids), MEMBER_IDS, hint=MEMBERS_INDEX))

    async def paged(self, ids: Iterable[int]) -> dict[int, int]:
        """How many full pages of each have their words listed; left out where none has."""
        found = await self._conversations.find({"_id": {"$in": list(ids)}, "paged": {"$gt": 0}}, {"paged": 1})
        return {doc["_id"]: doc["paged"] for doc in found}

    async def set_paged(self, paged: Mapping[int, int]) -> None:
        """Only forward."""
        writes = [UpdateOne({"_id": id}, {"$max": {"paged": count}}) for id, count in paged.items()]
        await self._conversations.bulk_write(writes, ordered=False)

    async def told(self, ids: Iterable[int]) -> dict[int, int]:
        """Up to which message each has all its tasks; left out where nothing was ever told."""
        found = await self._conversations.find({"_id": {"$in": list(ids)}, "told": {"$gt": 0}}, {"told": 1})
        return {doc["_id"]: int(doc["told"]) for doc in found}

    async def move_told(self, runs: Iterable[tuple[int, int, int]]) -> None:
        """(conversation, first, last): moved to the last where it stands just before the first."""
        await self._conversations.update(
            [
                {"q": {"_id": c, "told": first - 1 or {"$in": [0, None]}}, "u": {"$set": {"told": last}}}
                for c, first, last in runs
            ]
        )

    async def set_told(self, told: Mapping[int, int]) -> None:
        """Only forward."""
        writes = [UpdateOne({"_id": id}, {"$max": {"told": last}}) for id, last in told.items()]
        await self._conversations.bulk_write(writes, ordered=False)

    async def members(self, conversation_id: int, user_ids: Iterable[int]) -> dict[int, Member]:
        """user → member, of those of them who are in it."""
        keys = [member_key(conversation_id, id) for id in user_ids]
        found = map(records.member, await self._members.find({"_id": {"$in": keys}}))
        return {member.user_id: member for member in found}

    async def members_of(
        self, pairs: Iterable[tuple[int, int]], marks: int = _MARKS
    ) -> dict[tuple[int, int], Member]:
        """(conversation, user) → member, of those of them who are or were in it, each with their newest `marks`.

        All of them are most of a member's document: for the newest message the last one is enough.
        """
        keys = [member_key(c, u) for c, u in pairs]
        newest = {"delivered_marks": {"$slice": -marks}, "read_marks": {"$slice": -marks}}
        found = map(records.member, await self._members.find({"_id": {"$in": keys}}, newest) if keys else ())
        return {(member.conversation_id, member.user_id): member for member in found}

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
        """Move the mark forward and note that its fan-out is pending; what its member calls unread is no longer so.

        None when it was already there and nothing was called unread. An empty stretch when only that has changed.
        """
        before = await self._members.find_one_and_update(
            {
                "_id": member_key(conversation_id, user_id),
                "$or": [{"read_seq": {"$lt": seq}}, {"unread_seq": {"$gt": 0}}],
            },
            [{"$set": _read_up_to(seq, at)}],
        )
        if before is None:
            return None
        own_rev = before["own_rev"] + 1 if before.get("unread_seq", 0) else 0
        return PendingRead(conversation_id, user_id, before["read_seq"] + 1, seq, at, own_rev)

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


def member_key(conversation_id: int, user_id: int) -> Document:
    return {"c": conversation_id, "u": user_id}


def members_in(ids: list[int]) -> Document:
    """The filter for everybody who is a member of one of these groups, which MEMBERS_INDEX answers alone."""
    return {"_id.c": {"$in": ids}, "state": "member"}


def named(ids: list[int], documents: Iterable[Document]) -> dict[int, tuple[int, ...]]:
    """conversation → ids of its members, from what was found of them."""
    found: dict[int, list[int]] = {id: [] for id in ids}
    for document in documents:
        found[document["_id"]["c"]].append(document["_id"]["u"])
    return {id: tuple(sorted(members)) for id, members in found.items()}


def _read_up_to(seq: int, at: datetime) -> Document:
    """What stands in a member's document then, where the mark moves and where it only was called unread."""
    moves, marked = {"$lt": ["$read_seq", seq]}, {"$gt": ["$unread_seq", 0]}
    delivers = {"$lt": ["$delivered_seq", seq]}
    pending = [{"f": {"$add": ["$read_seq", 1]}, "t": seq, "at": at}]
    return {
        "pending_reads": {"$concatArrays": ["$pending_reads", {"$cond": [moves, pending, []]}]},
        "read_marks": {"$cond": [moves, _with_mark("read", seq, at), "$read_marks"]},
        "delivered_marks": {"$cond": [delivers, _with_mark("delivered", seq, at), "$delivered_marks"]},
        "read_seq": {"$max": ["$read_seq", seq]},
        "delivered_seq": {"$max": ["$delivered_seq", seq]},
        "unread_seq": "$$REMOVE",
        "own_rev": {"$cond": [marked, {"$add": ["$own_rev", 1]}, "$own_rev"]},
        "own_pending": {"$cond": [marked, True, "$own_pending"]},
    }


def fresh_member(**more: Any) -> Document:
    """Of a group with `state` and what else it has; a direct one's never changes."""
    nothing_yet: Document = {
        "delivered_seq": 0,
        "read_seq": 0,
        "delivered_marks": [],
        "read_marks": [],
        "pending_reads": [],
    }
    return {**nothing_yet, **more}


def _mark(seq: int, at: datetime) -> Document:
    return {"$each": [[seq, at]], "$slice": -_MARKS}


def _with_mark(kind: str, seq: int, at: datetime) -> Document:
    return {"$slice": [{"$concatArrays": [f"${kind}_marks", [[seq, at]]]}, -_MARKS]}
