"""Signed-in devices: only the hash of a token is ever stored.

A session also keeps the place of a client that sends no cursor: `place` is what it surely has, `pending` what was
last being answered.
"""

from __future__ import annotations

from datetime import datetime

from chatserver.cursor import Cursor
from chatserver.model import KeptPlace, Session
from chatserver.storage import codec
from chatserver.storage.driver import Collection, Document


class SessionStore:
    def __init__(self, collection: Collection) -> None:
        self._sessions = collection

    async def create(self, session: Session, token_hash: bytes, place: Cursor) -> None:
        await self._sessions.insert_one(
            {
                "_id": session.id,
                "token_hash": token_hash,
                "user_id": session.user_id,
                "name": session.name,
                "created_at": session.created_at,
                "last_used_at": session.last_used_at,
                "place": _place_document(place),
            }
        )

    async def by_token_hash(self, token_hash: bytes) -> Session | None:
        found = await self._sessions.find_one({"token_hash": token_hash}, {"place": 0, "pending": 0})
        return codec.session(found) if found else None

    async def of_user(self, user_id: int) -> list[Session]:
        found = await self._sessions.find({"user_id": user_id}, sort=[("last_used_at", -1)], limit=1000)
        return [codec.session(doc) for doc in found]

    async def touch(self, session_id: int, at: datetime) -> None:
        await self._sessions.update_one({"_id": session_id}, {"$set": {"last_used_at": at}})

    async def delete(self, user_id: int, session_id: int) -> bool:
        return await self._sessions.delete_one({"_id": session_id, "user_id": user_id}) == 1

    async def kept_place(self, session_id: int) -> KeptPlace | None:
        found = await self._sessions.find_one({"_id": session_id}, {"place": 1, "pending": 1})
        if found is None:
            return None
        pending = found.get("pending")
        return KeptPlace(
            _place(found["place"]), pending and _place(pending), pending["node"] if pending else ""
        )

    async def answering(self, session_id: int, pending: Cursor, node: str) -> None:
        """Written before an answer goes out, so that another node knows one is on its way."""
        document = {**_place_document(pending), "node": node}
        await self._sessions.update_one({"_id": session_id}, {"$set": {"pending": document}})

    async def answered(self, session_id: int, place: Cursor) -> None:
        """The answer got through. The place never moves back within an epoch."""
        document = _place_document(place)
        behind = {
            "$or": [
                {"place.epoch": {"$ne": place.epoch}},
                {"place.version": {"$lt": place.version}},
                {"place.version": place.version, "place.offset": {"$lt": place.offset}},
            ]
        }
        await self._sessions.update_one(
            {"_id": session_id, **behind}, {"$set": {"place": document}, "$unset": {"pending": ""}}
        )

    async def unanswered(self, session_id: int) -> None:
        """The answer was cut: it will be given again from `place`."""
        await self._sessions.update_one({"_id": session_id}, {"$unset": {"pending": ""}})


def _place_document(place: Cursor) -> Document:
    return {"epoch": place.epoch, "version": place.version, "offset": place.offset}


def _place(document: Document) -> Cursor:
    return Cursor(document["epoch"], document["version"], document["offset"])
