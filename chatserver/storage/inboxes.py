"""Inboxes: one document per user. One write to it is atomic, so version, head and entry appear together.

A ring entry that is a plain number is the id of one new message: most are, and a ring of numbers costs the server
less than half of what a ring of documents does (docs/performance.md). `own` counts by `conversation:sender`, so that
one update serves both members of a direct conversation; only a person's own count is ever read, and that of sender 0,
who is nobody. `members` holds the rev of each membership of a group that the head follows, also after it has ended.

No filter here ever takes a missing head for 0: without a head the user is not a member, and gets nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection as Many
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chatserver.model import SYSTEM_SENDER, Advance, Entry, Inbox, KnownVersion, Tail, message_id
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document

RING = 100  # the original system kept at most 100 events per user
# Trimming rewrites the whole ring, while adding to it does not (85 µs against 73 µs of mongod's CPU a message). So only
# every 16th message trims, and readers take the last RING entries. Which ones do is decided by conversation + seq, which
# spreads them evenly over all conversations of a person.
TRIM_EVERY = 16
_TAIL = 8  # entries that are read at first; whoever is further behind reads the whole ring


class InboxStore:
    def __init__(self, collection: Collection) -> None:
        self._inboxes = collection

    async def ensure(self, user_id: int) -> None:
        fresh = {"epoch": new_epoch(), "version": 0, "heads": {}, "reads": {}, "own": {}, "ring": []}
        await self._inboxes.update_one({"_id": user_id}, {"$setOnInsert": fresh}, upsert=True)

    async def join(
        self,
        user_ids: Iterable[int],
        conversation_id: int,
        head: int,
        facts: int = 0,
        rev: int = 0,
    ) -> None:
        """Give these people a head. It must stand there before their membership is visible: they would be shown the past.

        `facts` is the head of the second log; `rev` is that of their membership in a group: one no newer than what the
        inbox has seen comes too late. Repeatable: who has a head keeps it.
        """
        await self._inboxes.update([joining(user_ids, conversation_id, head, facts, rev)])

    async def leave(self, user_id: int, entry: Entry) -> None:
        """Take the head away, so that no fan-out reaches this person any more, and push the entry that says why, to who
        had one.

        Repeatable: nothing happens once the inbox has seen the rev of this entry, which is that of the membership.
        """
        c = entry.conversation_id
        is_there = {"$ne": [{"$type": f"$heads.{c}"}, "missing"]}
        told = {"$slice": [{"$concatArrays": ["$ring", [records.entry_document(entry)]]}, -RING]}
        changes: Document = {
            "version": {"$add": ["$version", {"$cond": [is_there, 1, 0]}]},
            "ring": {"$cond": [is_there, told, "$ring"]},
            f"members.{c}": entry.rev,
        }
        parts = [
            f"heads.{c}",
            f"facts.{c}",
            f"reads.{c}",
            f"own.{c}:{user_id}",
            f"own.{c}:{SYSTEM_SENDER.id}",
        ]
        await self._inboxes.update_one(
            {"_id": user_id, **_older(c, entry.rev)}, [{"$set": changes}, {"$unset": parts}]
        )

    async def advance(
        self, advances: Sequence[Advance], claims: Mapping[int, KnownVersion] | None = None
    ) -> int:
        """The fast path: move every inbox that stands exactly before `first` and, where it was claimed, as claimed.

        Returns how many inboxes were moved.
        """
        return int((await self._inboxes.update(advancing(advances, claims or {})))["n"])

    async def lowest_head(self, conversation_id: int, last: int, user_ids: Many[int]) -> int | None:
        """The lowest head below `last` among these members; None when nobody is behind."""
        head = f"heads.{conversation_id}"
        behind = await self._inboxes.find({"_id": {"$in": list(user_ids)}, head: {"$lt": last}}, {head: 1})
        return min((doc["heads"][str(conversation_id)] for doc in behind), default=None)

    async def repair(
        self, conversation_id: int, last: int, user_ids: Many[int], senders: Sequence[tuple[int, int]]
    ) -> int:
        """Bring whoever is behind to `last`, each from its own head. No-op for everybody else.

        `senders` holds (user_id, seq) of every message above the lowest head. Returns how many were mended.
        """
        c = str(conversation_id)
        head = f"$heads.{c}"
        counts: Document = {}
        for sender in {sender for sender, _ in senders}:
            sent = {"$literal": [seq for other, seq in senders if other == sender]}
            above = {"$filter": {"input": sent, "as": "seq", "cond": {"$gt": ["$$seq", head]}}}
            count = {"$add": [{"$ifNull": [f"$own.{c}:{sender}", 0]}, {"$size": above}]}
            mine = {"$cond": [{"$eq": ["$_id", sender]}, count, "$$REMOVE"]}
            counts[f"own.{c}:{sender}"] = mine if sender else count
        entry = {"k": "m", "c": conversation_id, "f": {"$add": [head, 1]}, "t": last}
        pipeline = [
            {
                "$set": {
                    "version": {"$add": ["$version", 1]},
                    "ring": {"$slice": [{"$concatArrays": ["$ring", [entry]]}, -RING]},
                    f"heads.{c}": last,
                    **counts,
                }
            }
        ]
        filter = {"_id": {"$in": list(user_ids)}, f"heads.{c}": {"$lt": last}}
        return int((await self._inboxes.update_many(filter, pipeline)).modified_count)

    async def advance_facts(self, conversation_id: int, last: int, user_ids: Many[int]) -> int:
        """Bring every member to `last` in the second log, each from its own head. How many were behind.

        A member without a head there has one in the messages' log: such inboxes are from before there were facts.
        """
        c = conversation_id
        head = {"$ifNull": [f"$facts.{c}", 0]}
        entry = {"k": "f", "c": c, "f": {"$add": [head, 1]}, "t": last}
        pipeline = [
            {
                "$set": {
                    "version": {"$add": ["$version", 1]},
                    "ring": {"$slice": [{"$concatArrays": ["$ring", [entry]]}, -RING]},
                    f"facts.{c}": last,
                }
            }
        ]
        filter = {
            "_id": {"$in": list(user_ids)},
            f"heads.{c}": {"$exists": True},
            "$or": [{f"facts.{c}": {"$lt": last}}, {f"facts.{c}": {"$exists": False}}],
        }
        return int((await self._inboxes.update_many(filter, pipeline)).modified_count)

    async def heads(
        self, user_ids: Iterable[int], conversation_ids: Iterable[int]
    ) -> dict[int, dict[int, int]]:
        """user → conversation → head, for those of the conversations that each user is in."""
        wanted = {f"heads.{id}": 1 for id in conversation_ids}
        found = await self._inboxes.find_few({"_id": {"$in": list(user_ids)}}, wanted)
        return {doc["_id"]: {int(c): head for c, head in doc.get("heads", {}).items()} for doc in found}

    async def push(self, user_ids: Iterable[int], entry: Entry) -> int:
        """Append a keyed entry where it is not yet, and only for members when it names a conversation."""
        filter: Document = {"_id": {"$in": list(user_ids)}, "ring.key": {"$ne": entry.key}}
        if entry.conversation_id:
            filter[f"heads.{entry.conversation_id}"] = {"$exists": True}
        result = await self._inboxes.update_many(filter, {"$inc": {"version": 1}, "$push": _pushed(entry)})
        return int(result.modified_count)

    async def move_read(self, user_id: int, entry: Entry, before: Inbox, own: int) -> bool:
        """Set the reader's own mark to `entry.last`. False when the inbox moved since `before` was read.

        `own` counts what the reader and, in a group, the server itself said beyond it.
        """
        c = entry.conversation_id
        filter = {
            "_id": user_id,
            f"heads.{c}": before.heads[c],
            f"reads.{c}": before.reads.get(c, 0),
        }
        result = await self._inboxes.update_one(
            filter,
            {
                "$set": {f"reads.{c}": entry.last, f"own.{c}:{user_id}": own},
                "$unset": {f"own.{c}:{SYSTEM_SENDER.id}": ""},
                "$inc": {"version": 1},
                "$push": _pushed(entry),
            },
        )
        return bool(result.matched_count)

    async def inbox(self, user_id: int, conversation_id: int | None = None) -> Inbox | None:
        """Everything but the ring; of one conversation only when it is named."""
        projection: Document = {"ring": 0, "members": 0}
        if conversation_id is not None:
            c = conversation_id
            parts = {
                f"heads.{c}": 1,
                f"reads.{c}": 1,
                f"own.{c}:{user_id}": 1,
                f"own.{c}:{SYSTEM_SENDER.id}": 1,
            }
            projection = {"epoch": 1, "version": 1, **parts}
        found = await self._inboxes.find_one({"_id": user_id}, projection)
        return records.inbox({"heads": {}, "reads": {}, "own": {}, **found}) if found else None

    async def inboxes(self, user_ids: Iterable[int]) -> dict[int, Inbox]:
        """The same of several, in one read."""
        found = await self._inboxes.find({"_id": {"$in": list(user_ids)}}, {"ring": 0})
        return {doc["_id"]: records.inbox(doc) for doc in found}

    async def memberships(self, user_ids: Iterable[int]) -> dict[int, list[int]]:
        """user → ids of the conversations they are in."""
        found = await self._inboxes.find({"_id": {"$in": list(user_ids)}}, {"heads": 1})
        return {doc["_id"]: [int(id) for id in doc["heads"]] for doc in found}

    async def tails(self, known: Mapping[int, int | None]) -> dict[int, Tail]:
        """The newest entries of several inboxes, in one read or two.

        `known` maps each user to the version up to which the caller needs nothing, or None for the whole ring.
        """
        found = await self.newest(known, _TAIL)
        short: dict[int, int | None] = {}
        for user_id, tail in found.items():
            version = known[user_id]
            if tail.oldest_version > 0 and (version is None or version < tail.oldest_version):
                short[user_id] = version
        if short:
            found.update(await self.newest(short, RING))
        return found

    async def newest(self, known: Mapping[int, int | None], entries: int) -> dict[int, Tail]:
        """The same in one read: at most so many entries of each, be they all that the caller needs or not."""
        projection = {"epoch": 1, "version": 1, "owed": 1, "ring": {"$slice": -entries}, "_id": 1}
        user_ids = list(known)
        filter: Document = {"_id": {"$in": user_ids}} if len(user_ids) > 1 else {"_id": user_ids[0]}
        # An inclusion beside $slice keeps heads, reads and own on the server.
        documents = await self._inboxes.find_few(filter, projection)
        return {doc["_id"]: records.tail(doc, known[doc["_id"]]) for doc in documents}

    async def versions(self, user_ids: list[int]) -> dict[int, int]:
        found = await self._inboxes.find_few({"_id": {"$in": user_ids}}, {"version": 1})
        return {doc["_id"]: doc["version"] for doc in found}


def joining(
    user_ids: Iterable[int], conversation_id: int, head: int, facts: int = 0, rev: int = 0
) -> Document:
    """The update that gives these people a head, where they have none."""
    c = conversation_id
    without: Document = {"_id": {"$in": list(user_ids)}, f"heads.{c}": {"$exists": False}}
    given = {f"heads.{c}": head, f"facts.{c}": facts, f"reads.{c}": head}
    if rev:
        without |= _older(c, rev)
        given[f"members.{c}"] = rev
    return {"q": without, "u": {"$set": given}, "multi": True}


def advancing(advances: Sequence[Advance], claims: Mapping[int, KnownVersion]) -> list[Document]:
    """The updates of the fast path: one for each inbox that is claimed or counts its own messages, one for all others."""
    updates: list[Document] = []
    for advance in advances:
        c, first, last = advance.conversation_id, advance.first, advance.last
        entry: Any = {"k": "m", "c": c, "f": first, "t": last}
        if first == last:
            entry = message_id(c, last)
        push: Document = {"$each": [entry]}
        if (c + last) % TRIM_EVERY == 0:
            push["$slice"] = -RING
        moved: Document = {"$set": {f"heads.{c}": last}, "$push": {"ring": push}}
        before = {f"heads.{c}": first - 1}
        counts: Document = {f"own.{c}:{sender}": count for sender, count in advance.own.items()}
        if advance.is_direct:
            apart = {id: counts for id in advance.member_ids if id in claims}
        else:
            # In a group the counts of others would pile up in every inbox.
            senders = advance.own.keys() & advance.member_ids
            counts = (
                {f"own.{c}:{SYSTEM_SENDER.id}": advance.own[SYSTEM_SENDER.id]}
                if SYSTEM_SENDER.id in advance.own
                else {}
            )  # What nobody wrote is not unread.
            apart = {id: {f"own.{c}:{id}": advance.own[id], **counts} for id in senders}
        for id, increments in apart.items():
            filter: Document = {"_id": id, **before}
            if advance.is_direct and id in claims:
                filter.update(epoch=claims[id].epoch, version=claims[id].version)
            updates.append({"q": filter, "u": {"$inc": {"version": 1, **increments}, **moved}})
        if others := [id for id in advance.member_ids if id not in apart]:
            filter = {"_id": {"$in": others}, **before}
            updates.append({"q": filter, "u": {"$inc": {"version": 1, **counts}, **moved}, "multi": True})
    return updates


def _older(conversation_id: int, rev: int) -> Document:
    """Inboxes that have seen no membership of this rev or a newer one. What comes late changes nothing there."""
    return {f"members.{conversation_id}": {"$not": {"$gte": rev}}}


def new_epoch() -> str:
    return f"{secrets.randbits(32):x}"


def _pushed(entry: Entry) -> Document:
    return {"ring": {"$each": [records.entry_document(entry)], "$slice": -RING}}
