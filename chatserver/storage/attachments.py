"""Files of messages, in GridFS, a chunk at a time in both directions."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from bson import ObjectId
from gridfs.errors import NoFile
from pymongo.errors import PyMongoError

from chatserver.errors import Unavailable
from chatserver.model import Attachment
from chatserver.storage.driver import Collection, settled
from chatserver.storage.gate import Gate


class Upload:
    """`async with` it: leaving without `finish` takes back what was written."""

    def __init__(self, stream: Any, gate: Gate, name: str, type: str) -> None:
        self._stream = stream
        self._gate = gate
        self._name = name
        self._type = type
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._finished = False

    async def __aenter__(self) -> Self:
        return self

    async def write(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._size_bytes += len(chunk)
        await _through(self._gate, lambda: self._stream.write(chunk))

    async def finish(self) -> Attachment:
        await _through(self._gate, self._stream.close)
        self._finished = True
        return Attachment(
            str(self._stream._id), self._name, self._type, self._size_bytes, self._digest.hexdigest()
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            await _through(self._gate, self._stream.abort)


class AttachmentStore:
    def __init__(self, bucket: Any, files: Collection, chunks: Collection, gate: Gate) -> None:
        """`files` and `chunks` are where the bucket keeps one document a file, and its bytes."""
        self._bucket = bucket
        self._gate = gate
        self._files = files
        self._chunks = chunks

    def upload(self, name: str, type: str) -> Upload:
        return Upload(self._bucket.open_upload_stream(name), self._gate, name, type)

    async def chunks(self, attachment: Attachment, start: int, end: int) -> AsyncIterator[bytes]:
        """From `start` up to, but without, `end`.

        One at a time: GridFS' own reader takes up to 16 MB into memory for a client that takes a byte a second.
        """
        id = ObjectId(attachment.id)
        number, skipped = 0, start
        if start > 0:
            file = await self._files.find_one({"_id": id}, {"chunkSize": 1})
            number, skipped = divmod(start, file["chunkSize"]) if file else (0, start)
        left = end - start
        while left > 0:
            found = await self._chunks.find_one({"files_id": id, "n": number})
            if found is None:
                raise Unavailable("The attachment ended early.")
            chunk = bytes(found["data"])[skipped : skipped + left]
            left, number, skipped = left - len(chunk), number + 1, 0
            yield chunk

    async def begun(self, after: str, before: datetime, limit: int) -> list[str]:
        """Ids of the files begun after this one and before this moment, the oldest first."""
        span = {"$gt": ObjectId(after or bytes(12)), "$lt": ObjectId.from_datetime(before)}
        found = await self._files.find({"_id": span}, {"_id": 1}, sort=[("_id", 1)], limit=limit)
        return [str(doc["_id"]) for doc in found]

    async def delete(self, id: str) -> None:
        """Repeatable: one that is gone already is deleted."""
        try:
            await _through(self._gate, lambda: self._bucket.delete(ObjectId(id)))
        except Unavailable as error:
            if not isinstance(error.__cause__, NoFile):
                raise


async def _through(gate: Gate, start: Callable[[], Any]) -> Any:
    """A call of the bucket, behind the same gate as all others. Raises Unavailable."""

    async def run() -> Any:
        return await settled(start())

    try:
        return await gate.call("file", run)
    except PyMongoError as error:  # what the gate leaves to those who insert documents themselves
        raise Unavailable("The database does not answer right now.") from error
