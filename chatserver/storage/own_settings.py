"""What a member has for themselves in a conversation: settings, a draft, and how far they let others see that they read.

It stands in the member's document beside what the others see of it, and `own_rev` numbers its changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chatserver.model import Draft, Member, Reader
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document

# Marks of what was delivered and read are ten times all the rest.
_WITHOUT_MARKS: Document = {"delivered_marks": 0, "read_marks": 0, "pending_reads": 0}
_IS_MEMBER: Document = {"$in": [None, "member"]}  # of a direct conversation nobody is anything else
_READ: Document = {"read_seq": 1, "floor_seq": 1, "read_marks": {"$slice": -1}}


class OwnSettingsStore:
    def __init__(self, members: Collection) -> None:
        self._members = members

    async def change(
        self, conversation_id: int, user_id: int, fields: Mapping[str, Any], raised: Mapping[str, int]
    ) -> Member | None:
        """Set these, and move those watermarks forward, in one update whose telling is pending. None: no member."""
        found = await self._members.find_one_and_update(
            {"_id": {"c": conversation_id, "u": user_id}},
            {
                "$set": {**fields, "own_pending": True},
                "$inc": {"own_rev": 1},
                **({"$max": dict(raised)} if raised else {}),
            },
            after=True,
        )
        return records.member(found) if found else None

    async def see(self, conversation_id: int, user_id: int, seq: int) -> int:
        """Read up to `seq` for nobody but the reader, and nothing is called unread any more.

        The `own_rev` from then on if something was; else 0.
        """
        marked = {"$gt": ["$unread_seq", 0]}
        before = await self._members.find_one_and_update(
            {"_id": {"c": conversation_id, "u": user_id}},
            [
                {
                    "$set": {
                        "seen_seq": {"$max": ["$seen_seq", seq]},
                        "unread_seq": "$$REMOVE",
                        "own_rev": {"$cond": [marked, {"$add": ["$own_rev", 1]}, "$own_rev"]},
                        "own_pending": {"$cond": [marked, True, "$own_pending"]},
                    }
                }
            ],
            projection={"own_rev": 1, "unread_seq": 1},
        )
        return int(before["own_rev"]) + 1 if before and before.get("unread_seq", 0) else 0

    async def finish(self, member: Member) -> None:
        """Told. Unless it was changed again meanwhile: then there is more to tell."""
        unchanged = {
            "_id": {"c": member.conversation_id, "u": member.user_id},
            "own_rev": member.own_rev,
        }
        await self._members.update_one(unchanged, {"$unset": {"own_pending": ""}})

    async def pending(self, limit: int) -> list[Member]:
        found = await self._members.find({"own_pending": True}, _WITHOUT_MARKS, limit=limit)
        return [records.member(doc) for doc in found]

    async def changed(self, user_ids: Iterable[int]) -> dict[int, dict[int, Member]]:
        """person → conversation → member, of those in which they ever set anything; without marks."""
        changed: dict[int, dict[int, Member]] = {user_id: {} for user_id in user_ids}
        wanted = {"_id.u": {"$in": list(changed)}, "own_rev": {"$gt": 0}}
        for doc in await self._members.find(wanted, _WITHOUT_MARKS):
            changed[doc["_id"]["u"]][doc["_id"]["c"]] = records.member(doc)
        return changed

    async def pinned(self, user_id: int) -> int:
        """How many conversations this person is in and has pinned."""
        wanted = {"_id.u": user_id, "own_rev": {"$gt": 0}, "state": _IS_MEMBER}
        return await self._members.count({**wanted, "pinned_at": {"$ne": None}})

    async def drop_drafts(self, user_id: int, conversation_ids: Iterable[int]) -> None:
        keys = [{"c": c, "u": user_id} for c in conversation_ids]
        await self._members.update_many(
            {"_id": {"$in": keys}, "draft": {"$exists": True}}, {"$unset": {"draft": ""}}
        )

    async def keep_draft(self, conversation_id: int, user_id: int, draft: Draft) -> bool:
        """In place of the one before it, or of none. False when another one is kept."""
        before = {"draft.rev": draft.rev - 1} if draft.rev > 1 else {"draft": {"$exists": False}}
        result = await self._members.update_one(
            {"_id": {"c": conversation_id, "u": user_id}, **before},
            {"$set": {"draft": records.draft_document(draft)}},
        )
        return bool(result.matched_count)

    async def readers(self, conversation_ids: Iterable[int], most: int) -> dict[int, tuple[Reader, ...]]:
        """conversation → how far each of at most so many members has read, for all to see."""
        found: dict[int, tuple[Reader, ...]] = {}
        for id in conversation_ids:
            wanted = {"_id.c": id, "state": _IS_MEMBER, "read_seq": {"$gt": 0}}
            documents = await self._members.find(wanted, _READ, limit=most)
            members = map(records.member, documents)
            found[id] = tuple(
                Reader(one.user_id, one.read_seq, one.floor_seq, one.read_marks[-1].at)
                for one in members
                if one.read_marks
            )
        return found
