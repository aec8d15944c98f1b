"""Conversations that come from elsewhere: written in bulk, shown to nobody until they are whole.

Until then a conversation is not `ready` and says in `importing` which job it belongs to. How far somebody had read there
stands in `imported_read` of the member: -1 for all of it. Every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from chatserver import metrics
from chatserver.errors import Unavailable
from chatserver.model import MAX_SEQ, Imported, ImportedMember, Message, message_id
from chatserver.storage import records
from chatserver.storage.conversations import fresh_member, member_key
from chatserver.storage.driver import Collection, Document
from chatserver.storage.script import Script

ALL_READ = -1
DUPLICATE = 11000
SLICE = 1_000


class ImportStore:
    def __init__(
        self,
        conversations: Collection,
        members: Collection,
        messages: Collection,
        pages: Collection,
        inboxes: Collection,
    ) -> None:
        self._conversations = conversations
        self._members = members
        self._messages = messages
        self._pages = pages
        self._inboxes = inboxes

    async def conversations(self, external_ids: Iterable[str]) -> dict[str, Imported]:
        """Those of them that there are, whoever made them."""
        found = await self._conversations.find({"external_id": {"$in": list(external_ids)}}, _SHOWN)
        return {doc["external_id"]: _imported(doc) for doc in found}

    async def taken_pairs(self, pairs: Iterable[str], job_id: int) -> set[str]:
        """Those of two people who have a conversation that is not this job's."""
        wanted = {"pair": {"$in": list(pairs)}, "importing": {"$ne": job_id}}
        return {doc["pair"] for doc in await self._conversations.find(wanted, {"pair": 1})}

    async def begin(self, given: Imported, name: str | None, at: datetime) -> None:
        """Unless it is there. Raises Unavailable, also for two people who have one already."""
        fresh: Document = {"_id": given.id, "ready": False, "importing": given.job_id, "created_at": at}
        if given.pair is not None:
            fresh |= {"kind": "direct", "pair": given.pair}
        else:
            fresh |= {"kind": "group", "preset": given.preset, "policy": {}, "name": name, "rev": 1}
        await self._conversations.bulk_write(
            [UpdateOne({"external_id": given.external_id}, {"$setOnInsert": fresh}, upsert=True)],
            ordered=False,
        )

    async def add_members(self, members: Sequence[ImportedMember]) -> None:
        """Into conversations that are being imported. The owner is named by the conversation."""
        writes, owners = [], []
        for one in members:
            more: Document = {"imported_read": ALL_READ}
            if one.role:
                role = "admin" if one.role == "owner" else one.role
                more |= {"state": "member", "role": role, "joined_at": one.joined_at, "joined_seq": 0}
                more |= {"floor_seq": 0, "rev": 1}
            key = member_key(one.conversation_id, one.user_id)
            writes.append(UpdateOne({"_id": key}, {"$setOnInsert": fresh_member(**more)}, upsert=True))
            if one.role == "owner":
                owner = {"$set": {"owner_id": one.user_id}}
                owners.append(UpdateOne({"_id": one.conversation_id, "ready": False}, owner))
        await self._members.bulk_write(writes, ordered=False)
        if owners:
            await self._conversations.bulk_write(owners, ordered=False)

    def prepared(self, messages: Sequence[Message]) -> list[Document]:
        return [records.message_document(one) for one in messages]

    async def append(self, prepared: list[Document]) -> bool:
        """In this order, as far as it goes: False when one of them, or another with its number, was there already.

        Raises Unavailable: it may or may not be stored then.
        """
        return await self._messages.run("insert", self._appending(prepared))

    def _appending(self, documents: list[Document]) -> Script[bool]:
        reply = yield self._messages.insertion(documents, ordered=True)
        failed = [failure for failure in reply.get("writeErrors", ()) if failure["code"] != DUPLICATE]
        if failed or "writeConcernError" in reply:
            metrics.MONGODB_ERRORS.inc()
            raise Unavailable("The database did not take all of it.")
        return not reply.get("writeErrors")

    async def set_reads(self, reads: Mapping[tuple[int, int], tuple[int, datetime | None]]) -> None:
        """(conversation, user) → how far they had read, and when they last looked."""
        writes = [
            UpdateOne(
                {"_id": member_key(c, u), "imported_read": {"$exists": True}},
                {"$set": {"imported_read": seq, "imported_at": at}},
            )
            for (c, u), (seq, at) in reads.items()
        ]
        await self._members.bulk_write(writes, ordered=False)

    # The end: from what was written to what its members are shown.

    async def left(self, job_id: int, limit: int) -> list[Imported]:
        """Conversations of this job that are not open yet, by their ids."""
        wanted = {"importing": job_id}
        found = await self._conversations.find(wanted, _SHOWN, sort=[("_id", 1)], limit=SLICE)
        return [_imported(doc) for doc in found]

    async def members(self, conversation_id: int, after: int) -> list[tuple[int, int, datetime | None]]:
        """At most SLICE with ids above `after`, in their order: (user, how far they had read, when)."""
        span = {"_id": {"$gt": member_key(conversation_id, after), "$lt": member_key(conversation_id + 1, 0)}}
        found: list[Any] = await self._members.find(span, sort=[("_id", 1)], limit=SLICE)
        return [  # who has no such mark was dealt with before
            (doc["_id"]["u"], int(doc.get("imported_read", doc["read_seq"])), doc.get("imported_at"))
            for doc in found
        ]

    async def mark(
        self, conversation_id: int, head: int, last_at: datetime, reads: Mapping[int, tuple[int, datetime]]
    ) -> None:
        """Everything was delivered; user → how far they had read, and when."""
        writes = []
        for user_id, (seq, at) in reads.items():
            marks: Document = {"delivered_seq": head, "delivered_marks": [[head, last_at]] if head else []}
            marks |= {"read_seq": seq, "read_marks": [[seq, at]] if seq else []}
            filter = {"_id": member_key(conversation_id, user_id), "imported_read": {"$exists": True}}
            gone = {"imported_read": "", "imported_at": ""}
            writes.append(UpdateOne(filter, {"$set": marks, "$unset": gone}))
        await self._members.bulk_write(writes, ordered=False)

    async def give_heads(
        self, conversation_id: int, head: int, reads: Mapping[int, tuple[int, int]], is_group: bool
    ) -> None:
        """user → (how far they had read, how many of their own came after). Who has a head keeps it."""
        c = conversation_id
        writes = []
        for user_id, (seq, own) in reads.items():
            given: Document = {f"heads.{c}": head, f"facts.{c}": 0, f"reads.{c}": seq}
            given |= {f"own.{c}:{user_id}": own} if own else {}
            given |= {f"members.{c}": 1} if is_group else {}
            filter = {"_id": user_id, f"heads.{c}": {"$exists": False}}
            writes.append(UpdateOne(filter, {"$set": given}))
        await self._inboxes.bulk_write(writes, ordered=False)

    async def open(self, conversation_id: int, head: int, user_ids: Sequence[int], count: int) -> None:
        """It is there now; the host was told of everything up to `head`. `user_ids`: a few, for pictures."""
        shown: Document = {"ready": True, "told": head, "member_count": count, "preview": list(user_ids)}
        await self._conversations.update_one({"_id": conversation_id, "ready": False}, {"$set": shown})

    async def end(self, conversation_id: int) -> None:
        """Its members were told."""
        await self._conversations.update_one({"_id": conversation_id}, {"$unset": {"importing": ""}})

    async def forget(self, conversation_id: int) -> bool:
        """All of one that was never opened, some at a time: True at the end."""
        c = conversation_id
        ids = {"$gte": message_id(c, 0), "$lte": message_id(c, MAX_SEQ)}
        found = await self._messages.find({"_id": ids}, {"_id": 1}, limit=SLICE)
        if found:
            await self._messages.delete_many({"_id": {"$in": [doc["_id"] for doc in found]}})
            return False
        await self._pages.delete_many({"c": c})
        members = {"_id": {"$gte": member_key(c, 0), "$lt": member_key(c + 1, 0)}}
        await self._members.delete_many(members)
        await self._conversations.delete_one({"_id": c, "ready": False})
        return True


_SHOWN = {"external_id": 1, "importing": 1, "pair": 1, "preset": 1}


def _imported(document: Document) -> Imported:
    get = document.get
    return Imported(
        document["_id"], document["external_id"], get("importing", 0), get("pair"), get("preset", "")
    )
