"""What all suites share: the event loop of a test, and the real things they run against."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.support import rabbit as rabbits
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess

TESTS = Path(__file__).parent
LONGEST = ("faults", "system")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take longest begin first: begun last, one of them would run on while the other cores wait."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is installed (CI is set) a skipped test is a failed one: it proved nothing."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI forbids: {report.longrepr}"
    return report


@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """pytest-tornado's loop, made the way today's Tornado wants it; what a test left running ends with it."""
    loop = IOLoop(make_current=False)
    asyncio.set_event_loop(loop.asyncio_loop)
    yield loop
    left = asyncio.all_tasks(loop.asyncio_loop)
    for task in left:
        task.cancel()
    loop.asyncio_loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    asyncio.set_event_loop(None)
    loop.close(all_fds=True)


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    """`python run.py` and nothing else, shared by every test that only talks to it."""
    made = ServerProcess().start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture(scope="session")
def mongo() -> Iterator[MongoNode]:
    """A mongod for servers that share one."""
    made = MongoNode().start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def rabbit() -> Iterator[rabbits.RabbitNode]:
    """A broker, started when the first test asks for it."""
    if reason := rabbits.missing():
        pytest.skip(reason)
    with rabbits.running() as node:
        yield node
