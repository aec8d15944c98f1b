"""Signed-in devices: only the hash of a token is ever stored.

A session is worth something while it has the credential number of its owner's account, or is the one that the account
kept when the number moved. What was stored before there were numbers has 0.

A session also keeps the place of a client that sends no cursor: `place` is what it surely has, `pending` what was
last being answered.

A session that a token of the host began, a `vouched` one, is not deleted when it is ended but loses its owner: its token
may be good for longer, and must not begin another one. It goes with its token, or unused as any other. So it is with
one that such a token was exchanged for: ended, it is kept until that token is no good any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from chatserver.cursor import Cursor, KeptPlace, PlaceClaim, PlaceMove
from chatserver.model import Session
from chatserver.storage import records
from chatserver.storage.driver import UNJOURNALED, Collection, Document
from chatserver.storage.script import Script

_WITHOUT_PLACE: Document = {"place": 0, "pending": 0}
_ENDED: list[Document] = [
    {"$set": {"expires_at": {"$ifNull": ["$exchanged.until", "$expires_at"]}}},
    {"$unset": ["user_id", "name", "place", "pending"]},
]


class SessionStore:
    def __init__(self, sessions: Collection, users: Collection) -> None:
        self._sessions = sessions
        self._users = users

    async def create(
        self,
        session: Session,
        token_hash: bytes,
        place: Cursor,
        vouched: bool = False,
        exchanged: tuple[bytes, datetime] | None = None,
    ) -> bool:
        """False when there is, or was, one for this token: of those that are `vouched` for by the host.

        `exchanged`: for which of the host's tokens it was given, and until when that is good.
        """
        document: Document = {
            "_id": session.id,
            "token_hash": token_hash,
            "user_id": session.user_id,
            "name": session.name,
            "created_at": session.created_at,
            "last_used_at": session.last_used_at,
            "credential": session.credential,
            "place": _place_document(place),
        }
        if vouched:
            document["vouched"] = True
        if session.expires_at is not None:
            document["expires_at"] = session.expires_at
        if exchanged is not None:
            document["exchanged"] = dict(zip(("key", "until"), exchanged, strict=True))
        try:
            await self._sessions.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def is_known(self, token_hash: bytes) -> bool:
        """Whether there is one for this token, whatever it is worth, or was one that ended before its token."""
        return await self._sessions.find_one({"token_hash": token_hash}, {"_id": 1}) is not None

    async def is_ended(self, key: bytes) -> bool:
        """Whether one was ended that this token of the host's began or was exchanged for."""
        either = [{"token_hash": key}, {"exchanged.key": key}]
        return await self._sessions.find_one({"user_id": None, "$or": either}, {"_id": 1}) is not None

    async def by_token_hashes(self, token_hashes: list[bytes]) -> dict[bytes, Session]:
        """Those that are worth something."""
        found = await self._standing({"token_hash": {"$in": token_hashes}})
        return {doc["token_hash"]: records.session(doc) for doc in found}

    async def by_ids(self, ids: list[int]) -> dict[int, Session]:
        """Those that are worth something."""
        found = await self._standing({"_id": {"$in": ids}})
        return {doc["_id"]: records.session(doc) for doc in found}

    async def _standing(self, filter: Document) -> list[Document]:
        return await self._sessions.run_reads("find", lambda: self._reading(filter))

    def _reading(self, filter: Document) -> Script[list[Document]]:
        # Two reads for the whole batch, the numbers last. One with $lookup takes the database longer than both.
        reply = yield self._sessions.reading(filter, _WITHOUT_PLACE, "majority")
        found = [doc for doc in reply["cursor"]["firstBatch"] if "user_id" in doc]
        ids = list({doc["user_id"] for doc in found})
        reply = yield self._users.reading(
            {"_id": {"$in": ids}}, {"credential": 1, "kept_session": 1}, "majority"
        )
        numbers = {owner["_id"]: owner for owner in reply["cursor"]["firstBatch"]}
        return [doc for doc in found if _stands(doc, numbers.get(doc["user_id"]))]

    async def of_user(self, user_id: int, skip: int = 0) -> list[Session]:
        """Those used last come first."""
        found = await self._sessions.find(
            {"user_id": user_id}, sort=[("last_used_at", -1)], skip=skip, limit=1000
        )
        return [records.session(doc) for doc in found]

    async def used_since(self, user_ids: Iterable[int], since: datetime) -> set[int]:
        """Those of them who have a session that was used since."""
        found = await self._sessions.aggregate(
            [
                {"$match": {"user_id": {"$in": list(user_ids)}, "last_used_at": {"$gte": since}}},
                {"$group": {"_id": "$user_id"}},
            ]
        )
        return {int(doc["_id"]) for doc in found}

    async def touch(self, session_id: int, at: datetime) -> None:
        await self._sessions.update_one({"_id": session_id}, {"$set": {"last_used_at": at}})

    async def delete(self, user_id: int, session_id: int, *, spares_token: bool = False) -> bool:
        """`spares_token`: the token of the host that it was exchanged for is as good as before."""
        theirs = {"_id": session_id, "user_id": user_id}
        if await self._sessions.delete_one({**theirs, **_forgotten(spares_token)}) == 1:
            return True
        return bool((await self._sessions.update_one(theirs, _ENDED)).modified_count)

    async def delete_all(
        self, user_id: int, but: int, before: datetime | None = None, *, spares_token: bool = False
    ) -> tuple[int, int]:
        """All but one, or those that began before: how many, and the highest id that there was of these."""
        begun: Document = {"user_id": user_id}
        if before is not None:
            begun["created_at"] = {"$lt": before}
        newest = await self._sessions.find(begun, {"_id": 1}, sort=[("_id", -1)], limit=1)
        last = int(newest[0]["_id"]) if newest else 0
        theirs = {"user_id": user_id, "_id": {"$lte": last, "$ne": but}}
        ended = await self._sessions.delete_many({**theirs, **_forgotten(spares_token)})
        ended += int((await self._sessions.update_many(theirs, _ENDED)).modified_count)
        return ended, last

    async def kept_places(self, session_ids: list[int]) -> dict[int, KeptPlace]:
        """Also as no majority has them yet: a note of another node is seen at once."""
        filter, wanted = {"_id": {"$in": session_ids}}, {"place": 1, "pending": 1, "user_id": 1}
        found = await self._sessions.find_few(filter, wanted, level="local")
        return {doc["_id"]: _kept(doc) for doc in found if "user_id" in doc}

    async def claim_places(self, claims: Sequence[PlaceClaim]) -> bool:
        """Whether all stood as claimed; if not, some may have and are noted.

        Nothing waits for the journal: when the note is lost, an answer under way may be given again, as it is when the
        word that it got through is lost.
        """
        updates = [
            {
                "q": {
                    "_id": c.session_id,
                    "place": _place_document(c.kept),
                    "pending.node": {"$in": [None, c.node, c.pending_of]},
                },
                "u": {"$set": {"pending": _pending_document(c.place, c.node)}},
            }
            for c in claims
        ]
        return int((await self._sessions.update(updates, UNJOURNALED))["n"]) == len(claims)

    async def move_places(self, moves: Sequence[PlaceMove]) -> None:
        """In their order. A place never moves back within an epoch."""
        await self._sessions.bulk_write([_update(move) for move in moves], ordered=True)


