"""The admin listener answers those who ask for it by a name of its own: a page that leads its name here gets nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.netutil import bind_sockets

from chatserver.settings import Settings, load
from handlers.admin import make_supervisor_app
from handlers.app import make_admin_app, make_admin_server

OWN = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.9.9.9",
    "[::1]",
    "metrics.inner",
    "10.1.2.3",
    "[fd00::0:1]",
]
FOREIGN = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "192.0.2.1",
    "[2001:db8::1]",
    "metrics",
    "0x7f.1",
]


class Supervisor:
    """As much as its two pages ask of one."""

    registry, ready, count = CollectorRegistry(), 1, 1

    async def scrape(self) -> dict[str, str]:
        return {}


def apps(settings: Settings) -> list[Any]:
    return [make_admin_app(settings), make_supervisor_app(Supervisor(), settings)]  # type: ignore[arg-type]


@pytest.fixture(params=[0, 1], ids=["one process", "several"])
def port(request: pytest.FixtureRequest, io_loop: Any) -> Iterator[int]:
    settings = load({"admin_names": "metrics.inner, 10.1.2.3", "admin_host": "fd00::1"}, {})
    server = make_admin_server(apps(settings)[request.param])
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    yield sockets[0].getsockname()[1]
    server.stop()
    io_loop.run_sync(server.close_all_connections)


async def ask(port: int, host: str, method: str = "GET", body: bytes | None = None) -> HTTPResponse:
    http = AsyncHTTPClient(force_instance=True)
    try:
        return await http.fetch(
            f"http://127.0.0.1:{port}/metrics",
            headers={"Host": host},
            method=method,
            body=body,
            raise_error=False,
        )
    finally:
        http.close()


@pytest.mark.gen_test
async def test_metrics_are_given_to_who_asks_by_a_name_of_this_listener(port: int) -> None:
    for name in OWN:
        for host in (name, f"{name}:{port}"):
            assert (await ask(port, host)).code == 200, host


@pytest.mark.gen_test
async def test_whoever_asks_by_another_name_is_told_how_to_allow_it(port: int) -> None:
    for name in FOREIGN:
        for host in (name, f"{name}:{port}"):
            answer = await ask(port, host)
            assert answer.code == 421, host
            assert b"admin_names" in answer.body and b"# HELP" not in answer.body


@pytest.mark.gen_test
async def test_the_admin_listener_takes_no_body(port: int) -> None:
    assert (await ask(port, "localhost", "POST", b"a" * 100_000)).code in (400, 413)
