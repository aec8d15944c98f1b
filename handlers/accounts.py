"""Registering, signing in and out, and people."""

from __future__ import annotations

from typing import Any

from chatserver import wire
from chatserver.guard.attempts import Caller
from chatserver.model import Session, User
from handlers import cookies, known_device
from handlers.base import ApiHandler
from handlers.schemas import Export, Leave, Login, NewPassword, Profile, Register, Search


def signed_in(token: str | None, user: User, session: Session) -> dict[str, Any]:
    return {"token": token, "user": wire.user(user), "session": wire.session(session, session.id)}


class RegisterHandler(ApiHandler):
    public = True

    async def post(self) -> None:
        new = self.json(Register)
        user = await self.runtime.services.accounts.register(
            new.username, new.password, new.full_name, self.address
        )
        self.answer({"user": wire.user(user)}, 201)


class LoginHandler(ApiHandler):
    public = True

    async def post(self) -> None:
        given = self.json(Login)
        if given.cookie:
            cookies.check_origin(self)
        device = given.device or self.request.headers.get("User-Agent", "")
        caller = Caller(self.address, known_device.shown(self, given.username.strip()))
        token, user, session = await self.runtime.services.sessions.sign_in(
            given.username.strip(), given.password, device, caller
        )
        known_device.keep(self, given.username.strip(), caller.device)
        if given.cookie:
            cookies.give(self, token)
        self.answer(signed_in(None if given.cookie else token, user, session))


class LogoutHandler(ApiHandler):
    bucket = "account"

    async def post(self) -> None:
        await self.runtime.services.sessions.revoke(self.actor, self.actor.session_id)
        cookies.take_back(self)
        self.answer({"success": True, "status": "success"})


class SessionsHandler(ApiHandler):
    bucket = "account"

    async def get(self) -> None:
        found = await self.runtime.services.sessions.list(self.actor)
        self.answer({"sessions": [wire.session(session, self.actor.session_id) for session in found]})


class SessionHandler(ApiHandler):
    bucket = "account"

    async def delete(self, session_id: str) -> None:
        await self.runtime.services.sessions.revoke(self.actor, int(session_id))
        self.answer({"success": True, "status": "success"})


class MeHandler(ApiHandler):
    bucket = "account"

    async def get(self) -> None:
        user = await self.runtime.services.accounts.user(self.actor.user_id)
        self.answer({"user": wire.user(user)})

    async def patch(self) -> None:
        given = self.json(Profile)
        changes = {name: getattr(given, name) for name in ("full_name", "avatar")}
        changes = {name: value or None for name, value in changes.items() if value is not None}
        user = await self.runtime.services.accounts.update(self.actor, changes)
        self.answer({"user": wire.user(user)})

    async def delete(self) -> None:
        password = self.json(Leave).password
        caller = Caller(self.address, session_id=self.actor.session_id)
        await self.runtime.services.own_data.delete_account(self.actor, password, caller)
        cookies.take_back(self)
        self.answer({"success": True, "status": "success"})


class ExportHandler(ApiHandler):
    bucket = "history"

    async def get(self) -> None:
        after_id = self.query(Export).after_id or 0
        user = await self.runtime.services.accounts.user(self.actor.user_id)
        part = await self.runtime.services.own_data.export(self.actor, after_id)
        self.set_header("Content-Disposition", 'attachment; filename="chat.json"')
        self.answer(
            {
                "exported_at": wire.moment(self.runtime.clock.now()),
                "user": wire.user(user),
                "conversations": [
                    {"conversation_id": id, "other_user": wire.user(other), "messages": messages}
                    for id, other, messages in part.threads
                ],
                "groups": [
                    {
                        "conversation_id": group.id,
                        "name": group.name,
                        "my": part.mine.get(group.id),
                        "messages": messages,
                    }
                    for group, messages in part.groups
                ],
                "next_after_id": part.last_id,
            }
        )


class PasswordHandler(ApiHandler):
    bucket = "account"

    async def post(self) -> None:
        given = self.json(NewPassword)
        ended = await self.runtime.services.sessions.change_password(
            self.actor,
            given.password,
            given.new_password,
            Caller(self.address, session_id=self.actor.session_id),
        )
        self.answer({"success": True, "status": "success", "sessions_ended": ended})


class PollTicketHandler(ApiHandler):
    bucket = "account"

    async def post(self) -> None:
        ticket, expires_at = await self.runtime.services.tickets.issue(self.actor)
        self.answer({"ticket": ticket, "expires_at": wire.moment(expires_at)})


class UsersHandler(ApiHandler):
    bucket = "history"

    async def get(self) -> None:
        text = self.query(Search).search
        found = await self.runtime.services.accounts.search(self.actor, text)
        self.answer({"users": [wire.user(user) for user in found]})
