"""Invites: {_id, key, code, c, slot, by, since, created_at, expires_at, uses, used_by}, gone when their time is over.

They are found by the hash of their code, so that looking takes as long for one that is nearly right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chatserver.model import Invite
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document


class InviteStore:
    def __init__(self, invites: Collection) -> None:
        self._invites = invites

    async def create(self, invite: Invite) -> bool:
        """False when its slot is taken."""
        document: Document = {
            "_id": invite.id,
            "key": _key(invite.code),
            "code": invite.code,
            "c": invite.conversation_id,
            "slot": invite.slot,
            "by": invite.maker_id,
            "since": invite.maker_joined_at,
            "created_at": invite.created_at,
            "expires_at": invite.expires_at,
            "uses": invite.uses,
            "used_by": [],
        }
        document |= {"client_id": invite.client_id} if invite.client_id is not None else {}
        try:
            await self._invites.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def by_code(self, code: str) -> Invite | None:
        found = await self._invites.find_one({"key": _key(code)})
        return records.invite(found) if found else None

    async def of(self, conversation_id: int) -> list[Invite]:
        """All of them, whether they are good or not, the oldest first."""
        found = await self._invites.find({"c": conversation_id}, sort=[("_id", 1)])
        return list(map(records.invite, found))

    async def redeem(self, invite: Invite, user_id: int, now: datetime) -> bool:
        """One use for this person, who keeps it: repeatable. False when it is over, or used up by others."""
        free = {f"used_by.{invite.uses - 1}": {"$exists": False}}
        result = await self._invites.update_one(
            {"_id": invite.id, "expires_at": {"$gt": now}, "$or": [{"used_by": user_id}, free]},
            {"$addToSet": {"used_by": user_id}},
        )
        return bool(result.matched_count)

    async def delete(self, ids: Iterable[int]) -> None:
        await self._invites.delete_many({"_id": {"$in": list(ids)}})


def _key(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
