"""What the fault tests run on: a database of their own to kill, and servers that each test starts as it needs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.faults.bench.load import Load
from tests.faults.bench.town import Town
from tests.support.mongo import MongoNode


class Opens(Protocol):
    def __call__(self, town: Town, **options: Any) -> AbstractAsyncContextManager[Load]: ...


@pytest.fixture(scope="session")
def killable_mongo() -> Iterator[MongoNode]:
    made = MongoNode().start()
    yield made
    made.stop()


@pytest.fixture
def town(killable_mongo: MongoNode, rabbit: Any, tmp_path: Path) -> Iterator[Town]:
    """Not started yet; what a test did to broker and database is undone after it."""
    made = Town(killable_mongo, rabbit, tmp_path)
    yield made
    killable_mongo.thaw()
    if killable_mongo.process is None:
        killable_mongo.start()
    rabbit.ensure_running()
    made.stop()


@pytest.fixture
def opened(io_loop: Any) -> Opens:
    @asynccontextmanager
    async def opens(town: Town, **options: Any) -> AsyncIterator[Load]:
        with town.oracle() as oracle:
            load = Load(town.bases, oracle, town.seed, **options)
            try:
                yield await load.open()
            finally:
                await load.close()

    return opens
