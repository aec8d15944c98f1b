"""Conversations of several people and who is in them: every change is one conditional update of one document.

Each raises the `rev` of its document and leaves in `pending` what is to be told of it; the mark is taken away when that
is done and the document stands at the same `rev` still. Who is on the way in is named by the conversation (`joining`),
so that the last place is given once; the count of members is taken anew from their documents, never added to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from chatserver.errors import Unavailable
from chatserver.model import PRESETS, Beginning, Conversation, Member, Pending
from chatserver.storage import records
from chatserver.storage.conversations import fresh_member, member_key
from chatserver.storage.driver import Collection, Document
from chatserver.storage.public import listed_words

PREVIEW = 6  # of whom a member is shown the others


class GroupStore:
    def __init__(self, conversations: Collection, members: Collection) -> None:
        self._conversations = conversations
        self._members = members

    async def begin(self, beginning: Beginning, at: datetime) -> Beginning:
        """The first one of this creator and this key, which may have begun before."""
        conversation = beginning.conversation
        document = {
            "_id": conversation.id,
            "kind": "group",
            "preset": conversation.preset,
            "policy": _beside_preset(conversation),
            "name": conversation.name,
            "owner_id": conversation.owner_id,
            "data": records.data_text(conversation.data),
            "rev": 1,
            "ready": False,
            "created_at": at,
            "creator_id": beginning.creator_id,
            "client_id": beginning.client_id,
            "asked": beginning.asked,
            "refused": [list(one) for one in beginning.refused],
            "first": list(beginning.member_ids),
            "pending": True,
        }
        if conversation.external_id is not None:
            document["external_id"] = conversation.external_id
        try:
            await self._conversations.insert_one(document)
        except DuplicateKeyError:
            known = await self.begun(beginning.creator_id, beginning.client_id)
            if known is None:
                raise Unavailable("This conversation is being made by somebody else right now.") from None
            return known
        return beginning

    async def begun(self, creator_id: int, client_id: str) -> Beginning | None:
        found = await self._conversations.find_one({"creator_id": creator_id, "client_id": client_id})
        return records.beginning(found) if found else None

    async def beginning(self, conversation_id: int) -> Beginning | None:
        """Unless it is ready."""
        found = await self._conversations.find_one({"_id": conversation_id, "ready": False})
        return records.beginning(found) if found and "first" in found else None

    async def add_first(self, beginning: Beginning, at: datetime) -> None:
        """The first members, on their way in. Repeatable."""
        c, creator_id = beginning.conversation.id, beginning.creator_id
        writes = []
        for user_id in beginning.member_ids:
            role = "admin" if user_id == creator_id else "member"
            by = 0 if user_id == creator_id else creator_id
            fresh = fresh_member(state="joining", role=role, joined_at=at, joined_seq=0, floor_seq=0, rev=1)
            fresh |= {"by": by} if by else {}
            writes.append(UpdateOne({"_id": member_key(c, user_id)}, {"$setOnInsert": fresh}, upsert=True))
        if writes:
            await self._members.bulk_write(writes, ordered=False)

    async def finish(self, beginning: Beginning) -> None:
        """They are members, and it is there. Repeatable."""
        c = beginning.conversation.id
        keys = [member_key(c, id) for id in beginning.member_ids]
        await self._members.update_many(
            {"_id": {"$in": keys}, "state": "joining"}, {"$set": {"state": "member"}}
        )
        await self._conversations.update_one(
            {"_id": c, "ready": False},
            {
                "$set": {
                    "ready": True,
                    "member_count": len(beginning.member_ids),
                    "preview": list(beginning.member_ids[:PREVIEW]),
                    "pending": records.pending_document(
                        Pending("created", beginning.creator_id, beginning.member_ids)
                    ),
                },
                "$unset": {"first": ""},
            },
        )

    async def conversation(self, conversation_id: int) -> Conversation | None:
        """As it is now; one that is still being created is left out."""
        found = await self._conversations.find_one({"_id": conversation_id, "kind": "group", "ready": True})
        return records.conversation(found) if found else None

    async def of_host(self, external_id: str) -> Conversation | None:
        """The one that the host calls this; one that is still being created is left out."""
        found = await self._conversations.find_one({"external_id": external_id, "ready": True})
        return records.conversation(found) if found else None

    async def member(self, conversation_id: int, user_id: int) -> Member | None:
        """As they are now, or as they were when they left."""
        found = await self._members.find_one({"_id": member_key(conversation_id, user_id)})
        return records.member(found) if found else None

    async def approach(
        self,
        member: Member,
        seq: int,
        pending: Pending,
        now: datetime,
        only: str | None = None,
    ) -> Member | None:
        """On the way in, who will see what comes after `seq`. None for who is in already, on the way, or banned; and
        while their last change is still pending: their inbox must have followed it first. With `only`, None also for
        who is in any other state than that one.
        """
        key = {"_id": member_key(member.conversation_id, member.user_id)}
        outside = {"$nin": ["member", "joining", "banned"]}
        over = {"state": "banned", "banned_until": {"$lte": now}}
        changed = {
            "state": "joining",
            "role": "member",
            "floor_seq": member.floor_seq,
            "joined_seq": seq,
            "joined_at": now,
            "by": member.added_by,
            "pending": records.pending_document(pending),
        }
        fresh = {name: value for name, value in fresh_member().items() if name != "state"}
        update = {"$set": changed, "$inc": {"rev": 1}, "$setOnInsert": fresh}
        update["$unset"] = {"banned_until": "", "reason": "", "silenced_until": "", "refused_at": ""}
        wanted: Document = {"$or": [{"state": outside}, over]} if only is None else {"state": only}
        try:
            found = await self._members.find_one_and_update(
                {**key, "pending": {"$exists": False}, **wanted}, update, upsert=only is None, after=True
            )
        except DuplicateKeyError:
            return None
        return records.member(found) if found else None

    async def admit(self, conversation_id: int, user_id: int, most: int) -> bool:
        """Give them one of `most` places, unless it is closed. Repeatable: who has one keeps it."""
        taken = {"$add": ["$member_count", {"$size": {"$ifNull": ["$joining", []]}}]}
        result = await self._conversations.update_one(
            {
                "_id": conversation_id,
                "ready": True,
                "state": {"$ne": "closed"},
                "$or": [{"joining": user_id}, {"$expr": {"$lt": [taken, most]}}],
            },
            {"$addToSet": {"joining": user_id}},
        )
        return bool(result.matched_count)

    async def change_member(
        self,
        conversation_id: int,
        user_id: int,
        states: Sequence[str],
        roles: Sequence[str],
        changes: Mapping[str, Any],
        pending: Pending | None,
        rev: int | None = None,
    ) -> Member | None:
        """None unless they are in one of these states, have one of these roles and, where it is given, are at `rev`; and
        while something is to be told of their last change, where something is of this one.
        """
        wanted: Document = {
            "_id": member_key(conversation_id, user_id),
            "state": {"$in": list(states)},
            "role": {"$in": list(roles)},
        }
        if rev is not None:
            wanted["rev"] = rev
        kept = {name: value for name, value in changes.items() if value is not None}
        kept |= {"wipe": records.wipe_document(changes["wipe"])} if "wipe" in kept else {}
        update: Document = {"$set": kept, "$inc": {"rev": 1}}
        if gone := {name: "" for name, value in changes.items() if value is None}:
            update["$unset"] = gone
        if pending is not None:
            wanted["pending"] = {"$exists": False}
            update["$set"]["pending"] = records.pending_document(pending)
        found = await self._members.find_one_and_update(wanted, update, after=True)
        return records.member(found) if found else None

    async def enter(self, member: Member) -> bool:
        """Who was on the way in is a member, unless something has changed meanwhile."""
        result = await self._members.update_one(
            {
                "_id": member_key(member.conversation_id, member.user_id),
                "state": "joining",
                "rev": member.rev,
            },
            {"$set": {"state": "member"}},
        )
        return bool(result.matched_count)

    async def shut_out(
        self, member: Member, until: datetime | None, reason: str | None, pending: Pending
    ) -> bool:
        """Ban somebody who was never in it. False when there is something of them already."""
        banned = fresh_member(state="banned", role="member", rev=1, pending=records.pending_document(pending))
        banned |= {"by": member.added_by} | ({"banned_until": until} if until else {})
        banned |= {"reason": reason} if reason else {}
        try:
            await self._members.insert_one(
                {"_id": member_key(member.conversation_id, member.user_id), **banned}
            )
        except DuplicateKeyError:
            return False
        return True

    async def claim_send(
        self, member: Member, key: str | int, now: datetime, slow_secs: int
    ) -> datetime | None:
        """None when this member may send now, or sends again what this key was given for; else when they last did."""
        mine = {"_id": member_key(member.conversation_id, member.user_id)}
        free = [{"sent.at": {"$lte": now - timedelta(seconds=slow_secs)}}, {"sent": None}]
        result = await self._members.update_one(
            {**mine, "$or": free}, {"$set": {"sent": {"at": now, "key": key}}}
        )
        if result.matched_count:
            return None
        found = await self._members.find_one(mine, {"sent": 1})
        sent = found and found.get("sent")
        return sent["at"] if sent and sent["key"] != key else None

    async def change(
        self,
        conversation_id: int,
        changes: Mapping[str, Any],
        pending: Pending,
        *,
        rev: int | None = None,
        owner_id: int | None = None,
    ) -> Conversation | None:
        """None when it is closed, or not at `rev` or not this owner's any more, where these are given; and while
        something is to be told of its last change.
        """
        wanted: Document = {"_id": conversation_id, "ready": True, "state": {"$ne": "closed"}}
        wanted["pending"] = {"$exists": False}
        wanted |= {"rev": rev} if rev is not None else {}
        wanted |= {"owner_id": owner_id} if owner_id is not None else {}
        stored = {**changes, "data": records.data_text(changes["data"])} if "data" in changes else changes
        found = await self._conversations.find_one_and_update(
            wanted,
            {"$set": {**stored, "pending": records.pending_document(pending)}, "$inc": {"rev": 1}},
            after=True,
        )
        return records.conversation(found) if found else None

    async def recount(self, conversation_id: int, settled_ids: Sequence[int]) -> None:
        """Count the members anew, and who asks to be one; those of `settled_ids` are on the way in no more.

        Of counts that overlap, the one that began last stands, since it has found what all others found.
        """
        wanted: Document = {"_id": conversation_id}
        begun = await self._conversations.find_one_and_update(
            wanted, {"$inc": {"counts_begun": 1}}, projection={"counts_begun": 1}, after=True
        )
        if begun is None:
            return
        present = {"_id.c": conversation_id, "state": "member"}
        count = await self._members.count(present)
        asking = await self._members.count({**present, "state": "requested"})
        some = await self._members.find(present, {"_id": 1}, sort=[("_id.u", 1)], limit=PREVIEW)
        number = begun["counts_begun"]
        settled = {"$setDifference": [{"$ifNull": ["$joining", []]}, list(settled_ids)]}
        counted = {
            "count_number": number,
            "member_count": count,
            "preview": [doc["_id"]["u"] for doc in some],
            "request_count": asking,
            "joining": settled,
            "rev": {"$add": ["$rev", {"$cond": [{"$eq": ["$member_count", count]}, 0, 1]}]},
        }
        newest = {**wanted, "count_number": {"$not": {"$gt": number}}}
        result = await self._conversations.update_one(newest, [{"$set": counted}])
        if not result.matched_count:
            await self._conversations.update_one(wanted, {"$pull": {"joining": {"$in": list(settled_ids)}}})

    async def heir(self, conversation_id: int) -> int | None:
        """The member of the highest role, of these who joined first; None when nobody is left."""
        for role in ("admin", "moderator", "member"):
            found = await self._members.find(
                {"_id.c": conversation_id, "state": "member", "role": role},
                {"_id": 1},
                sort=[("joined_seq", 1), ("_id.u", 1)],
                limit=1,
            )
            if found:
                return int(found[0]["_id"]["u"])
        return None

    async def inherit(self, conversation_id: int, gone_id: int, heir_id: int | None) -> bool:
        """The heir is the owner; without one it is closed. False when it has another owner already, and while something
        is to be told of its last change.
        """
        pending = records.pending_document(Pending("owner" if heir_id else "closed", 0, (heir_id or 0,)))
        changes: Document = {"owner_id": heir_id} if heir_id else {"state": "closed"}
        result = await self._conversations.update_one(
            {
                "_id": conversation_id,
                "owner_id": gone_id,
                "state": {"$ne": "closed"},
                "pending": {"$exists": False},
            },
            {"$set": {**changes, "pending": pending}, "$inc": {"rev": 1}},
        )
        return bool(result.matched_count)

    async def listed(
        self, conversation_id: int, after: int, limit: int, roles: Sequence[str], ids: Iterable[int] | None
    ) -> list[Member]:
        """Members of these roles by the user's id, from above `after` on; where given, only these users."""
        user: Document = {"$gt": after}
        if ids is not None:
            user["$in"] = list(ids)
        wanted: Document = {"_id.c": conversation_id, "state": "member", "_id.u": user}
        if roles:
            wanted["role"] = {"$in": list(roles)}
        found = await self._members.find(wanted, _SHOWN, sort=[("_id.u", 1)], limit=limit)
        return list(map(records.member, found))

    async def pending(self, limit: int) -> tuple[list[int], list[tuple[int, int]]]:
        """What is half done or not told yet: conversations, and (conversation, user)."""
        wanted = {"pending": {"$exists": True}}
        conversations = await self._conversations.find(wanted, {"_id": 1}, limit=limit)
        members = await self._members.find(wanted, {"_id": 1}, limit=limit)
        return [doc["_id"] for doc in conversations], [(doc["_id"]["c"], doc["_id"]["u"]) for doc in members]

    async def told(self, conversation: Conversation) -> None:
        """Unless it has changed again meanwhile: then there is more to tell. Whether it is listed follows with this."""
        words = listed_words(conversation)
        update: Document = {"$unset": {"pending": ""}}
        if words:
            update["$set"] = {"listed": {"id": conversation.id, "words": words}}
        else:
            update["$unset"]["listed"] = ""
        await self._conversations.update_one({"_id": conversation.id, "rev": conversation.rev}, update)

    async def member_told(self, member: Member) -> None:
        over = {"pending": ""} if member.state == "requested" else {"pending": "", "asked_at": ""}
        await self._members.update_one(
            {"_id": member_key(member.conversation_id, member.user_id), "rev": member.rev}, {"$unset": over}
        )


# What others see of a member: the many moments that are kept of each are nobody's business here.
_SHOWN = {"delivered_marks": 0, "read_marks": 0, "pending_reads": 0}


def _beside_preset(conversation: Conversation) -> Document:
    """Of its policy what its preset does not say."""
    preset = asdict(PRESETS[conversation.preset])
    return {name: value for name, value in asdict(conversation.policy).items() if preset[name] != value}
