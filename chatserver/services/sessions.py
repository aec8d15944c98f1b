"""Signing in and out. A session is trusted for TRUST_SECS, and longer while its owner's inbox says of no end.

Whoever ends all sessions first raises the account's credential number, and a session has the number that was proved. So
a sign-in on its way meanwhile comes to nothing: it looks once more after it stored its session, and what it stored is
worth nothing in any case.

A token of the host's own begins a session at its first call, and stands for it from then on. One that was ended does not
begin again; and a token that one was begun with or exchanged for neither begins nor is exchanged for another.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import LRUCache

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.cursor import Cursor
from chatserver.errors import NotFound, TokenInvalid, TokenMissing, Unavailable
from chatserver.guard.attempts import Caller
from chatserver.guard.credentials import new_token, token_hash
from chatserver.guard.rates import RateLimits
from chatserver.model import Account, Actor, Bell, Entry, Session, User
from chatserver.polls.hub import Hub
from chatserver.ports import Bus, InboxStore, MarkStore, SessionStore, UserStore
from chatserver.sending.feed import Feed
from chatserver.services.accounts import Accounts
from chatserver.services.tickets import Tickets
from chatserver.services.visitors import Visitors
from chatserver.services.vouchers import Voucher, Vouchers

TRUST_SECS = 5.0
DEVICE_CHARS = 200
TOUCH_SECS = 600.0  # how exact "last used" is
READ_SECS = 60.0  # one whose end nobody could be told of is over after that
# Those of people who poll here are read again before anybody waits for it, all of such a time together.
AHEAD_SECS = 1.0
AHEAD_TOGETHER = 100  # at most: more at a time would hold up deliveries; what is left comes soon
AHEAD_SOON_SECS = 0.1
AHEAD_OF_END_SECS = 15.0
VOUCHED_DEVICE = "With a token of the application"
KEPT_BEYOND = timedelta(
    minutes=2
)  # its token, by the clocks of all machines: an ended session is remembered as long
TRIES, SETTLE_SECS = 10, 0.05
ENDED = "The session of this token was ended."
ENDED_AT_ONCE = 10  # by one sign-in, should there be more


@dataclass(slots=True)
class Trusted:
    actor: Actor
    checked_at: float
    version: int  # of the owner's inbox, known before the check; -1 when none was
    read_at: float


class Sessions:
    def __init__(
        self,
        users: UserStore,
        sessions: SessionStore,
        inboxes: InboxStore,
        marks: MarkStore,
        accounts: Accounts,
        tickets: Tickets,
        vouchers: Vouchers,
        visitors: Visitors,
        limits: RateLimits,
        hub: Hub,
        feed: Feed,
        bus: Bus,
        clock: Clock,
        most: int,
    ) -> None:
        """`most`: sessions of one person."""
        self._users = users
        self._sessions = sessions
        self._inboxes = inboxes
        self._marks = marks
        self._accounts = accounts
        self._tickets = tickets
        self._vouchers = vouchers
        self._visitors = visitors
        self._limits = limits
        self._beginning: dict[bytes, asyncio.Task[Session]] = {}
        self._hub = hub
        self._feed = feed
        self._bus = bus
        self._clock = clock
        self._most = most
        self._ends = 0  # heard of so far
        self._by_hash = BatchedCalls(sessions.by_token_hashes, clock)
        self._by_id = BatchedCalls(sessions.by_ids, clock)
        self._trusted: LRUCache[bytes, Trusted] = LRUCache(100_000)
        self._hashes: LRUCache[int, bytes] = LRUCache(100_000)
        self._ahead: set[bytes] = set()
        self._proving: asyncio.Task[None] | None = None

    async def sign_in(
        self, username: str, password: str, device: str, caller: Caller
    ) -> tuple[str, User, Session]:
        """The token is shown here and never again. Raises TokenInvalid, RateLimited."""
        account = await self._accounts.prove(username, password, caller)
        if account is None:
            raise TokenInvalid("The username or the password is wrong.")
        return await self.start(account, device)

    async def start(
        self, account: Account, device: str, exchanged: Voucher | None = None
    ) -> tuple[str, User, Session]:
        """A new session, whose place is now: nothing between this and its first poll is missed.

        `account` is as it was proved. Beyond the most that a person may have, the new session takes the place of the
        one that was not used for the longest time. `exchanged`: for what the host said. Raises TokenInvalid.
        """
        token = new_token()
        session = await self._store(account, device, token_hash(token), exchanged=exchanged)
        assert session is not None  # nobody had this token before
        return token, account.user, session

    async def refuse_ended(self, voucher: Voucher) -> None:
        """Raises TokenInvalid when a session that this token began, or was exchanged for, was ended."""
        if await self._sessions.is_ended(voucher.session_key):
            raise TokenInvalid(ENDED)

    async def _store(
        self,
        account: Account,
        device: str,
        key: bytes,
        by: Voucher | None = None,
        exchanged: Voucher | None = None,
    ) -> Session | None:
        """None when there is or was one with this key already."""
        user = account.user
        await self._inboxes.ensure(user.id)
        inbox = await self._inboxes.inbox(user.id, 0)
        assert inbox is not None
        now = self._clock.now()
        id = await self._marks.next_id("session")
        ends = by.expires_at + KEPT_BEYOND if by is not None and by.expires_at is not None else None
        session = Session(id, user.id, device_name(device), now, now, account.credential, ends)
        place = Cursor(inbox.epoch, inbox.version)
        async with self._feed.about_person("session.created", user.id, s=session.id):
            if not await self._sessions.create(session, key, place, by is not None, _note(exchanged)):
                return None
        try:
            await self._check_still(account, exchanged)
        except TokenInvalid:
            await self._sessions.delete(user.id, session.id)
            raise
        for unused in (await self._sessions.of_user(user.id, skip=self._most))[:ENDED_AT_ONCE]:
            with suppress(NotFound):  # another sign-in may have ended it at the same moment
                await self.revoke(Actor(user.id, session.id), unused.id, spares_token=True)
        return session

    async def _check_still(self, account: Account, exchanged: Voucher | None) -> None:
        """That nothing ended all sessions since this was proved. Raises TokenInvalid."""
        current = await self._users.by_id(account.user.id)
        if current is None or (current.state, current.credential) != ("active", account.credential):
            raise TokenInvalid("The account was changed meanwhile, or is switched off.")
        if exchanged is not None:
            await self.refuse_ended(exchanged)

    async def change_password(self, actor: Actor, password: str, new_password: str, caller: Caller) -> int:
        """Ends all other sessions of this person, and tells how many. Raises Invalid, RateLimited."""
        await self._accounts.change_password(actor, password, new_password, caller)
        return await self.end_all(actor.user_id, but=actor.session_id)

    async def authenticate(self, token: str | None, *, polling: bool = False) -> Actor:
        """`polling`: a poll ticket will do. Raises TokenMissing, TokenInvalid.

        For a token of the host's also RateLimited, Unavailable, and Forbidden when its user's account is switched off.
        """
        if not token:
            raise TokenMissing("Sign in and send the token as `Authorization: Bearer …`.")
        voucher = self._vouchers.remembered(token)
        key = voucher.session_key if voucher is not None else await self._tickets.key(token, polling)
        actor = self._trusted_actor(key)
        if actor is not None:
            return actor
        now = self._clock.monotonic()
        trusted = self._trusted.get(key)
        present = self._hub.get(trusted.actor.user_id) if trusted else None
        version = present.highest_version if present else -1
        ends = self._ends
        session = await self._by_hash.call(key)
        if session is None:
            self._trusted.pop(key, None)
            voucher = voucher or await self._vouchers.of(token)
            key, session = voucher.session_key, await self._vouched(voucher)
        actor = Actor(session.user_id, session.id)
        await self._used(session)
        if ends == self._ends:  # else it may be this one that was ended while we looked
            self._trusted[key] = Trusted(actor, now, version, now)
            self._hashes[session.id] = key
            if polling and version < 0:  # by the next call their inbox is known, and trust could last
                self._prove_soon(key)
        return actor

    async def prove(self, actor: Actor) -> None:
        """For what goes on for long without its token being given again. Raises TokenInvalid, Unavailable."""
        session = await self._by_id.call(actor.session_id)
        if session is None:
            raise TokenInvalid("The session is over.")
        await self._used(session)

    async def _used(self, session: Session) -> None:
        now = self._clock.now()
        if (now - session.last_used_at).total_seconds() >= TOUCH_SECS:
            await self._sessions.touch(session.id, now)

    async def _vouched(self, voucher: Voucher) -> Session:
        """Many calls at once with a new token begin its session once: what one of them waits for, all do."""
        key = voucher.session_key
        beginning = self._beginning.get(key)
        if beginning is None:
            beginning = self._beginning[key] = asyncio.create_task(self._begin(voucher))
            beginning.add_done_callback(lambda done: self._begun(key, done))
        return await asyncio.shield(beginning)

    def _begun(self, key: bytes, done: asyncio.Task[Session]) -> None:
        del self._beginning[key]
        if not done.cancelled():
            done.exception()  # whoever waited for it may be gone

    async def _begin(self, voucher: Voucher) -> Session:
        await self.refuse_ended(voucher)
        for _ in range(TRIES):
            if await self._sessions.is_known(voucher.session_key):
                session = await self._by_hash.call(voucher.session_key)
                if session is None:
                    raise TokenInvalid(ENDED)
                return session
            self._limits.take_of(f"sub {voucher.sub}", "host")
            account = await self._visitors.vouched(voucher.sub, voucher.profile)
            begun = await self._store(account, VOUCHED_DEVICE, voucher.session_key, voucher)
            if begun is not None:
                return begun
            await self._clock.sleep(SETTLE_SECS)  # another node began it, and a majority does not have it yet
        raise Unavailable("The session is not completely readable yet.")

    def _trusted_actor(self, key: bytes) -> Actor | None:
        """Whose session this is, if the database need not be asked."""
        trusted = self._trusted.get(key)
        if trusted is None:
            return None
        now = self._clock.monotonic()
        if now - trusted.checked_at <= TRUST_SECS:
            return trusted.actor
        present = self._hub.get(trusted.actor.user_id)
        if present is None or not present.calm_since(trusted.version):
            return None
        if now - present.confirmed_at > TRUST_SECS or now - trusted.read_at > READ_SECS:
            return None
        trusted.checked_at, trusted.version = present.confirmed_at, present.highest_version
        if now - trusted.read_at > READ_SECS - AHEAD_OF_END_SECS:
            self._prove_soon(key)
        return trusted.actor

    def _prove_soon(self, key: bytes) -> None:
        self._ahead.add(key)
        if self._proving is None or self._proving.done():
            self._proving = asyncio.create_task(self._prove_ahead())

    async def _prove_ahead(self) -> None:
        while self._ahead:
            await self._clock.sleep(AHEAD_SECS if len(self._ahead) < AHEAD_TOGETHER else AHEAD_SOON_SECS)
            keys = [self._ahead.pop() for _ in range(min(len(self._ahead), AHEAD_TOGETHER))]
            try:
                await self._prove_all({key: trusted for key in keys if (trusted := self._trusted.get(key))})
            except Unavailable:
                continue  # whoever calls next looks for themselves

    async def _prove_all(self, before: dict[bytes, Trusted]) -> None:
        """Read these sessions, and their owners' names, which whoever is written to will need."""
        now, ends = self._clock.monotonic(), self._ends
        presents = {key: self._hub.get(trusted.actor.user_id) for key, trusted in before.items()}
        versions = {key: present.highest_version for key, present in presents.items() if present}
        sessions = await self._by_hash.call_all(versions)
        await self._accounts.look_again({session.user_id for session in sessions.values()})
        for key, session in sessions.items():
            await self._used(session)
            if ends == self._ends and self._trusted.get(key) is before[key]:
                self._trusted[key] = Trusted(before[key].actor, now, versions[key], now)

    async def list(self, actor: Actor) -> list[Session]:
        return await self._sessions.of_user(actor.user_id)

    async def revoke(self, actor: Actor, session_id: int, *, spares_token: bool = False) -> None:
        """Ends the session's held polls at once, on every node. Raises NotFound for sessions of others."""
        if not await self._sessions.delete(actor.user_id, session_id, spares_token=spares_token):
            raise NotFound("There is no such session.")
        try:
            await self._inboxes.push([actor.user_id], Entry("session", ref=session_id))
        finally:  # it is deleted: whoever asks again is only told that it is not there
            # To every node: one that only answers this person's calls has no binding for them, but may trust a copy.
            self._bus.publish(Bell("session", (), {"user_id": actor.user_id, "session_id": session_id}))
            self.distrust(actor.user_id, session_id)
            self._hub.revoke(actor.user_id, lambda id: id == session_id)

    async def end_all(
        self, user_id: int, but: int = 0, before: datetime | None = None, *, spares_token: bool = False
    ) -> int:
        """Every session of a person, `but` one, or those begun before; how many. As one step: one may have thousands.

        `spares_token`: what they were exchanged for is as good as before, where something else keeps it out.
        """
        ended, last = await self._sessions.delete_all(user_id, but, before, spares_token=spares_token)
        if ended:
            try:
                await self._inboxes.push([user_id], Entry("sessions", ref=but, rev=last))
            finally:
                self._bus.publish(Bell("sessions", (), {"user_id": user_id, "but": but, "last": last}))
                self.distrust_all(user_id, but, last)
                self._hub.revoke(user_id, lambda id: id != but and id <= last)
        return ended

    def distrust(self, user_id: int, session_id: int) -> None:
        """The session is said to be revoked: it is looked up before anything more is done for it."""
        self._ends += 1
        key = self._hashes.pop(session_id, None)
        if key is not None:
            self._trusted.pop(key, None)
        self._hub.prove(user_id, lambda id: id == session_id)

    def distrust_all(self, user_id: int, but: int, last: int) -> None:
        """The same of all up to session `last`, but one. Rare, so nothing is kept to find them faster."""
        self._ends += 1
        for key, trusted in list(self._trusted.items()):
            actor = trusted.actor
            if actor.user_id == user_id and actor.session_id != but and actor.session_id <= last:
                del self._trusted[key]
        self._hub.prove(user_id, lambda id: id != but and id <= last)

    async def close(self) -> None:
        await self._vouchers.close()
        await self._visitors.close()
        if self._proving is not None:
            self._proving.cancel()
            await asyncio.gather(self._proving, return_exceptions=True)
        await asyncio.gather(*self._beginning.values(), return_exceptions=True)
        await self._by_hash.close()
        await self._by_id.close()


def _note(voucher: Voucher | None) -> tuple[bytes, datetime] | None:
    """Of a token that is good until some time. Of any other it would have to be kept for ever."""
    if voucher is None or voucher.expires_at is None:
        return None
    return voucher.session_key, voucher.expires_at + KEPT_BEYOND


def device_name(given: str) -> str:
    """Something to show in a list: one line, bounded."""
    given = given[: 4 * DEVICE_CHARS]
    return " ".join("".join(c if c.isprintable() else " " for c in given).split())[:DEVICE_CHARS]
