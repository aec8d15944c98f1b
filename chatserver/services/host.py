"""The application that this chat is embedded in: it vouches for its own users; guests need nobody to."""

from __future__ import annotations

from chatserver.clock import Clock
from chatserver.errors import Forbidden, TokenInvalid
from chatserver.host_token import HostToken, read_host_token
from chatserver.model import Session, User
from chatserver.services.sessions import Sessions
from chatserver.services.visitors import Visitors


class Host:
    def __init__(
        self, visitors: Visitors, sessions: Sessions, clock: Clock, secret: str, guests: bool
    ) -> None:
        self._visitors = visitors
        self._sessions = sessions
        self._clock = clock
        self._secret = secret
        self._guests = guests

    async def sign_in(self, token: str, device: str) -> tuple[str, User, Session]:
        """A session for the user whom the host names; the first time with a new account.

        Raises TokenInvalid; Forbidden when this is switched off.
        """
        known = self._read(token)
        if not known.sub:
            raise TokenInvalid("The host's token is not accepted: sub must name the user.")
        user = await self._visitors.of_host(known.sub, known.name)
        return await self._sessions.start(user, device)

    async def guest(self, full_name: str | None, device: str, address: str) -> tuple[str, User, Session]:
        """A session for somebody new, whom nobody vouches for. Raises Forbidden when switched off, RateLimited."""
        if not self._guests:
            raise Forbidden("This server takes no guests: its setting `guests` is off.")
        return await self._sessions.start(await self._visitors.guest(full_name, address), device)

    def _read(self, token: str) -> HostToken:
        """Raises Forbidden, TokenInvalid."""
        if not self._secret:
            raise Forbidden("No host application is known here: the setting `host_secret` is empty.")
        return read_host_token(token, self._secret, self._clock.now())
