"""People: registering, proving who one is, finding others."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cachetools import TTLCache

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Forbidden, Invalid, NotFound
from chatserver.guard.attempts import Attempts, Caller
from chatserver.guard.credentials import Passwords
from chatserver.guard.password_rules import check_password
from chatserver.model import GONE, SYSTEM_SENDER, Account, Actor, User
from chatserver.names import check_picture, shown_name
from chatserver.ports import InboxStore, MarkStore, UserStore
from chatserver.sending.feed import Feed
from chatserver.words import wanted_names

USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,31}", re.ASCII)
KNOWN_SECS = 60  # how long another node's change of a name may go unseen
PAGE = 1000
UNKNOWN = -1  # the id of nobody
FORGOTTEN = "Deleted user"
CLOSED = {  # what is said to whoever registers all the same
    "off": "Nobody can register here: the operator adds people, or the application around this chat signs its users in.",
    "invite": "Registering takes an invitation here, and this server gives none out yet; ask its operator to add you.",
}
GUEST = "guest:"  # how the usernames of visitors without an account begin: nobody can register a colon
BOT = "bot:"  # and those of what the application lets speak


class Accounts:
    def __init__(
        self,
        users: UserStore,
        inboxes: InboxStore,
        marks: MarkStore,
        feed: Feed,
        passwords: Passwords,
        attempts: Attempts,
        clock: Clock,
        registration: str,
    ) -> None:
        """`registration`: who may register, as the setting says."""
        self._users = users
        self._inboxes = inboxes
        self._marks = marks
        self._feed = feed
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock
        self._registration = registration
        self._known: TTLCache[int, User] = TTLCache(50_000, KNOWN_SECS, timer=clock.monotonic)
        # A message wakes a thousand members at once, and all of them ask who wrote it.
        self._reads: BatchedCalls[int, User] = BatchedCalls(self._read, clock)

    async def close(self) -> None:
        await self._reads.close()

    async def register(
        self, username: str, password: str, full_name: str | None, address: str | None = None
    ) -> User:
        """Without an address it is the operator who asks. A name is taken in any spelling of its case.

        Raises Forbidden where only the operator adds people, Invalid, RateLimited.
        """
        if address is not None and self._registration != "open":
            raise Forbidden(CLOSED[self._registration])
        if not USERNAME.fullmatch(username):
            problem = "must be 2 to 32 of the letters a-z, digits, dot, dash and underscore"
            raise Invalid.field("username", problem)
        check_password(password, username)
        shown = shown_name(full_name) if full_name is not None else username
        if address is not None:
            await self._attempts.register(address)
        password_hash = await self._passwords.hash(password)
        user = User(await self._marks.next_id("user"), username, shown, None)
        if not await self.add(user, password_hash):
            raise Invalid.field("username", "is taken")
        return user

    async def add(
        self, user: User, password_hash: str = "", said: Mapping[str, Any] | None = None
    ) -> Account | None:
        """A new account, without a password unless one is given. None when its name or the host's user is taken."""
        # The inbox first: nobody must ever be found who could not receive.
        await self._inboxes.ensure(user.id)
        account = Account(user, "active", self._clock.now(), said=said or {})
        async with self._feed.about_person("user.created", user.id, sub=user.sub):
            is_new = await self._users.create(user, password_hash, account.created_at, account.said)
        return account if is_new else None

    async def prove(self, username: str, password: str, caller: Caller) -> Account | None:
        """The account if the password is right. Unknown names take as long as wrong passwords. Raises RateLimited."""
        async with self._attempts.sign_in(username, caller) as tries:
            account = await self._proven(username, password)
            await (tries.failed() if account is None else tries.succeeded())
            return account

    async def change_password(self, actor: Actor, password: str, new_password: str, caller: Caller) -> None:
        """Raises Invalid, also when `password` is not the present one; RateLimited."""
        user = await self.user(actor.user_id)
        check_password(new_password, user.username, "new_password")
        account = await self.prove(user.username, password, caller)
        # Of two who change it at once only one does: what the other proved is no longer the present one.
        if account is None or not await self._users.set_password_hash(
            user.id,
            await self._passwords.hash(new_password),
            proved=account.credential,
            but=actor.session_id,
        ):
            raise Invalid.field("password", "is not your present password")

    async def confirmed(self, actor: Actor, password: str, caller: Caller) -> Account:
        """Their own account, once they proved to be its owner; by their token alone where there is no password.

        Raises Invalid, RateLimited, NotFound.
        """
        user = await self.user(actor.user_id)
        found = await self._users.for_sign_in(user.username)
        if (found is None or found[1]) and await self.prove(user.username, password, caller) is None:
            raise Invalid.field("password", "is not your present password")
        return await self.named(user.username)

    async def _proven(self, username: str, password: str) -> Account | None:
        found = await self._users.for_sign_in(username) if len(username) <= 64 else None
        password_hash = found[1] if found else None
        matches, outdated = await self._passwords.verify(password_hash, password)
        if not matches or not found:
            return None
        if outdated and password_hash:
            await self._users.rehash(found[0].user.id, password_hash, await self._passwords.hash(password))
        return found[0]

    def known(self, ids: Iterable[int]) -> dict[int, User]:
        """Those of them that were asked for within KNOWN_SECS."""
        return {id: user for id in ids if (user := self._known.get(id))}

    async def users(self, ids: Iterable[int]) -> dict[int, User]:
        """Those of them that exist."""
        wanted = set(ids)
        found = self.known(wanted)
        if missing := wanted - found.keys():
            found.update(await self.look_again(missing))
        return found

    async def _read(self, ids: list[int]) -> dict[int, User]:
        found = await self._users.by_ids(ids)
        return {**found, SYSTEM_SENDER.id: SYSTEM_SENDER} if SYSTEM_SENDER.id in ids else found

    async def look_again(self, ids: Iterable[int]) -> dict[int, User]:
        """The same, as they are now."""
        fresh = await self._reads.call_all(ids)
        self._known.update(fresh)
        return fresh

    async def user(self, id: int) -> User:
        """Raises NotFound."""
        found = await self.users([id])
        if id not in found:
            raise NotFound("There is no such user.")
        return found[id]

    async def id_of_sub(self, sub: str) -> int:
        """UNKNOWN when the host never named them."""
        account = await self._users.by_host_sub(sub)
        return account.user.id if account is not None else UNKNOWN

    async def account(self, id: int) -> Account:
        """As it is now. Raises NotFound."""
        found = await self._users.by_id(id)
        if found is None:
            raise NotFound("There is no such user.")
        return found

    async def update(self, actor: Actor, changes: dict[str, str | None]) -> User:
        """`full_name` and `avatar`. Raises Invalid, and Forbidden where the host says who they are."""
        if "full_name" in changes:
            changes = {**changes, "full_name": shown_name(changes["full_name"] or "")}
        if (avatar := changes.get("avatar")) is not None:
            check_picture(avatar)
        user = await self.user(actor.user_id)
        if changes and user.sub is not None:
            named = " and ".join(changes)
            raise Forbidden(f"{named}: only the application that this account belongs to changes this.")
        return await self._changed(user, changes) if changes else user

    async def host_says(self, account: Account, profile: Mapping[str, Any]) -> Account:
        """What the host says of its own user, which was looked at; what it says already costs no write."""
        known = {"name": account.user.full_name, "avatar": account.user.avatar, **account.said}
        changes = {field: value for field, value in profile.items() if known.get(field) != value}
        if not changes:
            return account
        async with self._feed.about_person("user.updated", account.user.id, sub=account.user.sub):
            changed = await self._users.host_says(account.user, changes)
        if changed is None:
            raise NotFound("This account is gone.")
        self._known[account.user.id] = changed.user
        return changed

    async def _changed(self, user: User, changes: dict[str, str | None]) -> User:
        async with self._feed.about_person("user.updated", user.id):
            changed = await self._users.update(user, changes)
        if changed is None:
            raise NotFound("This account is gone.")
        self._known[user.id] = changed
        return changed

    # What the operator does, and people with their own account by way of OwnData.

    async def named(self, username: str) -> Account:
        """Raises NotFound."""
        account = await self._users.account(username)
        if account is None:
            raise NotFound(f"There is nobody called {username}.")
        return account

    async def all(self, prefix: str) -> AsyncIterator[Account]:
        """By id; with a prefix, those of whose names a word begins with it."""
        last = 0
        while page := await self._users.accounts(wanted_names(prefix), last, PAGE):
            for account in page:
                yield account
            last = page[-1].user.id

    async def set_password(self, account: Account, password: str) -> None:
        """Raises Invalid."""
        check_password(password, account.user.username)
        await self._users.set_password_hash(account.user.id, await self._passwords.hash(password))

    async def set_disabled(self, username: str, disabled: bool) -> Account:
        """Whether somebody may sign in; sessions are ended apart. Raises NotFound, also for a forgotten person."""
        account = await self.named(username)
        if account.state == "forgotten":
            raise NotFound(f"{username} was deleted.")
        return await self.set_active(account, not disabled)

    async def back(self, account: Account) -> Account:
        """As it is; active again when it was switched off until a time that is over."""
        id, until = account.user.id, account.off_until
        if account.state != "disabled" or until is None or until > self._clock.now():
            return account
        async with self._feed.about_person("user.updated", id):
            await self._users.come_back(id, until)
        fresh = await self.account(id)  # whom the host has switched off anew, perhaps
        self._known[id] = fresh.user
        return fresh

    async def set_active(self, account: Account, active: bool, until: datetime | None = None) -> Account:
        """Whether they may sign in and be written to; other nodes know it within KNOWN_SECS. Sessions are ended apart.

        `until`: whoever is switched off is active again when they first sign in after that. Raises NotFound.
        """
        state = "active" if active else "disabled"
        async with self._feed.about_person("user.updated" if active else "user.deactivated", account.user.id):
            if not await self._users.set_state(account.user.id, state, until):
                raise NotFound("This account is gone.")
        user = replace(account.user, is_off=not active)
        self._known[user.id] = user
        return replace(account, state=state, user=user, off_until=None if active else until)

    async def forget(self, account: Account) -> Account:
        """Take the name away, for others to use; what was written stays. Cached names are gone after KNOWN_SECS."""
        id = account.user.id
        # No name that anybody could register, for it begins with a dash.
        user = User(id, f"{GONE}{id}", FORGOTTEN, None)
        async with self._feed.about_person("user.erased", id):
            await self._users.forget(id, user.username, user.full_name)
        await self._attempts.forget(account.user.username)
        self._known[id] = user
        return replace(account, user=user, state="forgotten")
