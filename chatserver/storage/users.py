"""People and their password hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chatserver.model import User
from chatserver.storage import codec
from chatserver.storage.driver import Collection, Document

_PUBLIC = {"username": 1, "full_name": 1, "avatar": 1}


class UserStore:
    def __init__(self, collection: Collection) -> None:
        self._users = collection

    async def create(self, user: User, password_hash: str, at: datetime) -> bool:
        """False when the name is taken, in any spelling of its case."""
        try:
            await self._users.insert_one(
                {
                    "_id": user.id,
                    "username": user.username,
                    "username_key": user.username.lower(),
                    "full_name": user.full_name,
                    "full_name_key": user.full_name.lower(),
                    "avatar": user.avatar,
                    "password_hash": password_hash,
                    "created_at": at,
                }
            )
        except DuplicateKeyError:
            return False
        return True

    async def by_ids(self, ids: Iterable[int]) -> dict[int, User]:
        found = await self._users.find({"_id": {"$in": list(ids)}}, _PUBLIC)
        return {doc["_id"]: codec.user(doc) for doc in found}

    async def for_sign_in(self, username: str) -> tuple[User, str] | None:
        """The user and the password hash."""
        found = await self._users.find_one({"username_key": username.lower()})
        return (codec.user(found), found["password_hash"]) if found else None

    async def set_password_hash(self, user_id: int, password_hash: str) -> None:
        await self._users.update_one({"_id": user_id}, {"$set": {"password_hash": password_hash}})

    async def update(self, user_id: int, changes: dict[str, str | None]) -> User | None:
        if isinstance(changes.get("full_name"), str):
            changes = {**changes, "full_name_key": str(changes["full_name"]).lower()}
        found = await self._users.find_one_and_update({"_id": user_id}, {"$set": changes}, after=True)
        return codec.user(found) if found else None

    async def search(self, prefix: str, limit: int) -> list[User]:
        """Names that begin with `prefix`, both kinds of name, by username. An empty prefix lists everybody."""
        filter: Document = {}
        if prefix:
            begins = {"$regex": f"^{re.escape(prefix.lower())}"}
            filter = {"$or": [{"username_key": begins}, {"full_name_key": begins}]}
        found = await self._users.find(filter, _PUBLIC, sort=[("username_key", 1)], limit=limit)
        return [codec.user(doc) for doc in found]
