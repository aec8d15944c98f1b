"""Fetching the keys that the host publishes: `GET` of an address that the operator named, so it may be an inner one."""

from __future__ import annotations

from urllib.parse import urlsplit

from chatserver.errors import Unavailable, Unreachable
from chatserver.outward.way_out import WayOut

LIMIT_SECS = 2.0


class Jwks:
    def __init__(self, url: str) -> None:
        self._url = url
        self._way_out = WayOut([urlsplit(url).hostname or ""], 1)

    async def fetch(self) -> bytes:
        """Raises Unavailable, with what may be logged."""
        try:
            reply = await self._way_out.get(self._url, {"Accept": "application/json"}, LIMIT_SECS)
        except Unreachable as error:
            raise Unavailable(error.reason) from None
        if reply.status != 200 or not reply.whole:
            raise Unavailable(f"status {reply.status}" if reply.whole else "its answer is too long")
        return reply.body

    def close(self) -> None:
        self._way_out.close()
