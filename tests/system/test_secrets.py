"""Secrets stay out of what every user of a machine can read, and what is installed is what was looked at."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.command import chatserver
from tests.support.mongo import MongoNode
from tests.support.server import ROOT, ServerProcess

URI = "mongodb://bert:sesame@db1/"
SECRETS = {"mongodb-uri": URI, "amqp-url": "amqp://bert:sesame@mq1/", "host-secret": "sesame" * 8}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_a_flag_is_warned_of_in_one_line_with_the_cure(name: str, tmp_path: Path) -> None:
    variable = "CHATSERVER_" + name.upper().replace("-", "_")
    file = tmp_path / "chat.toml"
    file.write_text(f'{name.replace("-", "_")} = "{SECRETS[name]}"')

    told = chatserver("config", "check", f"--{name}", SECRETS[name])

    assert told.code == 0 and len(told.err.splitlines()) == 1, told
    assert f"--{name}" in told.err and variable in told.err and "--config" in told.err and "`ps`" in told.err
    assert "sesame" not in told.err
    for quiet in (
        chatserver("config", "check", env={variable: SECRETS[name]}),
        chatserver("config", "check", "--config", file),
    ):
        assert (quiet.code, quiet.err) == (0, "")


def test_an_address_without_a_secret_is_not_warned_of() -> None:
    assert chatserver("config", "check", "--mongodb-uri", "mongodb://db1/chat?replicaSet=rs0").err == ""


def test_a_server_warns_once_and_starts(mongo: MongoNode) -> None:
    server = ServerProcess(mongodb_uri=mongo.uri)
    server.arguments += ["--host-secret", SECRETS["host-secret"]]
    try:
        server.start()
        assert server.log().count("`ps`") == 1
    finally:
        server.stop()
        server.forget()


def test_nothing_that_is_read_shows_a_secret_in_a_flag() -> None:
    read = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*")]
    flag = re.compile(r'--(?:mongodb-uri|amqp-url|host-secret)[ =]+["\'`]?(?:\w+://[^\s"]*@|[^-\s]*secret)')
    shown = [
        (file.name, found[0])
        for file in read
        if file.is_file() and file.suffix != ".png"
        for found in flag.finditer(file.read_text())
    ]
    assert shown == []


def test_make_run_installs_the_lock_by_its_hashes_and_development_adds_to_the_same_versions() -> None:
    script = (ROOT / "scripts" / "prepare").read_text()
    assert "install --require-hashes -r" in script
    assert "run) install_requirements requirements.lock ;;" in script
    said = subprocess.run(["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "scripts/prepare run" in said and "pip" not in said

    locked = pins(ROOT / "requirements.lock")
    for other in (
        "requirements.txt",
        "requirements-dev.txt",
        "tests/abuse/requirements.txt",
        "bench/requirements.txt",
    ):
        different = {
            name: (version, locked[name])
            for name, version in pins(ROOT / other).items()
            if name in locked and not version <= locked[name]
        }
        assert different == {}, f"{other} would install others than the lock: make lock"


def pins(file: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^\s;\\]+)", file.read_text(), re.MULTILINE
    ):
        found.setdefault(name.lower().replace("_", "-"), set()).add(version)
    return found
