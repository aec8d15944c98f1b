"""Whom the admin listener answers: those who ask for it by a name that is its own.

It has no password, for only monitoring reaches it. But a browser on such a machine does too, and a page may make its own
name lead here (DNS rebinding); what the page cannot do is ask under another name than that.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler

from chatserver.settings import Settings


def elsewhere(settings: Settings) -> Rule:
    """The first route of an admin listener: what is asked of somebody else ends here."""
    return Rule(ElsewhereMatches({settings.admin_host, *settings.admin_names}), ElsewhereHandler)


class ElsewhereMatches(Matcher):
    """Whatever does not name this machine by loopback, the address that was connected to, or one of `names`."""

    def __init__(self, names: set[str]) -> None:
        self._names = {_plain(name) for name in names if name} | {"localhost"}

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        asked = _plain(split_host_and_port(request.host)[0])
        known = asked in self._names or _is_loopback(asked) or asked == _connected_to(request)
        return None if known else {}


class ElsewhereHandler(RequestHandler):
    def prepare(self) -> None:
        self.set_status(421)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("This listener is not asked for by this name; what may be is set by admin_names.\n")


def _plain(name: str) -> str:
    """One spelling for all of a name or address."""
    name = name.lower().strip("[]").removesuffix(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _connected_to(request: HTTPServerRequest) -> str:
    connection: Any = request.connection
    socket = connection.stream.socket
    address = socket.getsockname() if socket is not None else ""  # None: the client is gone
    return _plain(address[0]) if isinstance(address, tuple) else ""
