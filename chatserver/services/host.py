"""The application that this chat is embedded in: it vouches for its own users; guests need nobody to."""

from __future__ import annotations

from typing import Any

from chatserver.errors import Forbidden, TokenInvalid, TokenMissing
from chatserver.guard.addresses import Networks, network
from chatserver.guard.credentials import KEY_PREFIX
from chatserver.guard.host_token import HostToken
from chatserver.guard.rates import RateLimits
from chatserver.guard.scopes import require
from chatserver.model import HostCaller, Notification, Session, User
from chatserver.services.accounts import Accounts
from chatserver.services.keys import Keys
from chatserver.services.notifications import Notifications
from chatserver.services.sessions import Sessions
from chatserver.services.sign_in_keys import SignInKeys
from chatserver.services.visitors import Visitors
from chatserver.services.vouchers import signed_voucher


class Host:
    def __init__(
        self,
        accounts: Accounts,
        visitors: Visitors,
        sessions: Sessions,
        notifications: Notifications,
        keys: Keys,
        limits: RateLimits,
        exempt: Networks,
        signing: SignInKeys,
        guests: bool,
    ) -> None:
        self._accounts = accounts
        self._visitors = visitors
        self._sessions = sessions
        self._notifications = notifications
        self._keys = keys
        self._limits = limits
        self._exempt = exempt
        self._signing = signing
        self._guests = guests

    async def sign_in(self, token: str, device: str, address: str) -> tuple[str, User, Session]:
        """A session for the user whom the host names; the first time with a new account.

        Raises TokenInvalid, RateLimited; Forbidden when this is switched off.
        """
        try:
            known = signed_voucher(await self._read(token), token)
            await self._sessions.refuse_ended(known)
        except TokenInvalid:
            self._count(address, "refused")  # apart, so that who is refused fills nothing for who is not
            raise
        self._limits.take_of(f"sub {known.sub}", "host")
        self._count(address, "accepted")
        account = await self._visitors.of_host(known.sub, known.profile)
        return await self._sessions.start(account, device, known)

    def _count(self, address: str, how: str) -> None:
        """Raises RateLimited."""
        if address not in self._exempt:
            self._limits.take_of(f"{network(address)} {how}", "host_address")

    async def guest(self, full_name: str | None, device: str, address: str) -> tuple[str, User, Session]:
        """A session for somebody new, whom nobody vouches for. Raises Forbidden when switched off, RateLimited."""
        if not self._guests:
            raise Forbidden("This server takes no guests: its setting `guests` is off.")
        return await self._sessions.start(await self._visitors.guest(full_name, address), device)

    async def allow(self, token: str | None, scope: str, address: str) -> HostCaller:
        """Who calls for the host itself, if they may do this.

        Raises TokenMissing, TokenInvalid, Forbidden, RateLimited.
        """
        if not token:
            raise TokenMissing(
                "The host makes this call: send a key of its, or a token it signed, as `Authorization: Bearer …`."
            )
        if token.startswith(KEY_PREFIX):
            key = await self._keys.of(token, address)
            caller = HostCaller(f"key {key.id}", frozenset(key.scopes))
        else:
            caller = HostCaller("signed", (await self._read(token)).scopes)
        require(scope, caller.scopes)
        return caller

    async def notify(
        self, receiver_id: int | None, receiver_sub: str | None, **content: Any
    ) -> tuple[Notification, bool]:
        """Tell one person something; see Notifications. Raises NotFound."""
        if receiver_sub is not None:
            receiver_id = await self._accounts.id_of_sub(receiver_sub)
        assert receiver_id is not None
        user = await self._accounts.user(receiver_id)
        return await self._notifications.notify(user.id, **content)

    async def _read(self, token: str) -> HostToken:
        """Raises Forbidden, TokenInvalid, Unavailable."""
        if not self._signing.any:
            raise Forbidden(
                "No host application is known here: the settings `host_secret` and `host_keys` are empty."
            )
        return await self._signing.read(token)
