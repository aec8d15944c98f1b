"""Poll tickets: hashes that stand for a session's token for some minutes. {_id: hash, token_hash, expires_at}"""

from __future__ import annotations

from datetime import datetime

from chatserver.storage.driver import Collection


class TicketStore:
    def __init__(self, tickets: Collection, sessions: Collection) -> None:
        self._tickets = tickets
        self._sessions = sessions

    async def create(self, ticket_hash: bytes, session_id: int, expires_at: datetime) -> bool:
        """False when there is no such session any more."""
        session = await self._sessions.find_one({"_id": session_id}, {"token_hash": 1})
        if session is None:
            return False
        ticket = {"_id": ticket_hash, "token_hash": session["token_hash"], "expires_at": expires_at}
        await self._tickets.insert_one(ticket)
        return True

    async def by_hashes(self, ticket_hashes: list[bytes]) -> dict[bytes, tuple[bytes, datetime]]:
        """The hash of the token that each stands for, and until when."""
        found = await self._tickets.find({"_id": {"$in": ticket_hashes}})
        return {doc["_id"]: (doc["token_hash"], doc["expires_at"]) for doc in found}
