"""The log: messages of a conversation are numbered 1, 2, 3 … without gaps, by compare-and-append on `_id`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from chatserver.list_place import ListPlace
from chatserver.model import MAX_SEQ, SYSTEM_SENDER, Change, Message, Stretch, message_id, split_message_id
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document
from chatserver.storage.script import Script
from chatserver.words import RULES

MOST_FOUND = 200  # in one stretch of a log, and more than any page of results
HEADS_TOGETHER = 200  # more stages than a thousand are too many for one pipeline
NEAR = 32  # as far as others get with a conversation between two appends of ours


class MessageStore:
    def __init__(self, collection: Collection) -> None:
        self._messages = collection

    async def attached(self, file_ids: Iterable[str]) -> set[str]:
        """Those of the files that a message names."""
        found = await self._messages.find(
            {"attachment.id": {"$in": list(file_ids), "$exists": True}}, {"attachment.id": 1}
        )
        return {doc["attachment"]["id"] for doc in found}

    async def head(self, conversation_id: int) -> int:
        """The highest seq that a majority has; 0 before the first message."""
        found = await self._messages.find(
            between(conversation_id, 0, MAX_SEQ), {"_id": 1}, sort=[("_id", -1)], limit=1
        )
        return split_message_id(found[0]["_id"])[1] if found else 0

    async def heads(self, conversation_ids: Iterable[int]) -> dict[int, int]:
        """The same of several."""
        ids = list(conversation_ids)
        return await self._messages.run_reads("aggregate", lambda: reading_heads(self._messages, ids))

    async def heads_above(self, seqs: Mapping[int, int]) -> dict[int, int]:
        """conversation → the highest seq that a majority has, when it is that in `seqs` or less than NEAR above it.

        The others are left out. Single ids: as stretches they took mongod more than twice as long.
        """
        near = (
            message_id(id, above)
            for id, seq in seqs.items()
            for above in range(seq + 1, min(seq + NEAR, MAX_SEQ) + 1)
        )
        found = await self._messages.find_few({"_id": {"$in": list(near)}}, {"_id": 1})
        heads = dict(seqs)
        for id, seq in map(split_message_id, sorted(doc["_id"] for doc in found)):
            heads[id] = seq
        return {id: seq for id, seq in heads.items() if seq < seqs[id] + NEAR}

    async def by_client_ids(
        self, keys: Iterable[tuple[int, str | int]]
    ) -> dict[tuple[int, str | int], Message]:
        """`keys`: (sender_id, client_id)."""
        wanted = [{"sender_id": sender_id, "client_id": client_id} for sender_id, client_id in keys]
        found = map(records.message, await self._messages.find({"$or": wanted}))
        return {(message.sender_id, message.client_id): message for message in found}

    async def by_ids(self, ids: Iterable[int]) -> dict[int, Message]:
        found = await self._messages.find({"_id": {"$in": list(ids)}})
        return {doc["_id"]: records.message(doc) for doc in found}

    async def newest_of(self, ids: Iterable[int], after: ListPlace | None, limit: int) -> list[Message]:
        """The newest `limit` of these messages, newest first, from behind that place on."""
        return [records.message(doc) for doc in await self._newest_of(ids, after, limit, None)]

    async def newest_moments_of(
        self, ids: Iterable[int], after: ListPlace | None, limit: int
    ) -> list[tuple[int, datetime]]:
        """The same without what they say: id and moment."""
        found = await self._newest_of(ids, after, limit, {"created_at": 1})
        return [(doc["_id"], doc["created_at"]) for doc in found]

    async def _newest_of(
        self, ids: Iterable[int], after: ListPlace | None, limit: int, projection: Document | None
    ) -> list[Document]:
        wanted: Document = {"_id": {"$in": list(ids)}}
        if after is not None:
            same = {"created_at": after.at, "_id": {"$lt": after.message_id}}
            wanted["$or"] = [{"created_at": {"$lt": after.at}}, same]
        order = [("created_at", -1), ("_id", -1)]
        # The time index has the order, but is the whole server's.
        return await self._messages.find(wanted, projection, sort=order, limit=limit, hint=[("_id", 1)])

    async def moments(self, ids: Iterable[int]) -> dict[int, datetime]:
        """When each of these was appended."""
        found = await self._messages.find({"_id": {"$in": list(ids)}}, {"created_at": 1})
        return {doc["_id"]: doc["created_at"] for doc in found}

    async def ends_of(
        self, stretches: Sequence[Stretch], limit: int, *, oldest: bool
    ) -> list[list[tuple[int, datetime]]]:
        """Of each the `limit` newest, or oldest, from the end on: id and moment."""
        order: list[Document] = [{"$sort": {"_id": 1 if oldest else -1}}, {"$limit": limit}]
        parts = [
            [{"$match": _within(s)}, *order, {"$project": {"created_at": 1, "n": {"$literal": n}}}]
            for n, s in enumerate(stretches)
        ]
        ends: list[list[tuple[int, datetime]]] = [[] for _ in stretches]
        for doc in await self._messages.aggregate(_together(parts)):
            ends[doc["n"]].append((doc["_id"], doc["created_at"]))
        return ends

    async def count_in(self, stretches: Sequence[Stretch], most: int) -> int:
        """In all of them; it stops at `most`."""
        ends: list[Document] = [{"$limit": most}, {"$project": {"_id": 1}}]
        parts = [[{"$match": _within(s)}, *ends] for s in stretches]
        found = await self._messages.aggregate([*_together(parts), {"$limit": most}, {"$count": "n"}])
        return int(found[0]["n"]) if found else 0

    async def page(self, conversation_id: int, after: int, before: int, limit: int) -> list[Message]:
        """The newest `limit` messages with after < seq < before, newest first."""
        found = await self._messages.find(
            between(conversation_id, after, before - 1), sort=[("_id", -1)], limit=limit
        )
        return [records.message(doc) for doc in found]

    async def page_after(
        self, conversation_id: int, after: int, limit: int, sender_id: int | None = None
    ) -> list[Message]:
        """The oldest `limit` messages with seq > after, where said of this sender only; newest first."""
        wanted = between(conversation_id, after, MAX_SEQ)
        if sender_id is not None:
            wanted["sender_id"] = sender_id
        found = await self._messages.find(wanted, sort=[("_id", 1)], limit=limit)
        return [records.message(doc) for doc in reversed(found)]

    async def senders(self, conversation_id: int, after: int, last: int) -> list[tuple[int, int]]:
        """(sender_id, seq) of each message with after < seq <= last, in order."""
        found = await self._messages.find(
            between(conversation_id, after, last), {"sender_id": 1}, sort=[("_id", 1)]
        )
        return [(doc["sender_id"], split_message_id(doc["_id"])[1]) for doc in found]

    async def count_by(self, sender_ids: Sequence[int], conversation_id: int, after: int, last: int) -> int:
        by = {"sender_id": {"$in": list(sender_ids)}}
        return await self._messages.count({**between(conversation_id, after, last), **by})

    async def search(
        self, spans: Sequence[tuple[int, int, int]], words: Sequence[str], before: Message | None
    ) -> list[Message]:
        """Of each (conversation, after, last) the newest MOST_FOUND with all these words, older than `before`."""
        wanted: Document = {"words": {"$all": list(words)}}
        if before is not None:
            same = {"created_at": before.created_at, "_id": {"$lt": before.id}}
            wanted["$or"] = [{"created_at": {"$lt": before.created_at}}, same]
        newest: list[Document] = [{"$sort": {"_id": -1}}, {"$limit": MOST_FOUND}]
        parts: list[list[Document]] = [[{"$match": {**between(*span), **wanted}}, *newest] for span in spans]
        return [records.message(doc) for doc in await self._messages.aggregate(_together(parts))]

    async def change(self, id: int, news: Mapping[str, Any], moment: str, at: datetime) -> Change | None:
        """`news` are fields of the message, `moment` is the one that tells when they came.

        None when it is not there, deleted, or says all this already.
        """
        differs = [{name: {"$ne": value}} for name, value in news.items()]
        words = records.listed(news["text"]) if "text" in news else {}
        update: Document = {"$set": {**news, **words, moment: at, "pending": True}, "$inc": {"rev": 1}}
        if moment == "deleted_at":
            update["$rename"] = {"attachment": "dropped"}  # until the file is gone
        wanted = {"_id": id, "deleted_at": None, "$or": differs}
        found = await self._messages.find_one_and_update(wanted, update, after=True)
        return records.change(found) if found else None

    async def told_of(self, conversation_id: int, user_id: int) -> list[Message]:
        """What nobody wrote and that names this person."""
        keys = {"$gte": f"{conversation_id}:", "$lt": f"{conversation_id};"}  # as the server makes them up
        about = [{"system.by": user_id}, {"system.u": user_id}]
        found = await self._messages.find({"sender_id": SYSTEM_SENDER.id, "client_id": keys, "$or": about})
        return [records.message(doc) for doc in found]

    async def of_sender(self, sender_id: int, after: str | int, limit: int) -> list[tuple[int, str | int]]:
        """(id, client_id), in the order of their client_ids and behind `after`, of its kind only: number or text."""
        found = await self._messages.find(
            {"sender_id": sender_id, "client_id": {"$gte" if after in (0, "") else "$gt": after}},
            {"client_id": 1},
            sort=[("client_id", 1)],
            limit=limit,
        )
        return [(int(doc["_id"]), records.plain(doc["client_id"])) for doc in found]

    async def pending_changes(self, limit: int) -> list[Change]:
        return [records.change(doc) for doc in await self._messages.find({"pending": True}, limit=limit)]

    async def finish_change(self, change: Change) -> None:
        """Unless it has changed again meanwhile: then there is more to tell."""
        unchanged = {"_id": change.message.id, "rev": change.message.rev}
        await self._messages.update_one(unchanged, {"$unset": {"pending": "", "dropped": ""}})

    async def list_words(self, after: int, limit: int) -> list[int]:
        """List anew what was listed under other rules, of the first `limit` with ids above `after`; these ids."""
        is_listed = {"$eq": ["$words_rules", RULES]}
        found = await self._messages.aggregate(
            [
                {"$match": {"_id": {"$gt": after}}},
                {"$sort": {"_id": 1}},
                {"$limit": limit},
                {"$project": {"rev": 1, "text": {"$cond": [is_listed, "$$REMOVE", "$text"]}}},
            ]
        )
        writes = [
            UpdateOne({"_id": doc["_id"], "rev": doc.get("rev")}, {"$set": records.listed(doc["text"])})
            for doc in found  # who has been changed since was listed then
            if "text" in doc
        ]
        if writes:
            await self._messages.bulk_write(writes, ordered=False)
        return [int(doc["_id"]) for doc in found]

    async def appended_between(
        self, moment: datetime, after: int, until: datetime, limit: int
    ) -> tuple[dict[int, int], tuple[datetime, int] | None]:
        """conversation → highest seq, of the first `limit` messages from `moment`, there with ids above `after`, to
        before `until`; and the first two to go on with. Answered from the time index alone.
        """
        then: Document = {"created_at": moment, "_id": {"$gt": after}}
        later: Document = {"created_at": {"$gt": moment, "$lt": until}}
        conversation = {"$toLong": {"$floor": {"$divide": ["$_id", MAX_SEQ + 1]}}}
        newest = {"$max": {"at": "$created_at", "id": "$_id"}}
        found = await self._messages.aggregate(
            [
                {"$match": {"$or": [then, later]}},
                {"$sort": {"created_at": 1, "_id": 1}},
                {"$limit": limit},
                {"$project": {"_id": 1, "created_at": 1}},
                {
                    "$group": {
                        "_id": conversation,
                        "last": {"$max": "$_id"},
                        "newest": newest,
                        "n": {"$sum": 1},
                    }
                },
            ]
        )
        seqs = {doc["_id"]: split_message_id(doc["last"])[1] for doc in found}
        if sum(doc["n"] for doc in found) < limit:
            return seqs, None
        return seqs, max((doc["newest"]["at"], doc["newest"]["id"]) for doc in found)


def reading_heads(messages: Collection, conversation_ids: Iterable[int]) -> Script[dict[int, int]]:
    """conversation → the highest seq that a majority has; 0 before the first message."""
    heads = dict.fromkeys(conversation_ids, 0)
    newest: list[Document] = [{"$sort": {"_id": -1}}, {"$limit": 1}, {"$project": {"_id": 1}}]
    ids = list(heads)
    for start in range(0, len(ids), HEADS_TOGETHER):
        parts = [[{"$match": between(id, 0, MAX_SEQ)}, *newest] for id in ids[start : start + HEADS_TOGETHER]]
        reply = yield messages.aggregating(_together(parts))
        heads.update(split_message_id(doc["_id"]) for doc in reply["cursor"]["firstBatch"])
    return heads


def _together(parts: Sequence[Sequence[Document]]) -> list[Document]:
    """One pipeline that gives what each of these gives, in their order."""
    return [*parts[0], *({"$unionWith": {"coll": "messages", "pipeline": part}} for part in parts[1:])]


def _within(stretch: Stretch) -> Document:
    wanted = between(stretch.conversation_id, stretch.after, stretch.last)
    if stretch.sender_id is not None:
        wanted["sender_id"] = stretch.sender_id
    if stretch.is_active is not None:
        wanted["deleted_at"] = None if stretch.is_active else {"$exists": True}
    return wanted


def between(conversation_id: int, after: int, last: int) -> Document:
    """Ids with after < seq <= last: one contiguous stretch of the primary index."""
    return {
        "_id": {"$gt": message_id(conversation_id, max(0, after)), "$lte": message_id(conversation_id, last)}
    }
