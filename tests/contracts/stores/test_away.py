"""A database that is away: every method of every store says so, and none hangs or says something else.

What they are asked with is made from their signatures, so that a new method is asked too.
"""

from __future__ import annotations

import asyncio
import inspect
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from chatserver import ports
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Attachment, Entry, Fact, Outcome
from chatserver.settings import Settings
from chatserver.storage import Storage
from chatserver.storage.embedded import uri_of
from tests.contracts.stores.conftest import NOW, message
from tests.support.waiting import in_time

FILE = "0123456789abcdef01234567"
# Where only some values mean anything.
SAMPLES: dict[Any, Any] = {
    datetime: NOW,
    Entry: Entry("read", 1, 1, 1, 1),
    Fact: Fact(1, 1, "message", 1, 1, NOW),
    Attachment: Attachment(FILE, "a.txt", "text/plain", 1, ""),
}
NAMED: dict[tuple[str, str, str], Any] = {
    ("AttachmentStore", "begun", "after"): FILE,
    ("AttachmentStore", "delete", "id"): FILE,
    ("AuditStore", "page", "before"): FILE,
}


def sample(kind: Any) -> Any:
    """Something of this type, and never an empty one: for nothing nobody asks the database."""
    if kind in SAMPLES:
        return SAMPLES[kind]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return sample(inner[0])
    if origin is tuple and inner[-1] is not ...:
        return tuple(sample(one) for one in inner)
    if origin is not None and issubclass(origin, Mapping):
        return {sample(inner[0]): sample(inner[1])}
    if origin is not None and issubclass(origin, Iterable):
        return [sample(inner[0])]
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        needed = [one for one in fields(kind) if one.default is one.default_factory is MISSING]
        return kind(**{one.name: sample(hints[one.name]) for one in needed})  # type: ignore[operator]
    return {"int": 1, "str": "a", "bytes": b"a", "bool": True, "float": 1.0}.get(kind.__name__, 1)


def methods() -> Iterator[tuple[str, str]]:
    """Every method of a store that is to be awaited, by the names of the port and of the method."""
    for name, port in vars(ports).items():
        if name.endswith("Store"):
            yield from ((name, m) for m, f in vars(port).items() if inspect.iscoroutinefunction(f))


def asked(port: str, method: str) -> dict[str, Any]:
    function = getattr(getattr(ports, port), method)
    hints = typing.get_type_hints(function, vars(ports))
    hints.pop("return")
    return {
        name: NAMED[port, method, name] if (port, method, name) in NAMED else sample(kind)
        for name, kind in hints.items()
    }


# But for the one that tells it in its answer.
METHODS = [one for one in methods() if one != ("FlushStore", "append_and_advance")]
AT_ONCE = 5  # so few that each asks the database, and none is turned away before it


def batched(ones: list[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    yield from (ones[start : start + size] for start in range(0, len(ones), size))


@pytest.fixture
def away(driver: str, io_loop: IOLoop, tmp_path: Path) -> Iterator[Storage]:
    """Stores on a socket that nobody has."""
    uri = uri_of(tmp_path / "none.sock")
    settings = Settings(mongodb_uri=uri, mongodb_driver=driver, mongodb_timeout_secs=0.1)

    async def make() -> Storage:
        return Storage(uri, settings, Clock())

    made = io_loop.run_sync(make)
    yield made
    io_loop.run_sync(made.close)


def store_of(stores: Storage, port: str) -> Any:
    """That which fulfils the port, by the name of its class."""
    return next(one for one in vars(stores).values() if type(one).__name__ == port)


@pytest.mark.gen_test
async def test_every_method_of_every_store_says_that_the_database_is_away(away: Storage) -> None:
    assert len(METHODS) >= 100
    answers = {}
    for some in batched(METHODS, AT_ONCE):
        calls = [getattr(store_of(away, port), name)(**asked(port, name)) for port, name in some]
        answers.update(zip(some, await in_time(asyncio.gather(*calls, return_exceptions=True)), strict=True))
    assert {one: answer for one, answer in answers.items() if not isinstance(answer, Unavailable)} == {}


@pytest.mark.gen_test
async def test_an_append_without_a_database_may_or_may_not_be_stored(away: Storage) -> None:
    flushed = await in_time(away.flushes.append_and_advance([message(1, 1), message(1, 2)]))
    assert list(flushed.outcomes) == [Outcome.UNKNOWN] * 2


@pytest.mark.gen_test
async def test_a_file_goes_neither_in_nor_out_without_a_database(away: Storage) -> None:
    with pytest.raises(Unavailable):
        async with away.attachments.upload("a.txt", "text/plain") as upload:
            await upload.write(b"x")
            await in_time(upload.finish())
    with pytest.raises(Unavailable):
        await in_time(anext(away.attachments.chunks(SAMPLES[Attachment], 0, 1)))
