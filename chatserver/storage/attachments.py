"""Files of messages, laid out as GridFS does, a piece at a time in both directions.

GridFS' own writer keeps a file in memory until its end, its reader takes up to 16 MB for a client that takes a byte a
second. Here each piece is stored when it is full, and the document of the file last: pieces without one are of a file
that never came to its end.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from bson import ObjectId

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Attachment
from chatserver.ports import PIECE_BYTES
from chatserver.storage.driver import Collection

AT_ONCE = (
    4  # pieces being stored: many who send files leave most calls of the database to those who send texts
)
WAIT_SECS = 5.0  # for one's turn; less than a client may take to go on


class Upload:
    """`async with` it: leaving without `finish` takes back what was stored."""

    def __init__(self, store: AttachmentStore, name: str, type: str) -> None:
        self._store = store
        self._id = ObjectId()
        self._name = name
        self._type = type
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._parts: list[bytes] = []  # of the piece that is not full yet
        self._parts_bytes = 0
        self._pieces = 0
        self._finished = False

    async def __aenter__(self) -> Self:
        return self

    async def write(self, chunk: bytes) -> None:
        """Returns when no more than a piece is left to be stored. Raises Unavailable."""
        self._digest.update(chunk)
        self._size_bytes += len(chunk)
        self._parts.append(chunk)
        self._parts_bytes += len(chunk)
        while self._parts_bytes >= PIECE_BYTES:
            whole = b"".join(self._parts)
            self._parts, self._parts_bytes = [whole[PIECE_BYTES:]], len(whole) - PIECE_BYTES
            await self._keep(whole[:PIECE_BYTES])

    async def finish(self) -> Attachment:
        """Raises Unavailable."""
        if self._parts_bytes:
            await self._keep(b"".join(self._parts))
        await self._store.end(self._id, self._name, self._size_bytes)
        self._finished = True
        id = str(self._id)
        return Attachment(id, self._name, self._type, self._size_bytes, self._digest.hexdigest())

    async def _keep(self, piece: bytes) -> None:
        await self._store.keep(self._id, self._pieces, piece)
        self._pieces += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts = []
        if not self._finished:
            with suppress(Unavailable):  # the sweeper finds it
                await self._store.delete(str(self._id))


class AttachmentStore:
    """`files` has one document a file, `pieces` its bytes."""

    def __init__(self, files: Collection, pieces: Collection, clock: Clock) -> None:
        self._files = files
        self._pieces = pieces
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)

    def upload(self, name: str, type: str) -> Upload:
        return Upload(self, name, type)

    async def keep(self, id: ObjectId, number: int, piece: bytes) -> None:
        """Raises Unavailable."""
        try:
            async with self._clock.limit(WAIT_SECS):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("Too many files are coming in right now.") from None
        try:
            await self._pieces.insert_one({"_id": ObjectId(), "files_id": id, "n": number, "data": piece})
        finally:
            self._turns.release()
        metrics.UPLOADED_BYTES.inc(len(piece))

    async def end(self, id: ObjectId, name: str, size_bytes: int) -> None:
        """All pieces are there. Raises Unavailable."""
        at = self._clock.now()
        await self._files.insert_one(
            {"_id": id, "filename": name, "length": size_bytes, "chunkSize": PIECE_BYTES, "uploadDate": at}
        )

    async def chunks(self, attachment: Attachment, start: int, end: int) -> AsyncIterator[bytes]:
        """From `start` up to, but without, `end`; a piece at a time."""
        id = ObjectId(attachment.id)
        number, skipped = 0, start
        if start > 0:
            file = await self._files.find_one({"_id": id}, {"chunkSize": 1})
            number, skipped = divmod(start, file["chunkSize"]) if file else (0, start)
        left = end - start
        while left > 0:
            found = await self._pieces.find_one({"files_id": id, "n": number})
            if found is None:
                raise Unavailable("The attachment ended early.")
            chunk = bytes(found["data"])[skipped : skipped + left]
            left, number, skipped = left - len(chunk), number + 1, 0
            yield chunk

    async def begun(self, after: str, before: datetime, limit: int) -> list[str]:
        """Ids of the files begun after this one and before this moment, whole or not, the oldest first."""
        span = {"$gt": ObjectId(after or bytes(12)), "$lt": ObjectId.from_datetime(before)}
        whole = await self._files.find({"_id": span}, {"_id": 1}, sort=[("_id", 1)], limit=limit)
        first = await self._pieces.find(
            {"files_id": span, "n": 0}, {"_id": 0, "files_id": 1}, sort=[("files_id", 1)], limit=limit
        )
        ids = {doc["_id"] for doc in whole} | {doc["files_id"] for doc in first}
        return [str(id) for id in sorted(ids)[:limit]]

    async def delete(self, id: str) -> None:
        """Repeatable: one that is gone already is deleted. Raises Unavailable."""
        await self._files.delete_one({"_id": ObjectId(id)})
        await self._pieces.delete_many({"files_id": ObjectId(id)})
