"""One cluster for the whole run: what a test breaks it mends, and the next one begins with everything whole."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.brokers import RabbitCluster
from tests.cluster.town import ClusterTown, Database, brokers
from tests.faults.bench.summary import Row, Summary
from tests.faults.conftest import opened as opened  # the same people and the same load
from tests.support import rabbit as rabbits
from tests.support.client import Client
from tests.support.proxy import program
from tests.support.server import ROOT
from tests.system.delivery.conftest import TWO, World

_summary = Summary()
_delivery: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.location[0].endswith("test_delivery.py"):
        if report.when == "call" or report.outcome != "passed":
            _delivery[report.outcome] += 1
        return
    _summary.took(report.location[2], report.duration, report.outcome)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table; CLUSTER_DOCS names the document that takes it."""
    if not _summary.rows:
        return
    if _delivery:
        told = ", ".join(f"{count} {outcome}" for outcome, count in _delivery.items())
        _summary.row("delivery suite").figures.append(
            f"{told}, each test through nginx or at one of two nodes"
        )
    terminalreporter.section("what was broken in the cluster")
    terminalreporter.write_line(_summary.text())
    terminalreporter.write_line(f"kept in {_summary.keep(ROOT / 'build', 'cluster')}")
    if document := os.environ.get("CLUSTER_DOCS"):
        _summary.publish(Path(document))
        terminalreporter.write_line(f"and in {document}")


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitCluster]:
    if reason := rabbits.missing():
        pytest.skip(reason)
    made = brokers()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    made = Database()
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="session")
def cluster(
    rabbit: RabbitCluster, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClusterTown]:
    if program("nginx") is None:
        pytest.skip("nginx is not installed: scripts/prepare test")
    directory: Path = tmp_path_factory.mktemp("cluster")
    made = ClusterTown(None, rabbit, directory, Row(""), database=database)  # type: ignore[arg-type]
    try:
        yield made.open()
    finally:
        made.stop()


@pytest.fixture
def town(cluster: ClusterTown, io_loop: Any, request: pytest.FixtureRequest) -> Iterator[ClusterTown]:
    """Whole before and after every test."""
    io_loop.run_sync(cluster.whole)
    cluster.row = _summary.row(request.node.name)
    yield cluster
    cluster.rabbit.start()
    cluster.database.start()
    io_loop.run_sync(cluster.whole)


# The delivery suite's own fixtures, for servers of this kind.


@pytest.fixture(scope="session")
def shape(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", TWO))


@pytest.fixture(scope="session")
def world(cluster: ClusterTown) -> World:
    """One address, whatever stands behind it."""
    made = World(list(cluster.servers), cluster.database, cluster.rabbit)  # type: ignore[arg-type]
    return made


@pytest.fixture
def fresh(shape: str, cluster: ClusterTown, io_loop: Any) -> Iterator[World]:
    """Two nodes of one test's own on the same brokers and the same database, each reached by itself."""
    town = ClusterTown(None, cluster.rabbit, cluster.directory, Row(""), database=cluster.database)  # type: ignore[arg-type]
    town.open()
    io_loop.run_sync(town.whole)
    made = World(list(town.servers), cluster.database, cluster.rabbit)  # type: ignore[arg-type]
    yield made
    made.thaw()
    cluster.rabbit.start()
    cluster.database.start()
    town.stop()


@pytest.fixture
def client(cluster: ClusterTown, io_loop: Any) -> Iterator[Client]:
    made = Client(cluster.bases)
    yield made
    made.close()


@pytest.fixture
def fresh_client(fresh: World, io_loop: Any) -> Iterator[Client]:
    made = Client(fresh.bases)
    yield made
    made.close()


@pytest.fixture
def settled(fresh: World) -> Any:
    return lambda: all(server.is_ready() for server in fresh.servers)
