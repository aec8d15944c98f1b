"""TLS on every side, with the real programs: the listener, MongoDB and RabbitMQ, one throw-away authority for all."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from tests.api.multipart import multipart
from tests.support.certificates import Authority
from tests.support.client import API, Client
from tests.support.event_stream import open_stream
from tests.support.mongo import MongoNode
from tests.support.rabbit import RabbitNode, missing
from tests.support.server import ROOT, ServerProcess, clean_environment
from tests.support.waiting import eventually

HSTS = "Strict-Transport-Security"


class TlsServer(ServerProcess):
    def __init__(self, authority: Authority, mongodb_uri: str, amqp_url: str) -> None:
        super().__init__(mongodb_uri=mongodb_uri, amqp_url=amqp_url)
        cert, key, _ = authority.issue("server", "localhost", "127.0.0.1")
        self.base = f"https://localhost:{self.port}"
        self.arguments += ["--tls-cert", cert, "--tls-key", key, "--tls-ca", authority.certificate]
        self.arguments += ["--production", "--host", "127.0.0.1"]
        self.ca = authority.certificate
        self.tls = ssl.create_default_context(cafile=self.ca)


@dataclass
class Place:
    authority: Authority
    mongo: MongoNode
    server: TlsServer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if reason := missing():
        pytest.skip(reason)
    authority = Authority(tmp_path_factory.mktemp("authority"))
    cert, key, both = authority.issue("stores", "localhost", "127.0.0.1")
    rabbit = RabbitNode((authority.certificate, cert, key))
    mongo = MongoNode((authority.certificate, both))
    try:
        rabbit.start()
        mongo.start()
        server = TlsServer(authority, mongo.tls_uri, rabbit.tls_url)
        server.start()
        yield Place(authority, mongo, server)
        server.stop()
        server.forget()
    finally:
        mongo.stop()
        rabbit.stop()


@pytest.fixture
def client(place: Place, io_loop: Any) -> Iterator[Client]:
    made = Client([place.server.base])
    made.http = AsyncHTTPClient(force_instance=True, defaults={"ca_certs": place.authority.certificate})
    yield made
    made.close()


@pytest.mark.gen_test
async def test_two_people_talk_with_tls_on_every_side(client: Client) -> None:
    async def connected() -> bool:
        return (await client.call("GET", "/readyz"))["components"] == {
            "database": "up",
            "bus": "up",
            "server": "up",
        }

    await eventually(connected)
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    await ann.sent(bob, "nobody else reads this")

    assert [message["message"] for message in await bob.until(1)] == ["nobody else reads this"]


@pytest.mark.gen_test
async def test_events_come_as_a_stream_by_https_with_links_that_open_there(
    place: Place, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    async with await open_stream(bob, tls=place.server.tls) as stream:
        assert (stream.status, (await stream.event()).name) == (200, "connected")
        await ann.post(
            "chats/", **multipart({"receiver_id": str(bob.id)}, ("a.txt", b"by https", "text/plain"))
        )
        link = (await stream.event()).data["attachment_url"]
        stream.writer.transport.abort()  # an orderly end by TLS would outlast the test
    assert link.startswith(f"{place.server.base}{API}")
    assert (await client.call("GET", link)).body == b"by https"


@pytest.mark.gen_test
async def test_a_browser_that_came_by_https_is_told_to_stay(client: Client) -> None:
    for path in ("/", "/static/css/base.css", "/nothing", "server/", "users/me/", "nothing/"):
        answer = await client.call("GET", path)
        assert answer.headers.get(HSTS) == "max-age=31536000", (path, answer)


def handshake(server: TlsServer, version: ssl.TLSVersion) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(server.ca)
    context.set_ciphers("ALL:@SECLEVEL=0")  # else our own side refuses the old versions
    context.minimum_version = context.maximum_version = version
    plain = socket.create_connection(("localhost", server.port), timeout=5)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as secured:
        return secured.version()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_older_than_1_2_is_refused(place: Place) -> None:
    assert handshake(place.server, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert handshake(place.server, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(place.server, ssl.TLSVersion.TLSv1_1)


def test_a_header_that_is_too_long_is_answered_by_https_too(place: Place) -> None:
    context = ssl.create_default_context(cafile=place.server.ca)
    plain = socket.create_connection(("localhost", place.server.port), timeout=5)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as secured:
        secured.sendall(b"GET /?x=" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert secured.recv(4096).startswith(b"HTTP/1.1 431 ")


def test_who_speaks_plain_http_to_it_gets_no_answer(place: Place) -> None:
    with socket.create_connection(("localhost", place.server.port), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            got = plain.recv(100)
        except ConnectionError:
            got = b""
    assert b"HTTP/" not in got
    assert "Traceback" not in place.server.log()


def refused(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "--port", "0", "--data-dir", str(tmp_path), *arguments],
        env=clean_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_database_whose_certificate_is_not_signed_by_the_named_authority_is_not_talked_to(
    place: Place, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    code, said = refused(tmp_path, "--mongodb-uri", place.mongo.tls_uri, "--tls-ca", stranger.certificate)
    assert code == 69
    assert len(said.strip().splitlines()) == 1 and "certificate verify failed" in said, said


def test_wrong_tls_files_are_told_in_one_line(place: Place, tmp_path: Path) -> None:
    cert, key, _ = place.authority.issue("one", "localhost")
    _, other_key, _ = place.authority.issue("two", "localhost")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("this is no key")
    locked = tmp_path / "locked.pem"
    made = ["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", str(locked)]
    subprocess.run(made, check=True, capture_output=True)
    for arguments, expected in (
        (("--tls-cert", str(tmp_path / "no.pem")), "no.pem: No such file"),
        (("--tls-cert", cert, "--tls-key", str(tmp_path)), "Is a directory"),
        (("--tls-cert", cert, "--tls-key", other_key), "the key does not belong to the certificate"),
        (("--tls-cert", str(nonsense), "--tls-key", key), "both must be PEM"),
        (("--tls-cert", cert, "--tls-key", str(locked)), "protected by a passphrase"),
        (("--tls-key", key), "of no use without --tls-cert"),
    ):
        code, said = refused(tmp_path, *arguments)
        assert code == 78 and expected in said, (arguments, said)
        assert "Traceback" not in said
