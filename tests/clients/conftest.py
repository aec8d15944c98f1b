"""One server inside an application, for the clients of its servers and of its people; and both ways to make a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chatserver_client import AsyncChat, Call, Chat, Poll, Signer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chatserver.guard.scopes import SCOPES
from tests.support.command import chatserver
from tests.support.host import SECRET
from tests.support.server import ServerProcess


@pytest.fixture(scope="session")
def pairs() -> dict[str, Any]:
    """A private key for each algorithm that has two halves."""
    return {
        "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }


@pytest.fixture(scope="session")
def school(pairs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """It knows a secret of the application, and the public half of each pair by the name of its algorithm."""
    folder = tmp_path_factory.mktemp("keys")
    for algorithm, pair in pairs.items():
        public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{algorithm}.pem").write_bytes(public)
    env = {
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_HOST_KEYS": ", ".join(f"{one}:{one}:{folder}/{one}.pem" for one in pairs),
        "CHATSERVER_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    made = ServerProcess(env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture(scope="session")
def key(school: ServerProcess) -> str:
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    where = ("--data-dir", str(school.data_dir), "--json")
    return str(chatserver("key", "create", "--name", "school", *scopes, *where).json["key"])


@pytest.fixture
def signer() -> Signer:
    return Signer(SECRET)


class Either:
    """A client of one of the two kinds, for tests that hold for both."""

    def __init__(self, kind: type[Chat] | type[AsyncChat], *given: Any, **more: Any) -> None:
        self._made = kind(*given, **more)

    def do(self, call: Call[Any]) -> Any:
        if isinstance(self._made, Chat):
            return self._made.do(call)
        return asyncio.run(self._made.do(call))

    def until(self, poll: Poll, kind: str) -> Any:
        """The next event of that kind; None where the poll ends before."""
        if isinstance(self._made, Chat):
            return next((event for event in self._made.poll(poll) if event["event"] == kind), None)
        return asyncio.run(self._until(self._made, poll, kind))

    async def _until(self, chat: AsyncChat, poll: Poll, kind: str) -> Any:
        events = chat.poll(poll)
        try:
            async for event in events:
                if event["event"] == kind:
                    return event
        finally:
            await events.aclose()
        return None


@pytest.fixture(params=[Chat, AsyncChat], ids=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Callable[..., Either]:
    return lambda *given, **more: Either(request.param, *given, **more)


@pytest.fixture
def app(client: Callable[..., Either], school: ServerProcess, key: str) -> Either:
    """The application's server."""
    return client(school.base, key)


@pytest.fixture
def person(client: Callable[..., Either], school: ServerProcess, signer: Signer) -> Callable[[str], Either]:
    """One of the application's people, by their sub."""
    return lambda sub: client(school.base, lambda: signer.mint(sub, name=f"P {sub}"))
