"""The worlds in which every promise is kept: one process alone, and two that share a broker and a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.client import Client, unique
from tests.support.event_stream import StreamingClient
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess

ALONE, TWO = "alone", "two-processes"
# Of a test that receives with a cursor: once by polls, once by streams of events.
EITHER_WAY = pytest.mark.parametrize("client", ["polls", "streams"], indirect=True)
EITHER_WAY_FRESH = pytest.mark.parametrize("fresh_client", ["polls", "streams"], indirect=True)


@dataclass
class World:
    """Some servers that are one chat. `freeze`, `thaw` and `kill_database` act on the mongod behind them."""

    servers: list[ServerProcess]
    mongo: MongoNode | None = None
    rabbit: Any = None
    _frozen: list[Any] = field(default_factory=list)

    @property
    def bases(self) -> list[str]:
        return [server.base for server in self.servers]

    @property
    def first(self) -> str:
        return self.bases[0]

    @property
    def last(self) -> str:
        """Another process than the first wherever there are two."""
        return self.bases[-1]

    def freeze(self) -> None:
        if self.mongo:
            self.mongo.freeze()
        else:
            child = self.servers[0].mongod()
            child.suspend()
            self._frozen.append(child)

    def thaw(self) -> None:
        if self.mongo:
            self.mongo.thaw()
        while self._frozen:
            self._frozen.pop().resume()

    def kill_database(self) -> None:
        if self.mongo:
            self.mongo.kill()
        else:
            self.servers[0].mongod().kill()

    def stop(self) -> None:
        self.thaw()
        with ExitStack() as stack:  # one that ends badly must not leave the others running
            for server in self.servers:
                stack.callback(server.forget)
                stack.callback(server.assert_clean_log)
                stack.callback(server.stop)


def build(shape: str, request: pytest.FixtureRequest, env: dict[str, str] | None = None) -> World:
    if shape == ALONE:
        return World([ServerProcess(env=env).start()])
    mongo, rabbit = request.getfixturevalue("mongo"), request.getfixturevalue("rabbit")
    env = {"CHATSERVER_MONGODB_DATABASE": unique("chat"), **(env or {})}
    servers = [ServerProcess(mongodb_uri=mongo.uri, amqp_url=rabbit.url, env=env).start() for _ in range(2)]
    return World(servers, mongo, rabbit)


@pytest.fixture(scope="session", params=[ALONE, TWO])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def world(shape: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """The servers that all tests of a shape share. Nothing is done to them but requests."""
    if shape == ALONE:
        yield World([request.getfixturevalue("server")])
        return
    made = build(shape, request)
    yield made
    made.stop()


@pytest.fixture
def fresh(shape: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """Servers of one test's own, to stop, kill and starve."""
    made = build(shape, request)
    yield made
    made.stop()


def receiving(request: pytest.FixtureRequest) -> type[Client]:
    """Polls, wherever a test does not say otherwise."""
    return StreamingClient if getattr(request, "param", "polls") == "streams" else Client


@pytest.fixture
def client(world: World, io_loop: Any, request: pytest.FixtureRequest) -> Iterator[Client]:
    made = receiving(request)(world.bases)
    yield made
    made.close()


@pytest.fixture
def fresh_client(fresh: World, io_loop: Any, request: pytest.FixtureRequest) -> Iterator[Client]:
    made = receiving(request)(fresh.bases)
    yield made
    made.close()


@pytest.fixture
def settled(fresh: World) -> Callable[[], bool]:
    """Whether every server of the fresh world says it is ready."""
    return lambda: all(server.is_ready() for server in fresh.servers)
