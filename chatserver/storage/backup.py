"""All documents of the database as they were at one moment, while servers go on writing; and back again.

A backup reads every collection in one snapshot session. It asks MongoDB to keep the past for as long as one may take;
where that is not ours to ask, MongoDB keeps it for five minutes (`minSnapshotHistoryWindowInSeconds`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import IO, Any

import bson
import pymongo
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure, PyMongoError

from chatserver import __version__, wire
from chatserver.errors import EX_TEMPFAIL, EX_UNAVAILABLE, StartupError
from chatserver.settings import Settings
from chatserver.storage.archive import Manifest, Progress, Reading, Writing
from chatserver.storage.driver import make_client
from chatserver.storage.inboxes import new_epoch
from chatserver.storage.marks import KEYS
from chatserver.storage.schema import MARK, Schema, refuse_newer, schema_of

ASIDE = "restoring."  # before the names of collections that are not yet in their places
ERASED = "erased"
PING_SECS = 3.0
CALL_SECS = 30.0
LONG_SECS = 3600.0  # one index of a large collection
BATCH_BYTES = 8 << 20
BATCH_DOCUMENTS = 2000
PAST = "minSnapshotHistoryWindowInSeconds"
PAST_SECS = 3600
SNAPSHOT_GONE = (239, 246)  # SnapshotTooOld, SnapshotUnavailable
# A backup does not know which ids were given out after it. Clients may, so these are never given out again.
JUMP = 1_000_000
_RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)


class Copies:
    """The database of these settings, whose `mongodb_uri` says where it is."""

    def __init__(self, client: Any, database: str) -> None:
        self.client = client
        self.database = client[database]

    async def count(self) -> int:
        """About how many documents there are."""
        names = await self._names()
        return sum([await self.database[name].estimated_document_count() for name in names])

    async def write(self, file: IO[bytes], at: datetime, progressed: Progress) -> Manifest:
        """Raises StartupError."""
        names = await self._names()
        server = await self.client.server_info()
        manifest = Manifest(__version__, server["version"], wire.moment(at) or "", None)
        archive = Writing(file)
        async with self._past_kept(), self.client.start_session(snapshot=True) as session:
            for name in names:
                collection = self.database.get_collection(name, codec_options=_RAW)
                member = archive.member(name)
                try:
                    # Who holds a copy is not to ring the bells of what it was copied from.
                    cursor = collection.find_raw_batches({"_id": {"$nin": list(KEYS)}}, session=session)
                    async for batch in cursor:
                        progressed(member.write(batch))
                except OperationFailure as error:
                    if error.code not in SNAPSHOT_GONE:
                        raise
                    raise StartupError(
                        f"MongoDB no longer has the moment this backup is of; raise its parameter {PAST}"
                        " above what a backup takes, then try again",
                        EX_TEMPFAIL,
                    ) from None
                manifest.collections[name] = member.close(await self._indexes(name))
            manifest.cluster_time = session._snapshot_time and session._snapshot_time.time
        archive.finish(manifest)
        return manifest

    @asynccontextmanager
    async def _past_kept(self) -> AsyncIterator[None]:
        admin = self.client.admin
        try:
            before = (await admin.command("getParameter", 1, **{PAST: 1}))[PAST]
            await admin.command("setParameter", 1, **{PAST: max(before, PAST_SECS)})
        except OperationFailure:  # another's database
            yield
            return
        try:
            yield
        finally:
            with suppress(PyMongoError):  # the backup is whole all the same
                await admin.command("setParameter", 1, **{PAST: before})

    async def is_used(self) -> bool:
        """Whether anybody has an account here."""
        return await self.database.users.find_one({}, {"_id": 1}) is not None

    async def last_sweep(self) -> datetime | None:
        """When a server last took its turn to sweep: every running one does so every few seconds."""
        found = await self.database.marks.find_one({"_id": "sweep"})
        return found.get("claimed_at") if found else None

    async def restore(self, archive: Reading, progressed: Progress) -> None:
        """Put everything beside what is there, then in its place. No server may run. If interrupted, repeat it.

        Raises StartupError, before anything is changed, for a backup of a schema that only a newer release knows.
        """
        refuse_newer(_schema_in(archive), "this backup")
        for name in await self.database.list_collection_names():
            if name.startswith(ASIDE):
                await self.database.drop_collection(name)
        parts = archive.manifest.collections
        for name, part in parts.items():
            await self._load(ASIDE + name, archive, name, progressed)
            if part.indexes:
                specs = json_util.loads(json.dumps(part.indexes))
                with pymongo.timeout(LONG_SECS):
                    await self.database.command("createIndexes", ASIDE + name, indexes=specs)
        await self._renew()
        await self._erased(archive)
        for name in await self._names():
            if name not in parts and name != ERASED:
                await self.database.drop_collection(name)
        for name in parts.keys() - {ERASED}:
            old, new = (f"{self.database.name}.{other}" for other in (ASIDE + name, name))
            await self.client.admin.command("renameCollection", old, to=new, dropTarget=True)

    async def _erased(self, archive: Reading) -> None:
        """Who was erased after the backup is to be erased again; the list outlives what it is about."""
        erased = self.database[ERASED]
        documents = archive.documents(ERASED) if ERASED in archive.manifest.collections else ()
        before = [bson.decode(document) for document in documents]
        await erased.update_many({"_id": {"$nin": [one["_id"] for one in before]}}, {"$set": {"again": True}})
        for one in before:
            await erased.replace_one({"_id": one["_id"]}, one, upsert=True)
        await self.database.drop_collection(ASIDE + ERASED)

    async def _load(self, target: str, archive: Reading, name: str, progressed: Progress) -> None:
        collection = await self.database.create_collection(target, codec_options=_RAW)
        batch: list[RawBSONDocument] = []
        size = 0
        for document in archive.documents(name):
            batch.append(RawBSONDocument(document))
            size += len(document)
            if size >= BATCH_BYTES or len(batch) >= BATCH_DOCUMENTS:
                await collection.insert_many(batch, ordered=False)
                progressed(len(batch))
                batch, size = [], 0
        if batch:
            await collection.insert_many(batch, ordered=False)
            progressed(len(batch))

    async def _renew(self) -> None:
        """Nobody's cursor may wait for a version, and no id come again, that the lost time had already given out."""
        epoch = {"$set": {"epoch": new_epoch()}}
        with pymongo.timeout(LONG_SECS):
            await self.database[ASIDE + "inboxes"].update_many({}, epoch)
        marks = self.database[ASIDE + "marks"]
        given = {doc["_id"]: doc["last"] async for doc in self.database.marks.find({"last": {"$gt": 0}})}
        async for doc in marks.find({"last": {"$gt": 0}}):
            last = max(doc["last"], given.get(doc["_id"], 0)) + JUMP
            await marks.update_one({"_id": doc["_id"]}, {"$set": {"last": last}})
        await marks.update_one({"_id": "sweep"}, {"$unset": {"claimed_at": ""}})
        # What this was copied from may still run, on the same broker.
        await marks.delete_one({"_id": "installation"})

    async def _names(self) -> list[str]:
        names = await self.database.list_collection_names(filter={"type": "collection"})
        return sorted(name for name in names if not name.startswith(("system.", ASIDE)))

    async def _indexes(self, name: str) -> list[Any]:
        cursor = await self.database[name].list_indexes()
        found = [{k: v for k, v in spec.items() if k not in ("v", "ns")} async for spec in cursor]
        listed: list[Any] = json.loads(json_util.dumps([spec for spec in found if spec["name"] != "_id_"]))
        return listed


def _schema_in(archive: Reading) -> Schema:
    documents = archive.documents("marks") if "marks" in archive.manifest.collections else ()
    marks = (bson.decode(document) for document in documents)
    return schema_of(next((mark for mark in marks if mark["_id"] == MARK), None))


@asynccontextmanager
async def open_copies(settings: Settings) -> AsyncIterator[Copies]:
    """Raises StartupError, also for what MongoDB refuses while the block runs."""
    client = make_client(settings.mongodb_uri, "pymongo", CALL_SECS, settings.tls_ca)
    try:
        with pymongo.timeout(PING_SECS):
            await client.admin.command("ping")
        yield Copies(client, settings.mongodb_database)
    except PyMongoError as error:
        reason = str(error).split(", Timeout:")[0].split(" (configured")[0].split(", full error")[0]
        raise StartupError(f"MongoDB: {reason}", EX_UNAVAILABLE) from None
    finally:
        await client.close()
