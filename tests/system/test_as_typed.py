"""What operators type, on machines as they are: both families of addresses, other locales, a full disk."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from chatserver.errors import EX_USAGE
from chatserver.storage.embedded import EmbeddedMongod
from tests.faults.scenarios.disasters import fill, missing_right, small_disk
from tests.support.client import unique
from tests.support.command import chatserver
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

# As where neither the locale nor Python makes it UTF-8.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=5) as one:
            one.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return one.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6: run it where it has")
@pytest.mark.parametrize(("host", "reached"), [("::", ["::1", "127.0.0.1"]), ("[::1]", ["::1"])])
def test_a_server_listens_where_an_address_of_ipv6_says(
    mongo: MongoNode, host: str, reached: list[str]
) -> None:
    server = ServerProcess(mongodb_uri=mongo.uri)
    server.arguments += ["--host", host]
    server.base = f"http://[::1]:{server.port}"
    try:
        server.start()
        assert {at: answers(at, server.port) for at in reached} == dict.fromkeys(reached, True)
        assert f"http://[{host.strip('[]')}]:{server.port}/" in server.log()
    finally:
        server.stop()
        server.forget()


def test_commands_and_server_use_the_database_that_the_uri_names(mongo: MongoNode, tmp_path: Path) -> None:
    name = unique("named")
    uri = mongo.uri.replace("/?", f"/{name}?")
    secret = {"CHATSERVER_MONGODB_URI": uri}

    assert chatserver("user", "add", "ann", env=secret).code == 0
    assert chatserver("backup", tmp_path / "copy", env=secret).code == 0
    other = {"CHATSERVER_MONGODB_URI": mongo.uri.replace("/?", f"/{name}b?")}
    assert chatserver("restore", tmp_path / "copy", env=other).code == 0

    for where in (name, f"{name}b"):
        listed = chatserver(
            "user", "list", env={"CHATSERVER_MONGODB_URI": mongo.uri, "CHATSERVER_MONGODB_DATABASE": where}
        )
        assert "ann" in listed.out, (where, listed)


def test_where_the_locale_is_not_utf_8_every_command_still_says_what_it_has_to_say(tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path / "dätä")
    for arguments in (
        ("--help",),
        ("serve", "--help"),
        ("doctor", "--mongod", "/nö", *there),
        ("user", "add", "ann", "--full-name", "Ann Ünsal 漢", *there),
        ("config", "show", *there),
        ("config", "check", "--tls-cert", "", "--port", "ö"),
    ):
        said = chatserver(*arguments, env=ASCII)  # which fails on a traceback
        assert said.out or said.err
    listed = chatserver("user", "list", *there)
    assert "no database" not in listed.err
    assert "Ann Ünsal 漢" in listed.out, "it was taken for what was typed"


def test_a_server_starts_where_the_locale_is_not_utf_8(mongo: MongoNode, tmp_path: Path) -> None:
    server = ServerProcess(data_dir=tmp_path / "dätä", mongodb_uri=mongo.uri, env=ASCII)
    server.data_dir.mkdir()
    try:
        server.start()
    finally:
        server.stop()


def test_what_is_no_text_at_all_is_refused_in_one_line(tmp_path: Path) -> None:
    refused = chatserver("user", "add", "ann", "--full-name", "a\udcff", "--data-dir", tmp_path)
    assert refused.code == EX_USAGE and len(refused.err.splitlines()) == 1 and "UTF-8" in refused.err


@pytest.mark.gen_test
async def test_the_log_says_that_the_disk_is_full_when_the_database_ends_of_it(
    tmp_path: Path, io_loop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    if reason := missing_right():
        pytest.skip(reason)
    with small_disk(tmp_path / "disk") as disk:
        disk.chmod(0o700)
        mongod = await EmbeddedMongod(disk / "data").open()
        try:
            await asyncio.to_thread(fill, disk / "filler")
            await eventually(lambda: "mongod ended with" in caplog.text, within=60)
            told = next(line for line in caplog.messages if "mongod ended with" in line)
            assert "the disk is full" in told and str(disk / "data") in told
        finally:
            (disk / "filler").unlink()
            await mongod.close()
