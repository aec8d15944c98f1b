"""Addresses as keys: whom one address, or a prefix of it, stands for."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
HOUSEHOLD, SITE, PROVIDER = (
    64,
    48,
    32,
)  # bits of IPv6 that one customer, a larger one, and a provider has all of


def parsed(address: str) -> Ip | None:
    """None for what is no address, as a Unix socket's. An IPv4 address written as IPv6 (::ffff:…) is that one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def plain(address: str) -> str:
    """Each address in one spelling."""
    ip = parsed(address)
    return address if ip is None else str(ip)


def network(address: str) -> str:
    """An IPv6 address stands for its /64, which one household or attacker has all of."""
    return prefix(address, HOUSEHOLD) or plain(address)


def prefix(address: str, bits: int) -> str | None:
    """That of an IPv6 address; None of any other."""
    ip = parsed(address)
    if ip is None or ip.version == 4:
        return None
    return str(ipaddress.IPv6Network((int(ip), bits), strict=False))


class Networks:
    """Some addresses and networks, as a setting names them. This machine's own Unix sockets are always among them."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def __contains__(self, address: str) -> bool:
        ip = parsed(address)
        return ip is None or any(ip in network for network in self._networks)
