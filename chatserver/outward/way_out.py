"""One call of this server's own to an address that somebody named, and what came of it.

No redirect is followed, little of the answer is read, and the time is short: whoever answers may be anybody.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httputil import HTTPHeaders, HTTPInputError, parse_response_start_line
from tornado.iostream import StreamClosedError
from tornado.simple_httpclient import HTTPStreamClosedError, HTTPTimeoutError

from chatserver import __version__
from chatserver.errors import Unreachable
from chatserver.model import Reply
from chatserver.outward.public_only import Allowed, PublicOnly

ANSWER_BYTES = 64 * 1024
HEADER_BYTES = 16 * 1024
HTTPS_PORT = 443
USER_AGENT = f"chatserver/{__version__}"


class WayOut:
    """To public addresses by https on its own port; by http, and to other ports, only where the operator allowed it."""

    def __init__(self, allow: Iterable[str], at_once: int) -> None:
        """`at_once`: callers see to it that no more are under way, for one more would wait in line unseen."""
        self._allowed = Allowed(allow)
        self._public = _client(PublicOnly(allowed=self._allowed), at_once)
        self._inner = _client(PublicOnly(allowed=self._allowed, public=False), at_once)

    async def post(self, url: str, body: bytes, fields: Mapping[str, str], limit_secs: float) -> Reply:
        """Whatever status it has. Raises Unreachable, within the limit."""
        fields = {"Content-Type": "application/json", **fields}
        return await self._call("POST", url, body, fields, limit_secs)

    async def get(self, url: str, fields: Mapping[str, str], limit_secs: float) -> Reply:
        """The same, for what is there to be read."""
        return await self._call("GET", url, None, fields, limit_secs)

    async def _call(
        self, method: str, url: str, body: bytes | None, fields: Mapping[str, str], limit_secs: float
    ) -> Reply:
        begun = _Begun()
        try:
            response = await self._client_for(url).fetch(
                url,
                method=method,
                body=body,
                headers=dict(fields),
                user_agent=USER_AGENT,
                connect_timeout=limit_secs,
                request_timeout=limit_secs,
                follow_redirects=False,
                decompress_response=False,
                raise_error=False,
                header_callback=begun.line,
            )
        except Unreachable:
            raise
        except (HTTPClientError, HTTPInputError, OSError, ValueError, TimeoutError) as error:
            # An answer that is too long, or never ends, has said all that counts in its first line.
            if begun.status is None:
                raise unreachable(error) from None
            return Reply(begun.status, dict(begun.fields), b"", whole=False)
        return Reply(response.code, dict(response.headers), response.body or b"", whole=True)

    async def refuses(self, url: str) -> bool:
        """Whether it is known now that this is not called. A name that leads nowhere yet is not refused.

        As slow as the resolver: who asks limits the time.
        """
        parts = urlsplit(url)
        resolver = PublicOnly(allowed=self._allowed, public=is_usual(parts))
        try:
            await resolver.resolve(parts.hostname or "", parts.port or HTTPS_PORT)
        except Unreachable as error:
            return error.kind == "not_allowed"
        return False

    def _client_for(self, url: str) -> AsyncHTTPClient:
        """Raises Unreachable for what is no address of a web server."""
        try:
            usual = is_usual(urlsplit(url))
        except ValueError:
            raise Unreachable("not_allowed", "its address cannot be read") from None
        return self._public if usual else self._inner

    def close(self) -> None:
        self._public.close()
        self._inner.close()


class _Begun:
    """How far an answer got."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.fields = HTTPHeaders()

    def line(self, line: str) -> None:
        if line.startswith("HTTP/"):
            code = parse_response_start_line(line.rstrip()).code
            self.status = code if code >= 200 else None
        elif line.strip():
            self.fields.parse_line(line)


def _client(resolver: PublicOnly, at_once: int) -> AsyncHTTPClient:
    return AsyncHTTPClient(
        force_instance=True,
        resolver=resolver,
        max_clients=at_once,
        max_body_size=ANSWER_BYTES,
        max_header_size=HEADER_BYTES,
    )


def is_usual(parts: SplitResult) -> bool:
    """Where anybody's web server is; elsewhere only what the operator allowed is called. Raises ValueError."""
    return parts.scheme == "https" and parts.port in (None, HTTPS_PORT)


def unreachable(error: Exception) -> Unreachable:
    """In words that tell nothing of this machine or its network."""
    match error:
        case HTTPTimeoutError() | TimeoutError():
            return Unreachable("timeout", "it did not answer in time")
        case ssl.SSLError():
            return Unreachable("certificate", "its certificate is not accepted, or it speaks no TLS")
        case HTTPStreamClosedError() | StreamClosedError():
            return Unreachable("connection", "it closed the connection without an answer")
        case OSError():
            return Unreachable("connection", "nobody takes the connection")
    return Unreachable("answer", "its answer cannot be read")
