"""`chatserver doctor` where all is well, and where it is not."""

from __future__ import annotations

import importlib.metadata
import json
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatserver.errors import EX_UNAVAILABLE
from chatserver.storage.database_survey import DatabaseSurvey
from chatserver.storage.schema import Schema
from commands.checks import FAIL, OK, WARN, Finding, machine
from commands.checks.services import judged
from tests.support.command import Outcome, chatserver
from tests.support.rabbit import RabbitNode
from tests.support.server import ServerProcess

CHECKS = [
    "python",
    "packages",
    "mongod",
    "data directory",
    "port",
    "open files",
    "exposure",
    "proxy variables",
]
CHECKS += ["database", "replica set", "schema", "writes", "clock", "search", "broker"]


def found(outcome: Outcome) -> dict[str, Finding]:
    checks = json.loads(outcome.out)["checks"]
    return {check["check"]: Finding(**check) for check in checks}


def states(findings: Iterator[Finding] | list[Finding]) -> dict[str, str]:
    for finding in (listed := list(findings)):
        assert finding.text and (finding.cure or finding.state == OK), finding
    return {finding.check: finding.state for finding in listed}


def test_all_is_well_beside_a_running_server(server: ServerProcess, rabbit: RabbitNode) -> None:
    rabbit.ensure_running()
    there = ("--data-dir", server.data_dir, "--port", server.port, "--amqp-url", rabbit.url)

    outcome = chatserver("doctor", *map(str, there))

    assert outcome.code == 0, outcome
    lines = [line for line in outcome.out.splitlines() if not line.startswith(" ")]
    assert [line[6:].partition(":")[0] for line in lines] == CHECKS
    assert "a server of ours answers there" in outcome.out
    assert "a bell came back" in outcome.out and "RabbitMQ " in outcome.out


def test_what_a_server_lacks_is_told_with_its_cure(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        there = ("--data-dir", str(file), "--mongod", "/bin/false", "--port", str(port))

        outcome = chatserver("doctor", "--json", *there, env={"HTTP_PROXY": "http://proxy:3128"})

    assert outcome.code == EX_UNAVAILABLE
    checks = found(outcome)
    broken = {name: check.state for name, check in checks.items() if check.state != OK}
    broken.pop("python", None)
    assert broken == {"mongod": FAIL, "data directory": FAIL, "port": FAIL, "proxy variables": WARN}
    assert "CHATSERVER_MONGODB_URI" in checks["mongod"].cure
    assert "--data-dir" in checks["data directory"].cure
    assert "choose another with --port" in checks["port"].cure
    assert "no_proxy" in checks["proxy variables"].cure


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    outcome = chatserver(
        "doctor", "--json", "--mongodb-uri", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"
    )

    assert outcome.code == EX_UNAVAILABLE
    check = found(outcome)["database"]
    assert check.state == FAIL and "127.0.0.1:1" in check.text and "--mongodb-uri" in check.cure


def test_each_broker_says_what_it_refuses(server: ServerProcess, rabbit: RabbitNode) -> None:
    rabbit.ensure_running()
    rabbit.rabbitmqctl("add_user", "doctored", "secret")
    rabbit.rabbitmqctl("set_permissions", "doctored", "^amq", "^amq", "^amq")
    port = rabbit.port
    urls = (
        f"doctored:secret@127.0.0.1:{port}/",
        f"guest:wrong@127.0.0.1:{port}/",
        "guest:guest@127.0.0.1:1/",
    )
    there = ("--data-dir", str(server.data_dir), "--port", str(server.port))

    outcome = chatserver("doctor", "--amqp-url", ",".join(f"amqp://{url}" for url in urls), *there)

    assert outcome.code == EX_UNAVAILABLE and "secret" not in outcome.out and "wrong" not in outcome.out
    lines = [line for line in outcome.out.splitlines() if "broker:" in line]
    assert [line[:4] for line in lines] == [FAIL, FAIL, FAIL]
    assert "declare the exchange" in lines[0] and "ACCESS_REFUSED" in lines[0]
    assert "could not connect" in lines[1] and "ACCESS_REFUSED" in lines[1]
    assert "could not connect" in lines[2] and "refused" in lines[2]


def test_a_broker_that_holds_publishers_back_is_told(server: ServerProcess, rabbit: RabbitNode) -> None:
    rabbit.ensure_running()
    there = ("--data-dir", str(server.data_dir), "--port", str(server.port), "--amqp-url", rabbit.url)
    rabbit.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        check = found(chatserver("doctor", "--json", *there))["broker"]
    finally:
        rabbit.rabbitmqctl("set_vm_memory_high_watermark", "0.4")

    assert check.state == FAIL and "alarm" in check.text and "list_alarms" in check.cure


@pytest.mark.parametrize(
    ("survey", "embedded", "unwell"),
    [
        (DatabaseSurvey((8, 0, 19), "rs0", 3, 0.01, 0.1), False, {}),
        (DatabaseSurvey((6, 0, 5), "rs0", 1, 0.01, 0.1), True, {}),
        (DatabaseSurvey((6, 0, 5), "rs0", 3, 0.01, 0.1), False, {"database": WARN}),
        (DatabaseSurvey((6, 0, 27), "rs0", 3, 0.01, 0.1), False, {"database": WARN}),
        (DatabaseSurvey((4, 4, 29), "rs0", 3, 0.01, 0.1), False, {"database": FAIL}),
        (DatabaseSurvey((8, 0, 19), "", 0, 0.01, 0.1), False, {"replica set": WARN}),
        (DatabaseSurvey((8, 0, 19), "rs0", 2, 0.01, 0.1), False, {"replica set": WARN}),
        (DatabaseSurvey((8, 0, 19), "rs0", 3, 0.9, -9), False, {"writes": WARN, "clock": WARN}),
        (DatabaseSurvey((8, 0, 19), "rs0", 3, 0.01, 0.1, Schema(99, "7.0.0")), False, {"schema": FAIL}),
    ],
)
def test_a_database_is_judged(survey: DatabaseSurvey, embedded: bool, unwell: dict[str, str]) -> None:
    judgement = states(judged(survey, embedded=embedded))

    assert set(judgement) == {"database", "replica set", "schema", "writes", "clock"}
    assert {check: state for check, state in judgement.items() if state != OK} == unwell


def test_of_a_database_is_told_when_its_fixes_end_and_whether_the_tests_were_run_on_it() -> None:
    def told(*version: int, embedded: bool = False) -> str:
        return judged(DatabaseSurvey(version, "rs0", 3, 0.01, 0.1), embedded=embedded)[0].text

    assert "July 2025" in told(6, 0, 5, embedded=True) and "only" not in told(6, 0, 5, embedded=True)
    assert "August 2027" in told(7, 0, 28) and "the tests were run on 6.0 only" in told(7, 0, 28)
    assert "October 2029" in told(8, 0, 19)
    assert told(9, 0, 1) == "MongoDB 9.0.1; the tests were run on 6.0 only"


def test_missing_and_other_packages_and_few_open_files_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "pika":
            raise importlib.metadata.PackageNotFoundError
        return "0.0.1" if name == "tornado" else installed(name)

    installed = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))

    missing, other = machine.packages()

    assert (missing.state, missing.text) == (FAIL, "missing: pika==" + installed("pika"))
    assert other.state == WARN and "tornado 0.0.1 instead of" in other.text
    assert states(machine.open_files()) == {"open files": WARN}
