"""Addresses that the host names, to be called: at webhooks and at hooks."""

from __future__ import annotations

from urllib.parse import urlsplit

from chatserver.errors import Invalid
from chatserver.ports import CheckedCalls

URL_CHARS = 1024
LOOK_UP_SECS = 3.0


class EndpointUrls:
    def __init__(self, way_out: CheckedCalls) -> None:
        self._way_out = way_out

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
        if await self._way_out.refuses(url, LOOK_UP_SECS):
            raise Invalid.field(
                "url",
                "is not called by this server: it must be https on port 443 at a public address, or its operator"
                " allows its host in outbound_allow",
            )
        return url
