"""People and their password hashes.

The credential number counts what ended all sessions: a new password, switching off, deleting. It moves in the same
update, so what was proved before can be told from what was proved after. `kept_session` is the one that made the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from chatserver.model import Account, User
from chatserver.storage import records
from chatserver.storage.driver import Collection, Document
from chatserver.words import NAME_RULES, person_words

LAST_SIGN = "\U0010ffff"
_PUBLIC = {"username": 1, "full_name": 1, "avatar": 1, "host_sub": 1, "state": 1}
_ACCOUNT = {**_PUBLIC, "state": 1, "off_until": 1, "created_at": 1, "credential": 1, "host": 1}

_RAISED: Document = {"$inc": {"credential": 1}}


class UserStore:
    def __init__(self, collection: Collection) -> None:
        self._users = collection

    async def create(
        self, user: User, password_hash: str, at: datetime, said: Mapping[str, Any] | None = None
    ) -> bool:
        """False when the name is taken, in any spelling of its case, or the host's user has an account.

        `said`: what the host says of them besides.
        """
        document: Document = {
            "_id": user.id,
            "username": user.username,
            "username_key": user.username.lower(),
            "full_name": user.full_name,
            "avatar": user.avatar,
            **_listed(user.username, user.full_name),
            "password_hash": password_hash,
            "created_at": at,
        }
        if user.sub is not None:
            document["host_sub"] = user.sub
        if said:
            document["host"] = dict(said)
        try:
            await self._users.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def by_ids(self, ids: Iterable[int]) -> dict[int, User]:
        found = await self._users.find({"_id": {"$in": list(ids)}}, _PUBLIC)
        return {doc["_id"]: records.user(doc) for doc in found}

    async def by_id(self, user_id: int) -> Account | None:
        found = await self._users.find_one({"_id": user_id}, _ACCOUNT)
        return records.account(found) if found else None

    async def by_host_sub(self, host_sub: str) -> Account | None:
        found = await self._users.find_one({"host_sub": host_sub}, _ACCOUNT)
        return records.account(found) if found else None

    async def ids_of_subs(self, subs: Iterable[str]) -> dict[str, int]:
        """Of those that there are."""
        found = await self._users.find({"host_sub": {"$in": list(subs)}}, {"host_sub": 1})
        return {doc["host_sub"]: doc["_id"] for doc in found}

    async def subs(self, ids: Iterable[int]) -> dict[int, str]:
        """The host's own ids, of those that have one."""
        wanted = {"_id": {"$in": list(ids)}, "host_sub": {"$exists": True}}
        return {doc["_id"]: doc["host_sub"] for doc in await self._users.find(wanted, {"host_sub": 1})}

    async def for_sign_in(self, username: str) -> tuple[Account, str] | None:
        """The account and the password hash, of those who may sign in."""
        found = await self._users.find_one({"username_key": username.lower(), "state": {"$exists": False}})
        return (records.account(found), found["password_hash"]) if found else None

    async def rehash(self, user_id: int, password_hash: str, better: str) -> None:
        """The same password in a better hash, unless it was changed meanwhile."""
        await self._users.update_one(
            {"_id": user_id, "password_hash": password_hash}, {"$set": {"password_hash": better}}
        )

    async def set_password_hash(
        self, user_id: int, password_hash: str, *, proved: int | None = None, but: int = 0
    ) -> bool:
        """Ends all sessions `but` one. With `proved` only if that is still the credential number; else False."""
        filter: Document = {"_id": user_id}
        if proved is not None:
            filter["credential"] = proved or {"$in": [0, None]}
        change = {"$set": {"password_hash": password_hash, "kept_session": but}, **_RAISED}
        return bool((await self._users.update_one(filter, change)).matched_count)

    async def update(self, user: User, changes: dict[str, str | None]) -> User | None:
        """None when it is gone, which is when its username is another one."""
        if isinstance(full_name := changes.get("full_name"), str):
            changes = {**changes, **_listed(user.username, full_name)}
        known = {"_id": user.id, "username": user.username}
        found = await self._users.find_one_and_update(known, {"$set": changes}, after=True)
        return records.user(found) if found else None

    async def host_says(self, user: User, changes: Mapping[str, Any]) -> Account | None:
        """None clears. None when the account is gone, which is when its username is another one."""
        sets: Document = {}
        clears: Document = {}
        for field, value in changes.items():
            if field == "name":
                sets.update(full_name=value, **_listed(user.username, value))
            elif field == "avatar":
                sets["avatar"] = value
            elif value is None:
                clears[f"host.{field}"] = ""
            else:
                sets[f"host.{field}"] = value
        update = {name: part for name, part in (("$set", sets), ("$unset", clears)) if part}
        known = {"_id": user.id, "username": user.username}
        found = await self._users.find_one_and_update(known, update, after=True, projection=_ACCOUNT)
        return records.account(found) if found else None

    async def search(
        self, beginnings: Sequence[str], limit: int, among: Sequence[int] | None = None
    ) -> list[User]:
        """People with a word for each of these, whole words first; without any, everybody by username.

        Only `among` these, where said.
        """
        filter: Document = {**begin("name_words", beginnings), "state": {"$ne": "forgotten"}}
        if among is not None:
            filter["_id"] = {"$in": list(among)}
        # With beginnings the index gives its own order, and what is beyond the limit is never read.
        sort = None if beginnings else [("username_key", 1)]
        found = await self._users.find(filter, _PUBLIC, sort=sort, limit=limit)
        return [records.user(doc) for doc in found]

    async def account(self, username: str) -> Account | None:
        found = await self._users.find_one({"username_key": username.lower()}, _ACCOUNT)
        return records.account(found) if found else None

    async def accounts(self, beginnings: Sequence[str], after: int, limit: int) -> list[Account]:
        """With a word for each of these and an id above `after`, by id."""
        filter = {**begin("name_words", beginnings), "_id": {"$gt": after}}
        found = await self._users.find(filter, _ACCOUNT, sort=[("_id", 1)], limit=limit)
        return [records.account(doc) for doc in found]

    async def named_after(self, prefix: str, after: str, limit: int) -> list[Account]:
        """Whose username begins so and comes behind `after`, in the order of usernames."""
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        filter = {"username_key": {"$gt": after or prefix, "$lt": end}}
        found = await self._users.find(filter, _ACCOUNT, sort=[("username_key", 1)], limit=limit)
        return [records.account(doc) for doc in found]

    async def set_state(self, user_id: int, state: str, until: datetime | None = None) -> bool:
        """Without a state one is active: that is how nearly all are stored. With any other all sessions end.

        False when the account is gone: who was forgotten stays so.
        """
        change: Document = {"$unset": {"state": "", "off_until": ""}}
        if state != "active":
            change = {"$set": {"state": state, "off_until": until, "kept_session": 0}, **_RAISED}
        there = {"_id": user_id, "state": {"$ne": "forgotten"}}
        return bool((await self._users.update_one(there, change)).matched_count)

    async def come_back(self, user_id: int, until: datetime) -> bool:
        """Active again, if they are switched off until then still, and not for longer or for good by now."""
        off = {"_id": user_id, "state": "disabled", "off_until": until}
        change = {"$unset": {"state": "", "off_until": ""}}
        return bool((await self._users.update_one(off, change)).matched_count)

    async def forget(self, user_id: int, username: str, full_name: str) -> None:
        """Keep of the person only what messages need: an id with a name that says nothing."""
        kept = {
            "username": username,
            "username_key": username.lower(),
            "full_name": full_name,
            "avatar": None,
            **_listed(username, full_name),
            "password_hash": "",
            "state": "forgotten",
            "kept_session": 0,
        }
        await self._users.update_one(
            {"_id": user_id}, {"$set": kept, "$unset": {"host_sub": "", "host": ""}, **_RAISED}
        )

    async def list_words(self, after: int, limit: int) -> list[int]:
        """List anew what was listed under other rules, of the first `limit` with ids above `after`; these ids."""
        fields = {**_PUBLIC, "words_rules": 1}
        found = await self._users.find({"_id": {"$gt": after}}, fields, sort=[("_id", 1)], limit=limit)
        writes = [
            UpdateOne(
                {"_id": doc["_id"], "username": doc["username"], "full_name": doc["full_name"]},
                {"$set": _listed(doc["username"], doc["full_name"]), "$unset": {"full_name_key": ""}},
            )
            for doc in found
            if doc.get("words_rules") != NAME_RULES
        ]
        if writes:
            await self._users.bulk_write(writes, ordered=False)
        return [doc["_id"] for doc in found]


def _listed(username: str, full_name: str) -> Document:
    """What a person is found by."""
    return {"name_words": person_words(username, full_name), "words_rules": NAME_RULES}


def begin(field: str, beginnings: Sequence[str]) -> Document:
    """A range of the index each: whatever stands in it means itself."""
    ranges = [{field: {"$elemMatch": {"$gte": word, "$lte": word + LAST_SIGN}}} for word in beginnings]
    return {"$and": ranges} if ranges else {}
