"""Who asks, when proxies stand between: what they say counts only where each of them was named to us.

Tornado's own `xheaders` believes whoever connects, and `X-Real-Ip` over `X-Forwarded-For`, which most proxies pass on
as the client wrote it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable
from functools import cache
from typing import Any

import structlog
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)

from chatserver.guard.addresses import plain

log = structlog.get_logger(__name__)

STAY_WITH_TLS = "max-age=31536000"
MOST_PROXIES = 16  # one behind the other; what stands before them in the header is not looked at


def stay_with_tls(handler: Any) -> None:
    """A browser that came by HTTPS, ours or a proxy's, does not come by HTTP for a year."""
    if handler.request.protocol == "https":
        handler.set_header("Strict-Transport-Security", STAY_WITH_TLS)


def client_address(handler: Any) -> str:
    """Whose call it is; that of a proxy's client only when the proxy is trusted."""
    settings = handler.runtime.settings
    if "X-Forwarded-For" in handler.request.headers and not settings.trusted_proxies:
        _hint_at_proxies()
    return plain(handler.request.remote_ip or "")


@cache
def _hint_at_proxies() -> None:
    """Once, for it would be told again with every sign-in."""
    log.warning("a proxy that is not in trusted_proxies: limits by address take all its clients for one")


class TrustedProxies:
    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def trusts(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return any(ip in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """Back from `peer` over everyone trusted: the first who is not."""
        address = peer
        for earlier in reversed(forwarded_for.rsplit(",", MOST_PROXIES)):
            if not self.trusts(address) or not _is_address(earlier.strip()):
                break
            address = earlier.strip()
        return address


class Forwarded(HTTPMessageDelegate):
    """Around the delegate of one request, which then sees the client's address and scheme as its own."""

    def __init__(
        self, inner: HTTPMessageDelegate, connection: HTTPConnection, proxies: TrustedProxies
    ) -> None:
        self._inner = inner
        self._context: Any = connection.context  # type: ignore[attr-defined]
        self._proxies = proxies

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        context = self._context
        peer, scheme = context.remote_ip, context.protocol
        if self._proxies.trusts(peer):
            context.remote_ip = self._proxies.client(peer, headers.get("X-Forwarded-For", ""))
            context.protocol = told_scheme(headers.get("X-Forwarded-Proto", ""), scheme)
        elif "X-Forwarded-For" in headers:
            _hint_at_proxies()
        try:
            return self._inner.headers_received(start_line, headers)
        finally:
            # The context is the connection's, and its next request may be somebody else's.
            context.remote_ip, context.protocol = peer, scheme

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()


def told_scheme(forwarded_proto: str, own: str) -> str:
    """What a trusted proxy says of the scheme; `own` when it says nothing of use."""
    told = forwarded_proto.rpartition(",")[2].strip()
    return told if told in ("http", "https") else own


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