def _forgotten(spares_token: bool) -> Document:
    """Of which nothing is kept when they are ended."""
    return {"vouched": None} if spares_token else {"vouched": None, "exchanged": None}


def _stands(session: Document, owner: Document | None) -> bool:
    if owner is None:
        return False
    same = session.get("credential", 0) == owner.get("credential", 0)
    return same or bool(session["_id"] == owner.get("kept_session"))


def _update(move: PlaceMove) -> UpdateOne:
    """What is pending may be a later answer's by now, or another node's."""
    place = move.place
    ours = {"$eq": ["$pending", {"$literal": _pending_document(place, move.node)}]}
    changes: Document = {"pending": {"$cond": [ours, "$$REMOVE", "$pending"]}}
    if move.answered:
        elsewhere = {"$ne": ["$place.epoch", place.epoch]}
        behind = {"$lt": [["$place.version", "$place.offset"], [place.version, place.offset]]}
        moved = {"$literal": _place_document(place)}
        changes["place"] = {"$cond": [{"$or": [elsewhere, behind]}, moved, "$place"]}
    return UpdateOne({"_id": move.session_id}, [{"$set": changes}])


def _kept(document: Document) -> KeptPlace:
    pending = document.get("pending")
    node = pending["node"] if pending else ""
    return KeptPlace(_place(document["place"]), _place(pending) if pending else None, node)


def _place_document(place: Cursor) -> Document:
    return {"epoch": place.epoch, "version": place.version, "offset": place.offset}


def _pending_document(place: Cursor, node: str) -> Document:
    """Compared as a whole, so every one is made here."""
    return {**_place_document(place), "node": node}


def _place(document: Document) -> Cursor:
    return Cursor(document["epoch"], document["version"], document["offset"])
