"""What this server calls by itself is public, or was allowed; and what was checked is what is connected."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from chatserver.errors import Unreachable
from chatserver.outward.public_only import Allowed, PublicOnly, is_public
from chatserver.outward.way_out import WayOut
from chatserver.settings import load
from tests.support.ports import free_ports

INNER = """
    127.0.0.1 127.8.8.8 10.1.2.3 169.254.169.254 192.168.1.1 172.16.0.1 100.64.0.1 0.0.0.0 192.0.0.192 192.0.0.8
    255.255.255.255 224.0.0.1 239.1.1.1 240.0.0.1 198.18.0.1 192.0.2.1 192.88.99.1
    ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe:: 2001::1 2001:0:7f00:1::1 2001:db8::1
    fe80::1 fe80::1%eth0 fc00::1 fd00::1 fec0::1 ff02::1 ff0e::1 100::1 3fff::1 5f00::1
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_not_public_however_it_is_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "::ffff:8.8.8.8", "2606:4700::1111", "2a00:1450::1"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


def of(*addresses: str) -> Any:
    """What a name leads to, as the system's own look-up gives it."""

    async def resolve(self: Any, host: str, port: int, family: Any = 0) -> list[tuple[int, Any]]:
        return [(socket.AF_INET6 if ":" in a else socket.AF_INET, (a, port)) for a in addresses]

    return resolve


@pytest.mark.gen_test
async def test_one_bad_address_among_good_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = PublicOnly(allowed=Allowed([]))
    for bad in ("127.0.0.1", "::1", "10.0.0.7"):
        monkeypatch.setattr("tornado.netutil.DefaultLoopResolver.resolve", of("8.8.8.8", bad))
        with pytest.raises(Unreachable):
            await resolver.resolve("mixed.example.org", 443)
    monkeypatch.setattr("tornado.netutil.DefaultLoopResolver.resolve", of("8.8.8.8", "2606:4700::1111"))
    assert len(await resolver.resolve("good.example.org", 443)) == 2


@pytest.mark.gen_test
async def test_14_a_name_that_flips_to_loopback_between_looks_is_not_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is one look for each connection, and its answer is what is connected."""
    looks: list[str] = []
    connected: list[Any] = []

    async def flipping(self: Any, host: str, port: int, family: Any = 0) -> list[tuple[int, Any]]:
        looks.append(host)
        return [(socket.AF_INET, ("8.8.8.8" if len(looks) % 2 else "127.0.0.1", port))]

    def connect(self: Any, max_buffer_size: Any, af: Any, addr: Any, **_: Any) -> Any:
        connected.append(addr[0])
        failed: asyncio.Future[Any] = asyncio.Future()
        failed.set_exception(OSError("no network in this test"))
        return _Stream(), failed

    monkeypatch.setattr("tornado.netutil.DefaultLoopResolver.resolve", flipping)
    monkeypatch.setattr("tornado.tcpclient.TCPClient._create_stream", connect)
    way_out = WayOut([], 4)
    for _ in range(4):
        with pytest.raises(Unreachable):
            await way_out.post("https://flips.example.org/hook", b"{}", {}, 5.0)
    way_out.close()
    assert len(looks) == 4 and set(connected) == {"8.8.8.8"}


class _Stream:
    def close(self) -> None:
        pass


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "https://8.8.8.8:8443/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://017700000001/",
        "https://user:secret@127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "ftp://8.8.8.8/",
        "https://[fe80::1%25lo]/",
        "https://8.8.8.8:99999/",
        "https:///x",
    ],
)
async def test_what_is_neither_public_https_nor_allowed_is_refused_before_anything_is_sent(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: Any, **__: Any) -> Any:
        raise AssertionError("connected")

    monkeypatch.setattr("tornado.tcpclient.TCPClient._create_stream", connect)
    way_out = WayOut([], 4)
    with pytest.raises(Unreachable):
        await way_out.post(url, b"{}", {}, 5.0)
    way_out.close()


@pytest.mark.gen_test
async def test_the_operator_opens_networks_and_hosts_and_nothing_beside_them() -> None:
    (port,) = free_ports(1)
    met: list[str] = []

    class Met(RequestHandler):
        def post(self) -> None:
            met.append(self.request.host_name)

    server = HTTPServer(Application([("/", Met)], log_function=lambda _: None))
    server.listen(port, "127.0.0.1")
    for allow, url, is_open in (
        (["127.0.0.0/8"], f"http://127.0.0.1:{port}/", True),
        (["127.0.0.1"], f"http://127.0.0.1:{port}/", True),
        (["LocalHost"], f"http://localhost:{port}/", True),
        (["localhost"], f"http://127.0.0.1:{port}/", False),
        (["10.0.0.0/8", "other"], f"http://127.0.0.1:{port}/", False),
        (["10.0.0.0/8", "other"], f"http://localhost:{port}/", False),
    ):
        met.clear()
        way_out = WayOut(allow, 4)
        try:
            assert (await way_out.post(url, b"{}", {}, 5.0)).status == 200
        except Unreachable:
            assert not is_open, (allow, url)
        assert bool(met) == is_open, (allow, url)
        way_out.close()
    server.stop()


def test_the_setting_takes_networks_and_names_and_says_what_is_neither() -> None:
    found = load({"outbound_allow": "10.0.0.0/8, hooks.internal, ::1, 192.168.7.7"}, {}).outbound_allow
    assert found == ("10.0.0.0/8", "hooks.internal", "::1", "192.168.7.7")
    for wrong in ("10.0.0.0/99", "http://hooks.internal/", "1.2.3", "a b"):
        with pytest.raises(Exception, match="neither an address nor a network"):
            load({"outbound_allow": wrong}, {})
