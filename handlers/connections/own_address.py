"""The address of this server as whoever asks knows it: what links in answers begin with."""

from __future__ import annotations

import re
from typing import Any

from chatserver.settings import Settings
from handlers.connections.forwarded import TrustedProxies, told_scheme

_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}", re.ASCII)


def base_url(handler: Any) -> str:
    """Scheme and host, without a slash behind; "" when the request names no host: links then begin with their path."""
    fixed: str = handler.runtime.settings.public_url
    return fixed or _joined(handler.request.protocol, handler.request.headers.get("Host", ""))


def _joined(scheme: str, host: str) -> str:
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""


class OwnAddress:
    """The same for requests that Tornado does not read. `secure`: they come by HTTPS."""

    def __init__(self, settings: Settings, secure: bool) -> None:
        self._fixed = settings.public_url
        self._scheme = "https" if secure else "http"
        self._proxies = TrustedProxies(settings.trusted_proxies) if settings.trusted_proxies else None

    def base_url(self, host: str, forwarded_proto: str, peer: Any) -> str:
        """`host` is a checked one. `peer`: the address of the connection, as the socket has it."""
        return self._fixed or f"{self.scheme(forwarded_proto, peer)}://{host}"

    def scheme(self, forwarded_proto: str, peer: Any) -> str:
        """By which the client came, as far as we are told by those we trust."""
        if forwarded_proto and self._proxies is not None and self._proxies.trusts(_ip(peer)):
            return told_scheme(forwarded_proto, self._scheme)
        return self._scheme


def _ip(peer: Any) -> str:
    return str(peer[0]) if isinstance(peer, tuple) else ""
