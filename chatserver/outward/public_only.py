"""Which addresses this server may call by itself: public ones, and those that its operator allowed.

What is checked is what is connected: the check is the resolver that the HTTP client connects by, so a name that changes
its mind between two look-ups changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

from tornado.netutil import DefaultLoopResolver, Resolver

from chatserver.errors import Unreachable

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Python's `is_global` says yes to some of what it should not: a cloud's metadata, the forms in which IPv6 carries an IPv4
# address, behind which anything may be, and what is not given to anybody.
NEVER_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "2001::/32", "3fff::/20")
)
GIVEN_OUT = ipaddress.ip_network("2000::/3")  # all that is, of IPv6: 64:ff9b::/96 and the like are not in it


def is_public(address: str) -> bool:
    ip = _parsed(address)
    if ip.version == 6 and ip not in GIVEN_OUT:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in NEVER_PUBLIC)


def _parsed(address: str) -> Ip:
    """An IPv4 address written as IPv6 is that one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return getattr(ip, "ipv4_mapped", None) or ip


class Allowed:
    """What the operator opened: networks, and names of hosts whatever addresses they have."""

    def __init__(self, named: Iterable[str]) -> None:
        self._networks: list[Network] = []
        self._hosts: set[str] = set()
        for name in named:
            try:
                self._networks.append(ipaddress.ip_network(name, strict=False))
            except ValueError:
                self._hosts.add(_host(name))

    def host(self, name: str) -> bool:
        return _host(name) in self._hosts

    def address(self, address: str) -> bool:
        ip = _parsed(address)
        return any(ip in network for network in self._networks)


def _host(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


class PublicOnly(Resolver):
    """Refuses a name as soon as one of its addresses is neither public nor allowed.

    Without `public` only what is allowed will do.
    """

    def initialize(self, allowed: Allowed, public: bool = True) -> None:
        self._allowed = allowed
        self._public = public
        self._resolver = DefaultLoopResolver()

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, Any]]:
        """Raises Unreachable."""
        try:
            found: list[tuple[int, Any]] = await self._resolver.resolve(host, port, family)
        except (OSError, UnicodeError):
            raise Unreachable("name", "its name leads nowhere") from None
        if not self._allowed.host(host):
            for _, address in found:
                self._check(address[0])
        return found

    def _check(self, address: str) -> None:
        if self._allowed.address(address) or (self._public and is_public(address)):
            return
        raise Unreachable("not_allowed", "its address is not one that this server may call")
