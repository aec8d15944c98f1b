"""The people of the host, as its servers see and change them.

Their ids stand in the path. Where a proxy decodes what is in there, `-` stands in their place and they come as `?sub=`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from chatserver import wire
from chatserver.errors import Invalid
from chatserver.guard.scopes import ERASE, USERS_READ, USERS_WRITE, require
from chatserver.model import Account, Inbox
from chatserver.services import Services
from chatserver.services.host_profile import FIELDS
from chatserver.services.host_users import Given
from handlers.accounts import signed_in
from handlers.host_calls import BATCH_BYTES, HostHandler
from handlers.problems import STATUS
from handlers.ranges import is_known
from handlers.schemas import DeletePerson, EndSessions, HostPeople, HostProfile, NewSession, SubQuery, Subs

TOGETHER = 100


def account_json(account: Account) -> dict[str, Any]:
    """As the host sees them, which alone sees all of it."""
    user, said = account.user, account.said
    return {
        "id": user.id,
        "sub": user.sub,
        "username": user.username,
        "name": user.full_name,
        "avatar": user.avatar,
        **{field: said.get(field) for field in FIELDS if field not in ("name", "avatar", "data")},
        "data": json.loads(said["data"]) if "data" in said else {},
        "state": account.state,
        "created_at": wire.moment(account.created_at),
    }


async def unread_json(services: Services, inboxes: Mapping[str, tuple[int, Inbox]]) -> list[dict[str, Any]]:
    """As each person sees it in their own list."""
    unread = await services.conversation_list.unread(dict(inboxes.values()))
    known = await services.conversations.all({id for counts in unread.values() for id in counts})

    def part(id: int, count: int) -> dict[str, Any]:
        external_id = known[id].external_id if id in known else None
        return {"conversation_id": id, "external_id": external_id, "unread_count": count}

    return [
        {
            "sub": sub,
            "total_unread": sum(unread[user_id].values()),
            "conversations": [part(id, count) for id, count in unread[user_id].items()],
        }
        for sub, (user_id, _) in inboxes.items()
    ]


class UserHandler(HostHandler):
    scopes: ClassVar = {"GET": USERS_READ, "PUT": USERS_WRITE, "DELETE": USERS_WRITE}

    async def get(self, sub: str) -> None:
        sub = self.query(SubQuery).sub or sub
        self.answer(account_json(await self.runtime.services.host_users.of(sub)))

    async def put(self, sub: str) -> None:
        sub = self.query(SubQuery).sub or sub
        said = self.object(HostProfile)
        only_new = self.request.headers.get("If-None-Match", "").strip() == "*"
        account, created = await self.runtime.services.host_users.put(sub, said, only_new=only_new)
        await self.done("user.put", f"user {sub}")
        self.answer(account_json(account), 201 if created else 200)

    async def delete(self, sub: str) -> None:
        asked = self.query(DeletePerson)
        sub = asked.sub or sub
        if asked.messages == "erase":
            require(ERASE, self.caller.scopes)
            job = await self.runtime.services.erasing.begin(sub)
            await self.done("user.erase", f"user {sub}")
            self.answer(wire.job(job), 202)
            return
        await self.runtime.services.host_users.delete(sub)
        await self.done("user.delete", f"user {sub}")
        self.answer({"success": True, "status": "success"})


class UsersHandler(HostHandler):
    scopes: ClassVar = {"POST": USERS_WRITE}

    @property
    def body_limit(self) -> int:
        return max(BATCH_BYTES, self.runtime.settings.body_bytes)

    async def post(self) -> None:
        listed = self.object(HostPeople).get("users")
        if not isinstance(listed, list) or not 0 < len(listed) <= TOGETHER:
            raise Invalid.field("users", f"must be a list of 1 to {TOGETHER}")
        if not all(isinstance(one, dict) and isinstance(one.get("sub"), str) for one in listed):
            raise Invalid.field("users", "must be objects with a text as `sub`")
        given = await self.runtime.services.host_users.put_all([(one["sub"], one) for one in listed])
        await self.done("users.put", f"{len(given)} users")
        self.answer({"results": [_result(one) for one in given]})


def _result(given: Given) -> dict[str, Any]:
    refusal = given.refusal
    if refusal is None:
        assert given.account is not None
        status = 201 if given.created else 200
        return {"sub": given.sub, "status": status, "id": given.account.user.id, "code": None, "detail": None}
    return {
        "sub": given.sub, "status": STATUS[refusal.code], "id": None, "code": refusal.code, "detail": refusal.detail,
    }  # fmt: skip


class DeactivateHandler(HostHandler):
    scopes: ClassVar = {"POST": USERS_WRITE}

    async def post(self, sub: str) -> None:
        users = self.runtime.services.host_users
        sub = self.query(SubQuery).sub or sub
        account, ended = await users.set_active(sub, False)
        await self.done("user.deactivate", f"user {sub}")
        self.answer({**account_json(account), "sessions_ended": ended})


class ActivateHandler(HostHandler):
    scopes: ClassVar = {"POST": USERS_WRITE}

    async def post(self, sub: str) -> None:
        users = self.runtime.services.host_users
        sub = self.query(SubQuery).sub or sub
        account, ended = await users.set_active(sub, True)
        await self.done("user.activate", f"user {sub}")
        self.answer({**account_json(account), "sessions_ended": ended})


class UserSessionsHandler(HostHandler):
    scopes: ClassVar = {"POST": USERS_WRITE, "DELETE": USERS_WRITE}

    async def post(self, sub: str) -> None:
        sub, device = self.query(SubQuery).sub or sub, self.json(NewSession).device
        begun = await self.runtime.services.host_users.begin_session(sub, device)
        await self.done("session.begin", f"user {sub}")
        self.answer(signed_in(*begun), 201)

    async def delete(self, sub: str) -> None:
        asked = self.query(EndSessions)
        before = _moment(asked.before) if asked.before else None
        sub = asked.sub or sub
        ended = await self.runtime.services.host_users.end_sessions(sub, before)
        await self.done("sessions.end", f"user {sub}")
        self.answer({"success": True, "status": "success", "sessions_ended": ended})


def _moment(text: str) -> datetime:
    """Raises Invalid."""
    try:
        return datetime.fromisoformat(text if len(text) <= 40 else "").astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.field("before", "must be a time, as 2026-05-04T09:30:00Z") from None


class UnreadHandler(HostHandler):
    """For a number in every page of the host: with its `ETag` one read, and no body while nothing changed."""

    scopes: ClassVar = {"GET": USERS_READ}

    async def get(self, sub: str) -> None:
        sub = self.query(SubQuery).sub or sub
        user_id, inbox = await self.runtime.services.host_users.inbox(sub)
        etag = f'"{inbox.epoch}:{inbox.version}"'
        self.set_header("ETag", etag)
        if is_known(self.request.headers, etag):
            self.clear_header("Content-Type")
            self.set_status(304)
            self.finish()
            return
        (unread,) = await unread_json(self.runtime.services, {sub: (user_id, inbox)})
        self.answer(unread)


class AllUnreadHandler(HostHandler):
    scopes: ClassVar = {"POST": USERS_READ}

    async def post(self) -> None:
        subs = self.json(Subs).subs
        found = await self.runtime.services.host_users.inboxes(subs)
        asked = {sub: found[sub] for sub in subs if sub in found}
        self.answer({"results": await unread_json(self.runtime.services, asked)})
