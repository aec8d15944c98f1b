"""The operator's commands, against a server that runs and against a data directory alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import commands.main as commands
from chatserver.errors import EX_CONFIG, EX_DATAERR, EX_NOUSER, EX_USAGE
from commands import exits
from handlers.description import openapi
from tests.support.client import Client, Device, unique
from tests.support.command import Outcome, chatserver
from tests.support.mongo import MongoNode
from tests.support.server import ROOT, ServerProcess
from tests.support.waiting import GENEROUS_SECS, eventually, held


@pytest.fixture
def client(server: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([server.base])
    yield made
    made.close()


@pytest.fixture
def there(server: ServerProcess) -> Any:
    """A command about the running server."""

    async def run(*arguments: str, input: str = "") -> Outcome:
        flags = ("--data-dir", str(server.data_dir))
        return await asyncio.to_thread(chatserver, *arguments, *flags, input=input)

    return run


@pytest.mark.gen_test
async def test_people_made_disabled_and_forgotten_by_the_operator_of_a_running_server(
    there: Any, client: Client
) -> None:
    name, friend = unique("olga"), await client.sign_up("friend")
    made = (await there("user", "add", name, "--full-name", "Olga", "--json")).json
    signed_in = await client.login(name, made["password"])
    assert signed_in["user"]["id"] == made["id"]
    olga = Device(client, signed_in["token"], signed_in["user"], None)
    await olga.sent(friend, "hello")
    poll = await held(olga.poll(cursor=(await olga.here()).cursor, wait=50))

    disabled = (await there("user", "disable", name, "--json")).json

    assert (disabled["state"], disabled["sessions_ended"]) == ("disabled", 1)
    async with asyncio.timeout(GENEROUS_SECS):
        assert (await poll).status == 401
    assert (await client.login(name, made["password"])).status == 401

    assert (await there("user", "enable", name)).code == 0
    given = await there("user", "password", name, "--password-stdin", input="a better password\n")
    assert given.code == 0 and "better" not in given.out
    assert (await client.login(name, made["password"])).status == 401
    assert (await client.login(name, "a better password")).status == 200

    unasked = await there("user", "delete", name)
    assert unasked.code == EX_USAGE and "--yes" in unasked.err
    forgotten = (await there("user", "delete", name, "--yes", "--json")).json
    assert forgotten["state"] == "forgotten" and forgotten["id"] == made["id"]
    assert (await client.login(name, "a better password")).status == 401
    assert [m["message"] for m in (await friend.history(made["id"]))["messages"]] == ["hello"]
    assert (await friend.get("users/", query={"search": "-deleted"}))["users"] == []
    assert (await client.register(name)).status == 201, "the name is free again"


@pytest.mark.gen_test
async def test_a_token_of_the_operator_signs_in_until_it_is_revoked(there: Any, client: Client) -> None:
    person = await client.sign_up()
    made = (await there("token", "create", person.username, "--name", "the robot", "--json")).json
    robot = Device(client, made["token"], person.user, None)
    assert (await robot.get("users/me/"))["user"]["id"] == person.id

    listed = (await there("token", "list", person.username, "--json")).json
    assert [s["name"] for s in listed if s["id"] == made["session_id"]] == ["the robot"]
    assert all(made["token"] not in str(session) for session in listed)

    assert (await there("token", "revoke", person.username, str(made["session_id"]))).code == 0
    await eventually(lambda: _refused(robot))
    assert (await person.get("users/me/")).status == 200, "the other session stays"


async def _refused(device: Device) -> bool:
    return (await device.get("users/me/")).status == 401


def test_serve_is_the_server_until_it_is_told_to_stop(mongo: MongoNode) -> None:
    server = ServerProcess(mongodb_uri=mongo.uri, env={"PYTHONPATH": str(ROOT)})
    server.program = ["-m", "chatserver", "serve"]
    try:
        server.start()
        assert f":{server.port}/" in server.log()
    finally:
        server.stop()
        server.forget()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["usr"], EX_USAGE, "user"),
        (["serve", "--prot", "1"], EX_USAGE, "--port"),
        (["user", "password", "nobody-of-this-name"], EX_NOUSER, "nobody-of-this-name"),
        (["user", "add", "a name"], EX_DATAERR, "username"),
        (["token", "revoke", "somebody"], EX_USAGE, "--all"),
        (["config", "check", "--port", "99999", "--hold-secs", "x"], EX_CONFIG, "99999"),
        (["config", "check", "--amqp-url", "http://rabbit/"], EX_CONFIG, "amqp://"),
        (["config", "check", "--config", "/nowhere.toml"], EX_CONFIG, "/nowhere.toml"),
    ],
)
def test_a_mistake_is_one_readable_refusal(
    server: ServerProcess,
    arguments: list[str],
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In this process, since starting Python eight times takes longer than all of them."""
    monkeypatch.setattr(logging.root, "handlers", logging.root.handlers[:])
    there = ["--data-dir", str(server.data_dir)] if arguments[0] in ("user", "token") else []

    with pytest.raises(SystemExit) as ended:
        exits.run(commands.chatserver, "chatserver", [*arguments, *there])

    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (code, "")
    assert words in said.err and "Traceback" not in said.err


def test_the_configuration_is_shown_with_its_sources_and_without_its_secrets(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_text('port = 9001\nhold_secs = 7\nlog_level = "debug"')
    env = {
        "CHATSERVER_HOLD_SECS": "8",
        "CHATSERVER_AMQP_URL": "amqp://rita:sesame@mq1/,amqps://rita:sesame@mq2/chat",
        "CHATSERVER_MONGODB_URI": "mongodb://mona:ajar%40@db1,db2/?replicaSet=rs0&tlsCertificateKeyFilePassword=key",
        "CHATSERVER_HOST_SECRET": "a key://that looks@like an address to some",
    }

    shown = chatserver("config", "show", "--config", file, "--log-level", "error", "--json", env=env)

    found = {row["name"]: (row["value"], row["source"]) for row in shown.json}
    assert found["port"] == (9001, f"port in {file}")
    assert found["hold_secs"] == (8.0, "CHATSERVER_HOLD_SECS")
    assert found["log_level"] == ("error", "--log-level")
    assert found["linger_secs"] == (60.0, "default")
    assert found["amqp_url"][0] == "amqp://[hidden]@mq1/,amqps://[hidden]@mq2/chat"
    assert found["mongodb_uri"][0].startswith("mongodb://[hidden]@db1,db2/?replicaSet=rs0&")
    assert found["host_secret"][0] == "[hidden]"
    for secret in ("rita", "sesame", "mona", "ajar", "=key", "like an address"):
        assert secret not in shown.out


def test_the_printed_document_is_the_one_that_is_served() -> None:
    assert chatserver("openapi").json == openapi.build()
