"""The driver of MongoDB, whichever is in use, and how its calls are made here."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import pymongo
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    InvalidURI,
)

from chatserver import metrics
from chatserver.errors import EX_CONFIG, StartupError, Unavailable
from chatserver.mongodb_uri import over_tls
from chatserver.storage import script
from chatserver.storage.cover import sure
from chatserver.storage.gate import Gate
from chatserver.storage.script import Script

Document = dict[str, Any]
T = TypeVar("T")

MAX_FEW = 100_000
WRITE_CONCERN: Document = {"w": "majority", "j": True}
UNJOURNALED: Document = {"w": 1, "j": False}  # only beside a Cover, or where the loss of it loses nothing
INDEX_SECS = 3600


def make_client(uri: str, driver: str, timeout_secs: float, tls_ca: str = "") -> Any:
    """A client on the running loop that only ever acknowledges what a majority has journaled."""
    options: dict[str, Any] = {
        "w": WRITE_CONCERN["w"],
        "journal": WRITE_CONCERN["j"],
        "readConcernLevel": "majority",
        "readPreference": "primary",
        "timeoutMS": int(timeout_secs * 1000),
        "serverSelectionTimeoutMS": int(timeout_secs * 750),
        "connectTimeoutMS": int(timeout_secs * 750),
        "heartbeatFrequencyMS": 2000,
        "tz_aware": True,
        "appname": "chatserver",
    }
    try:
        # Naming a CA alone would switch TLS on, also for the embedded database.
        if tls_ca and over_tls(uri):
            options["tlsCAFile"] = tls_ca
        if driver == "pymongo":
            return pymongo.AsyncMongoClient(uri, **options)
        from motor.motor_tornado import MotorClient

        return MotorClient(uri, **options)
    except (InvalidURI, ConfigurationError, ValueError, OSError) as error:
        raise StartupError(f"--mongodb-uri cannot be used: {error}", EX_CONFIG) from None


async def settled(value: Awaitable[T] | T) -> T:
    """What one driver returns and the other only promises."""
    return await value if inspect.isawaitable(value) else value


class Collection:
    """A collection behind the gate. Reads return plain lists: every reader here is bounded by its caller."""

    def __init__(self, collection: Any, gate: Gate) -> None:
        self._collection = collection
        self._gate = gate

    async def find(
        self,
        filter: Document,
        projection: Document | None = None,
        *,
        sort: Sequence[tuple[str, int]] | None = None,
        limit: int = 0,
        skip: int = 0,
        hint: Sequence[tuple[str, int]] | None = None,
    ) -> list[Document]:
        cursor = self._collection.find(
            filter, projection, sort=sort, limit=limit, skip=skip, batch_size=MAX_FEW, hint=hint
        )
        return await self._gate.call("find", lambda: cursor.to_list(None))

    async def find_few(
        self, filter: Document, projection: Document, level: str = "majority"
    ) -> list[Document]:
        """What fits into one answer of the server (16 MiB): three quarters of the cost of a cursor."""
        command = self.reading(filter, projection, level)
        run_command, options = self._collection.database.command, self._collection.codec_options
        reply = await self._read("find", lambda: run_command(command, codec_options=options))
        documents: list[Document] = reply["cursor"]["firstBatch"]
        return documents

    async def run_reads(self, operation: str, commands: Callable[[], Script[T]]) -> T:
        """A script that writes nothing."""
        return await self._read(operation, lambda: script.run(self._collection.database, commands()))

    async def _read(self, operation: str, start: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            try:
                return await start()
            except AutoReconnect:  # as for any other read: once more, with whoever is primary then
                return await start()

        return await self._gate.call(operation, run)

    def reading(
        self,
        filter: Document,
        projection: Document,
        level: str,
        hint: Sequence[tuple[str, int]] | None = None,
    ) -> Document:
        """A command, for a script as well: its reply has all documents in `cursor.firstBatch`."""
        what = {"find": self._collection.name, "filter": filter, "projection": projection}
        how = {"hint": dict(hint)} if hint else {}
        return {**what, **how, "batchSize": MAX_FEW, "singleBatch": True, "readConcern": {"level": level}}

    def aggregating(self, pipeline: list[Document]) -> Document:
        """The same for what a pipeline gives."""
        what = {"aggregate": self._collection.name, "pipeline": pipeline}
        return {**what, "cursor": {"batchSize": MAX_FEW}, "readConcern": {"level": "majority"}}

    async def aggregate(self, pipeline: list[Document]) -> list[Document]:
        async def run() -> list[Document]:
            cursor = await settled(self._collection.aggregate(pipeline))
            documents: list[Document] = await cursor.to_list(None)
            return documents

        return await self._gate.call("aggregate", run)

    async def bulk_write(self, writes: list[Any], *, ordered: bool) -> Any:
        """Raises Unavailable also for a part: a failover may end it in the middle. All of ours may be repeated."""
        try:
            return await self._gate.call(
                "bulk_write", lambda: self._collection.bulk_write(writes, ordered=ordered)
            )
        except BulkWriteError as error:
            metrics.MONGODB_ERRORS.inc()
            raise Unavailable("The database did not take all of it.") from error

    async def create_index(self, keys: Any, **options: Any) -> None:
        """As long as it takes: over millions of documents, which a new version may find, some minutes."""
        with pymongo.timeout(INDEX_SECS):
            await self._gate.call("create_index", lambda: self._collection.create_index(keys, **options))

    async def count(self, filter: Document) -> int:
        return await self._gate.call("count", lambda: self._collection.count_documents(filter))

    async def find_one(self, filter: Document, projection: Document | None = None) -> Document | None:
        return await self._gate.call("find_one", lambda: self._collection.find_one(filter, projection))

    async def insert_one(self, document: Document) -> None:
        await self._gate.call("insert_one", lambda: self._collection.insert_one(document))

    def insertion(
        self, documents: list[Document], *, ordered: bool, concern: Document = WRITE_CONCERN
    ) -> Document:
        """A command for a script. `writeErrors` and `writeConcernError` of its reply are for the caller to read.

        The writes of every flush are plain commands: the driver's bulk helpers cost twice the Python.
        """
        what = {"insert": self._collection.name, "documents": documents}
        return {**what, "ordered": ordered, "writeConcern": concern}

    def updating(self, updates: list[Document], concern: Document = WRITE_CONCERN) -> Document:
        """A command for a script, unordered. `sure` looks at its reply."""
        what = {"update": self._collection.name, "updates": updates}
        return {**what, "ordered": False, "writeConcern": concern}

    async def run(self, operation: str, commands: Script[T]) -> T:
        return await self._gate.call(operation, lambda: script.run(self._collection.database, commands))

    async def update(self, updates: list[Document], concern: Document = WRITE_CONCERN) -> Document:
        """Raises Unavailable also for a part: ours may be repeated. The driver does that for `bulk_write` alone."""

        def commands() -> Script[Document]:
            return (yield self.updating(updates, concern))

        return sure(await self.run("update", commands()))

    async def update_one(self, filter: Document, update: Any, *, upsert: bool = False) -> Any:
        return await self._gate.call(
            "update_one", lambda: self._collection.update_one(filter, update, upsert=upsert)
        )

    async def update_many(self, filter: Document, update: Any) -> Any:
        return await self._gate.call("update_many", lambda: self._collection.update_many(filter, update))

    async def find_one_and_update(
        self,
        filter: Document,
        update: Any,
        *,
        upsert: bool = False,
        after: bool = False,
        projection: Document | None = None,
    ) -> Document | None:
        side = pymongo.ReturnDocument.AFTER if after else pymongo.ReturnDocument.BEFORE
        return await self._gate.call(
            "find_one_and_update",
            lambda: self._collection.find_one_and_update(
                filter, update, projection, upsert=upsert, return_document=side
            ),
        )

    async def delete_one(self, filter: Document) -> int:
        result = await self._gate.call("delete_one", lambda: self._collection.delete_one(filter))
        return int(result.deleted_count)

    async def delete_many(self, filter: Document) -> int:
        result = await self._gate.call("delete_many", lambda: self._collection.delete_many(filter))
        return int(result.deleted_count)
