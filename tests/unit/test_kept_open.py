"""Calls over connections that stay open: few of them, none to where nobody looked, nothing lost with one that breaks."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatserver.errors import Unreachable
from chatserver.outward.kept_open import IDLE_SECS, MOST_IDLE, OLD_SECS, KeptOpen
from tests.support.certificates import Authority
from tests.support.clock import SkippingClock
from tests.support.waiting import eventually
from tests.unit.test_public_only import of

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Server:
    """Answers each request with the next of `answers`, else `TAKEN`; None closes the connection instead."""

    def __init__(self) -> None:
        self.came = 0
        self.serving = 0
        self.open: list[asyncio.StreamWriter] = []
        self.answers: list[bytes | None] = []

    async def start(self, tls: ssl.SSLContext | None = None) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if tls else 'http'}://127.0.0.1:{port}/hook?x=1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.append(writer)
        self.serving += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"POST /hook?x=1 HTTP/1.1\r\n"), head
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r")[0]))
                self.came += 1
                answer = self.answers.pop(0) if self.answers else TAKEN
                if answer is None:
                    break
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        self.serving -= 1

    async def stop(self) -> None:
        self._server.close()
        for writer in self.open:
            writer.close()
        await eventually(lambda: not self.serving)


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


@pytest.fixture
def kept_open(io_loop: Any, clock: SkippingClock) -> Iterator[KeptOpen]:
    made = KeptOpen(["127.0.0.0/8"], clock)
    yield made

    async def close() -> None:
        made.close()

    io_loop.run_sync(close)


@pytest.fixture
def server(io_loop: Any) -> Iterator[Server]:
    made = Server()
    yield made
    io_loop.run_sync(made.stop)


async def status(kept_open: KeptOpen, url: str) -> int:
    return (await kept_open.post(url, b'{"some": "event"}', {"webhook-id": "m_1_0"}, 5.0)).status


@pytest.mark.gen_test
async def test_calls_one_behind_the_other_take_one_connection(kept_open: KeptOpen, server: Server) -> None:
    url = await server.start()
    server.answers = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 500 Broken\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]
    assert [await status(kept_open, url) for _ in range(5)] == [200, 500, 200, 204, 204]
    assert server.came == 5 and len(server.open) == 1


@pytest.mark.gen_test
async def test_13_a_certificate_counts_when_somebody_who_is_trusted_signed_it(
    server: Server, clock: SkippingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority.issue("server", "127.0.0.1")[2])
    url = await server.start(tls)
    stranger = KeptOpen(["127.0.0.0/8"], clock)
    with pytest.raises(Unreachable) as refused:
        await status(stranger, url)
    assert refused.value.kind == "certificate" and server.came == 0
    monkeypatch.setenv("SSL_CERT_FILE", authority.certificate)
    friend = KeptOpen(["127.0.0.0/8"], clock)
    assert [await status(friend, url) for _ in range(2)] == [204, 204]
    assert len(server.open) == 1
    for made in (stranger, friend):
        made.close()


@pytest.mark.gen_test
async def test_13_a_server_that_never_ends_the_handshake_is_a_timeout_and_let_go_of(
    kept_open: KeptOpen,
) -> None:
    gone = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    mute = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{mute.sockets[0].getsockname()[1]}/hook"
    with pytest.raises(Unreachable) as refused:
        await kept_open.post(url, b"{}", {}, 0.3)
    assert refused.value.kind == "timeout"
    await asyncio.wait_for(gone.wait(), 20)
    mute.close()


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    ],
)
async def test_one_whose_server_closes_or_says_too_much_is_not_used_again(
    answer: bytes, kept_open: KeptOpen, server: Server
) -> None:
    url = await server.start()
    server.answers = [answer]
    assert [await status(kept_open, url) for _ in range(2)] == [200, 204]
    assert len(server.open) == 2


@pytest.mark.gen_test
async def test_one_that_its_server_has_closed_meanwhile_costs_no_call(
    kept_open: KeptOpen, server: Server
) -> None:
    url = await server.start()
    server.answers = [TAKEN, None]
    assert [await status(kept_open, url) for _ in range(2)] == [204, 204]
    assert server.came == 3 and len(server.open) == 2
    server.answers = [None, None]
    with pytest.raises(Unreachable) as refused:
        await status(kept_open, url)
    assert refused.value.kind == "connection", "a new one that breaks as well is a failure"


@pytest.mark.gen_test
@pytest.mark.parametrize(("answer", "kind"), [(b"no answer at all\r\n\r\n", "answer"), (b"", "timeout")])
async def test_what_cannot_be_read_or_does_not_come_is_a_failure_within_the_limit(
    answer: bytes, kind: str, kept_open: KeptOpen, server: Server
) -> None:
    url = await server.start()
    server.answers = [TAKEN, answer]
    await status(kept_open, url)
    with pytest.raises(Unreachable) as refused:
        await kept_open.post(url, b"{}", {}, 1.0)
    assert refused.value.kind == kind
    assert await status(kept_open, url) == 204


@pytest.mark.gen_test
async def test_what_is_idle_is_closed_and_never_many_are(
    kept_open: KeptOpen, server: Server, clock: SkippingClock
) -> None:
    url = await server.start()
    await asyncio.gather(*(status(kept_open, url) for _ in range(MOST_IDLE + 5)))
    made = len(server.open)
    await asyncio.gather(*(status(kept_open, url) for _ in range(MOST_IDLE + 1)))
    assert len(server.open) > made, "some were let go"
    clock.skip(IDLE_SECS + 1)
    await eventually(lambda: all(writer.is_closing() for writer in server.open))


@pytest.mark.gen_test
async def test_14_a_kept_connection_goes_where_it_was_checked_and_a_name_is_looked_up_again_in_time(
    kept_open: KeptOpen, server: Server, clock: SkippingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = (await server.start()).replace("127.0.0.1", "hooks.example.org")
    monkeypatch.setattr("tornado.netutil.DefaultLoopResolver.resolve", of("127.0.0.1"))
    assert await status(kept_open, url) == 204
    monkeypatch.setattr("tornado.netutil.DefaultLoopResolver.resolve", of("10.0.0.7"))
    assert await status(kept_open, url) == 204, "the connection that was checked"
    for _ in range(30):
        clock.run_ahead(OLD_SECS / 30 + 0.1)
        try:
            await status(kept_open, url)
        except Unreachable as refused:
            assert refused.kind == "not_allowed"
            break
    else:
        pytest.fail("the name was never looked up again")
    assert len(server.open) == 1


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/", "https://127.0.0.1/", "https://localhost/", "ftp://8.8.8.8/", "x"]
)
async def test_what_is_neither_public_https_nor_allowed_is_refused(url: str, clock: SkippingClock) -> None:
    kept_open = KeptOpen([], clock)
    with pytest.raises(Unreachable) as refused:
        await kept_open.post(url, b"{}", {}, 5.0)
    assert refused.value.kind == "not_allowed"
    kept_open.close()
