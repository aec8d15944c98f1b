"""Who is no member of a group, and of whom something is known there: people who ask to join, and who are banned."""

from __future__ import annotations

from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chatserver.model import Member, Pending, Wipe
from chatserver.storage import records
from chatserver.storage.conversations import fresh_member, member_key
from chatserver.storage.driver import Collection, Document


class OutsiderStore:
    def __init__(self, members: Collection) -> None:
        self._members = members

    async def ask(
        self, conversation_id: int, user_id: int, now: datetime, refused_before: datetime
    ) -> Member | None:
        """Somebody asks to join. None for who does already, is in, banned, or was refused after `refused_before`; and
        while their last change is still pending.
        """
        over = {"state": "banned", "banned_until": {"$lte": now}}
        pending = records.pending_document(Pending("requested", user_id, (user_id,)))
        fresh = {name: value for name, value in fresh_member().items() if name != "state"}
        try:
            found = await self._members.find_one_and_update(
                {
                    "_id": member_key(conversation_id, user_id),
                    "pending": {"$exists": False},
                    "refused_at": {"$not": {"$gt": refused_before}},
                    "$or": [{"state": "left"}, over],
                },
                {
                    "$set": {"state": "requested", "role": "member", "asked_at": now, "pending": pending},
                    "$unset": {"banned_until": "", "reason": "", "refused_at": ""},
                    "$inc": {"rev": 1},
                    "$setOnInsert": fresh,
                },
                upsert=True,
                after=True,
            )
        except DuplicateKeyError:
            return None
        return records.member(found) if found else None

    async def requests(self, conversation_id: int, after: int, limit: int) -> list[Member]:
        """Who asks to join, by the user's id, from above `after` on."""
        return await self._listed({"_id.c": conversation_id, "state": "requested"}, after, limit)

    async def banned(self, conversation_id: int, after: int, limit: int, now: datetime) -> list[Member]:
        """The same of who is banned `now`."""
        holds = {"$or": [{"banned_until": {"$gt": now}}, {"banned_until": None}]}
        return await self._listed({"_id.c": conversation_id, "state": "banned", **holds}, after, limit)

    async def wipes(self, limit: int, of: tuple[int, int] | None = None) -> list[Wipe]:
        """Those that are not done; `of` one conversation and person."""
        wanted: Document = {"wipe.since": {"$exists": True}}
        wanted |= {"_id": member_key(*of)} if of is not None else {}
        return [records.wipe(doc) for doc in await self._members.find(wanted, {"wipe": 1}, limit=limit)]

    async def move_wipe(self, wipe: Wipe, below_seq: int) -> None:
        """What is left lies below; 0 ends it. Repeatable: it only ever moves down, and a later one stays as it is."""
        moved: Document = {"$set": {"wipe.below": below_seq}} if below_seq else {"$unset": {"wipe": ""}}
        key = member_key(wipe.conversation_id, wipe.user_id)
        mine = {"_id": key, "wipe.since": wipe.since, "wipe.below": {"$gt": below_seq}}
        await self._members.update_one(mine, moved)

    async def _listed(self, wanted: Document, after: int, limit: int) -> list[Member]:
        found = await self._members.find(
            {**wanted, "_id.u": {"$gt": after}}, sort=[("_id.u", 1)], limit=limit
        )
        return list(map(records.member, found))
