"""Addresses that the host names, to be called: at webhooks and at hooks."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from chatserver.clock import Clock
from chatserver.errors import Invalid
from chatserver.ports import CheckedCalls

URL_CHARS = 1024
LOOK_UP_SECS = 3.0


class EndpointUrls:
    def __init__(self, way_out: CheckedCalls, clock: Clock) -> None:
        self._way_out = way_out
        self._clock = clock

    async def checked(self, url: str) -> str:
        """What is wrong by now is told at once; where a name leads may change, and is looked at by each call.

        Raises Invalid.
        """
        try:
            parts = urlsplit(url)
            is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            is_one = False
        if not is_one or len(url) > URL_CHARS or not url.isascii() or not url.isprintable() or " " in url:
            raise Invalid.field("url", f"must be an http or https address of at most {URL_CHARS} characters")
        if "@" in parts.netloc or parts.fragment:
            raise Invalid.field("url", "must have no name, password or fragment in it")
        if await self._refused(url):
            raise Invalid.field(
                "url",
                "is not called by this server: it must be https on port 443 at a public address, or its operator"
                " allows its host in outbound_allow",
            )
        return url

    async def _refused(self, url: str) -> bool:
        """What the resolver does not say in time each call will find out."""
        with suppress(TimeoutError):
            async with self._clock.limit(LOOK_UP_SECS):
                return await self._way_out.refuses(url)
        return False
