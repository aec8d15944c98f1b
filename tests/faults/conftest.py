"""What the fault tests run on: a database of their own to kill, and servers that each test starts as it needs them.

FAULTS_SEED plays a run again, FAULTS_SCALE shortens it, FAULTS_DOCS names the document that takes its figures.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.faults.bench.load import Load
from tests.faults.bench.mutants import plant
from tests.faults.bench.summary import Row, Summary
from tests.faults.bench.town import Town
from tests.support.mongo import MongoNode
from tests.support.server import ROOT

_summary = Summary()


class Opens(Protocol):
    def __call__(self, town: Town, **options: Any) -> AbstractAsyncContextManager[Load]: ...


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _summary.took(report.location[2], report.duration, report.outcome)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _summary.rows:
        return
    terminalreporter.section("what the faults did")
    terminalreporter.write_line(_summary.text())
    terminalreporter.write_line(f"kept in {_summary.keep(ROOT / 'build')}")
    if document := os.environ.get("FAULTS_DOCS"):
        _summary.publish(Path(document))
        terminalreporter.write_line(f"and in {document}")


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Row:
    """This test's line in the summary."""
    return _summary.row(request.node.name)


@pytest.fixture(scope="session")
def killable_mongo() -> Iterator[MongoNode]:
    made = MongoNode().start()
    yield made
    made.stop()


@pytest.fixture
def town(killable_mongo: MongoNode, rabbit: Any, tmp_path: Path, row: Row) -> Iterator[Town]:
    """Not started yet; what a test did to broker and database is undone after it."""
    made = Town(killable_mongo, rabbit, tmp_path, row)
    yield made
    killable_mongo.thaw()
    if killable_mongo.process is None:
        killable_mongo.start()
    rabbit.ensure_running()
    made.stop()


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Call it with a name of bench/mutants.py: the servers started from then on are of that kind."""

    def plant_it(name: str) -> None:
        into = tmp_path / "mutant"
        into.mkdir()
        monkeypatch.setattr("tests.support.server.ROOT", plant(name, into))

    return plant_it


@pytest.fixture
def opened(io_loop: Any) -> Opens:
    @asynccontextmanager
    async def opens(town: Town, **options: Any) -> AsyncIterator[Load]:
        with town.oracle() as oracle:
            load = Load(options.pop("bases", town.bases), oracle, town.seed, **options)
            try:
                yield await load.open()
            finally:
                await load.close()

    return opens
