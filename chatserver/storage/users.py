"""People and their password hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chatserver.model import Account, User
from chatserver.storage import codec
from chatserver.storage.driver import Collection, Document

_PUBLIC = {"username": 1, "full_name": 1, "avatar": 1}
_ACCOUNT = {**_PUBLIC, "state": 1, "created_at": 1}


class UserStore:
    def __init__(self, collection: Collection) -> None:
        self._users = collection

    async def create(self, user: User, password_hash: str, at: datetime, host_sub: str | None = None) -> bool:
        """False when the name is taken, in any spelling of its case, or the host's user has an account."""
        document: Document = {
            "_id": user.id,
            "username": user.username,
            "username_key": user.username.lower(),
            "full_name": user.full_name,
            "full_name_key": user.full_name.lower(),
            "avatar": user.avatar,
            "password_hash": password_hash,
            "created_at": at,
        }
        if host_sub is not None:
            document["host_sub"] = host_sub
        try:
            await self._users.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def by_ids(self, ids: Iterable[int]) -> dict[int, User]:
        found = await self._users.find({"_id": {"$in": list(ids)}}, _PUBLIC)
        return {doc["_id"]: codec.user(doc) for doc in found}

    async def by_host_sub(self, host_sub: str) -> Account | None:
        found = await self._users.find_one({"host_sub": host_sub}, _ACCOUNT)
        return codec.account(found) if found else None

    async def for_sign_in(self, username: str) -> tuple[User, str] | None:
        """The user and the password hash, of those who may sign in."""
        found = await self._users.find_one({"username_key": username.lower(), "state": {"$exists": False}})
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
        filter = {**_begins(prefix), "state": {"$ne": "forgotten"}}
        found = await self._users.find(filter, _PUBLIC, sort=[("username_key", 1)], limit=limit)
        return [codec.user(doc) for doc in found]

    async def account(self, username: str) -> Account | None:
        found = await self._users.find_one({"username_key": username.lower()}, _ACCOUNT)
        return codec.account(found) if found else None

    async def accounts(self, prefix: str, after: int, limit: int) -> list[Account]:
        """Whose name begins so and whose id is above `after`, by id."""
        filter = {**_begins(prefix), "_id": {"$gt": after}}
        found = await self._users.find(filter, _ACCOUNT, sort=[("_id", 1)], limit=limit)
        return [codec.account(doc) for doc in found]

    async def set_state(self, user_id: int, state: str) -> None:
        """Without a state one is active: that is how nearly all are stored."""
        change = {"$unset": {"state": ""}} if state == "active" else {"$set": {"state": state}}
        await self._users.update_one({"_id": user_id}, change)

    async def forget(self, user_id: int, username: str, full_name: str) -> None:
        """Keep of the person only what messages need: an id with a name that says nothing."""
        kept = {
            "username": username,
            "username_key": username.lower(),
            "full_name": full_name,
            "full_name_key": full_name.lower(),
            "avatar": None,
            "password_hash": "",
            "state": "forgotten",
        }
        await self._users.update_one({"_id": user_id}, {"$set": kept, "$unset": {"host_sub": ""}})


def _begins(prefix: str) -> Document:
    if not prefix:
        return {}
    begins = {"$regex": f"^{re.escape(prefix.lower())}"}
    return {"$or": [{"username_key": begins}, {"full_name_key": begins}]}
