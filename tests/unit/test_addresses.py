"""What stands for an address where it is counted."""

from __future__ import annotations

import pytest

from chatserver.guard.addresses import PROVIDER, SITE, Networks, network, plain, prefix


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("1.1.1.1", "1.1.1.1"),
        ("::ffff:1.1.1.1", "1.1.1.1"),
        ("::FFFF:101:101", "1.1.1.1"),
        ("0:0:0:0:0:ffff:1.1.1.1", "1.1.1.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%eth0", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("not an address", "not an address"),
    ],
)
def test_every_spelling_of_an_address_counts_as_the_same(address: str, counts_as: str) -> None:
    assert network(address) == counts_as


def test_an_address_has_one_spelling() -> None:
    assert plain("::ffff:1.1.1.1") == "1.1.1.1"
    assert plain("2001:0DB8::0001") == "2001:db8::1"
    assert plain("") == ""


def test_only_ipv6_has_wider_networks() -> None:
    assert prefix("2001:db8:1:2::3", SITE) == "2001:db8:1::/48"
    assert prefix("2001:db8:1:2::3", PROVIDER) == "2001:db8::/32"
    assert prefix("::1", PROVIDER) == "::/32"
    for address in ("1.1.1.1", "::ffff:1.1.1.1", ""):
        assert prefix(address, SITE) is None


def test_an_address_is_among_networks_in_any_spelling() -> None:
    some = Networks(("10.0.0.0/8", "::1"))
    assert "10.1.2.3" in some and "::ffff:10.1.2.3" in some and "::1" in some
    assert "" in some, "a Unix socket"
    assert "11.1.2.3" not in some and "::2" not in some
