"""One server for most abuse, a row of the ledger for each test."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.abuse.bench.ledger import Row, keep
from tests.abuse.bench.victim import Victim, running
from tests.support import contract
from tests.support.client import Client
from tests.support.mongo import MongoNode


@pytest.fixture(scope="session")
def victim(mongo: MongoNode) -> Iterator[Victim]:
    with running(mongo) as made:
        yield made


@pytest.fixture
def client(victim: Victim, io_loop: Any) -> Iterator[Client]:
    made = Client([victim.base], check=contract.check)
    yield made
    made.close()


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Iterator[Row]:
    made = Row(request.node.name)
    begun = time.monotonic()
    yield made
    made.secs = time.monotonic() - begun
    made.outcome = getattr(request.node, "abuse_outcome", "error")
    keep(made)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.abuse_outcome = report.outcome  # type: ignore[attr-defined]
    return report
