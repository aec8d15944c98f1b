"""One server for the whole suite; a client, and two people who have talked, for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chatserver.guard.scopes import SCOPES
from tests.support import contract
from tests.support.client import Answer, Client, Device
from tests.support.command import chatserver
from tests.support.host import SECRET, SHOP
from tests.support.server import ServerProcess

ORIGIN = "https://chat.example.org"


@pytest.fixture(scope="session")
def limits() -> dict[str, int]:
    """The limits of the contract, which are the defaults."""
    return {"message": 4000, "client_id": 64, "attachment": 10 * 1024 * 1024, "history": 200}


@pytest.fixture
def client(server: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([server.base], check=contract.check)
    yield made
    made.close()


@pytest.fixture(scope="session")
def embedded() -> Iterator[ServerProcess]:
    """A chat inside another application."""
    env = {
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_GUESTS": "true",
        "CHATSERVER_REGISTRATION": "open",
        "CHATSERVER_FRAME_ANCESTORS": f"{SHOP}, http://localhost:3000",
        "CHATSERVER_CORS_ORIGINS": ORIGIN,
    }
    made = ServerProcess(env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def shop(embedded: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([embedded.base], check=contract.check)
    yield made
    made.close()


@pytest.fixture(scope="session")
def master(embedded: ServerProcess) -> str:
    """A key of the application with every scope, as the operator makes it."""
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    where = ("--data-dir", str(embedded.data_dir), "--json")
    return str(chatserver("key", "create", "--name", "master", *scopes, *where).json["key"])


@dataclass
class Pair:
    """Ann wrote two messages to Bob, who answered with one."""

    ann: Device
    bob: Device
    messages: list[dict[str, Any]]

    @property
    def conversation_id(self) -> int:
        return int(self.messages[0]["conversation_id"])


@pytest.fixture
def pair(client: Client, io_loop: Any) -> Pair:
    async def meet() -> Pair:
        ann, bob = await client.people("ann", "bob")
        said = [
            await ann.sent(bob, "hello"),
            await ann.sent(bob, "are you there?"),
            await bob.sent(ann, "yes"),
        ]
        return Pair(ann, bob, said)

    made: Pair = io_loop.run_sync(meet)
    return made


def assert_problem(answer: Answer, status: int, code: str, *fields: str) -> dict[str, Any]:
    """An error as the contract wants it: problem+json, complete, with the code, naming exactly these fields."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].split(";")[0] == "application/problem+json", answer.headers
    problem: dict[str, Any] = answer.json
    assert {"type", "title", "status", "detail", "code", "errors", "request_id"} <= set(problem), problem
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert isinstance(problem["detail"], str) and problem["detail"]
    assert isinstance(problem["request_id"], str) and problem["request_id"]
    assert isinstance(problem["errors"], list)
    if fields:
        assert {error["field"] for error in problem["errors"]} == set(fields), problem
    assert b"Traceback" not in answer.body and b"<html" not in answer.body.lower()
    return problem
