"""What the host has given of a job so far, or is given by it: {_id: {j, n}, sha256, lines, data}.

`data` is compressed as it is stored, in a thread, for it may be megabytes.
"""

from __future__ import annotations

import asyncio
import zlib
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from chatserver.model import JobPart
from chatserver.storage.driver import Collection, Document


class JobPartStore:
    def __init__(self, collection: Collection) -> None:
        self._parts = collection

    async def add(self, part: JobPart, data: bytes, ends_at: datetime) -> JobPart:
        """The one that stands under this number then, which may be another."""
        id = {"j": part.job_id, "n": part.number}
        try:
            await self._parts.insert_one({"_id": id, **await _stored(part, data, ends_at)})
        except DuplicateKeyError:
            found = await self._parts.find_one({"_id": id}, {"data": 0})
            return _part(found) if found else part
        return part

    async def replace(self, part: JobPart, data: bytes, ends_at: datetime) -> None:
        """It stands under this number then, whatever stood there."""
        stored = await _stored(part, data, ends_at)
        await self._parts.update_one(
            {"_id": {"j": part.job_id, "n": part.number}}, {"$set": stored}, upsert=True
        )

    async def all(self, job_id: int) -> list[JobPart]:
        found = await self._parts.find(_of(job_id), {"data": 0}, sort=[("_id", 1)])
        return [_part(doc) for doc in found]

    async def data(self, job_id: int, number: int) -> bytes:
        """Nothing where there is no such part."""
        found = await self._parts.find_one({"_id": {"j": job_id, "n": number}}, {"data": 1})
        return await asyncio.to_thread(zlib.decompress, found["data"]) if found else b""

    async def remove(self, job_id: int) -> None:
        await self._parts.delete_many(_of(job_id))


async def _stored(part: JobPart, data: bytes, ends_at: datetime) -> Document:
    packed = await asyncio.to_thread(zlib.compress, data, 1)
    return {"sha256": part.sha256, "lines": part.lines, "data": packed, "ends_at": ends_at}


def _of(job_id: int) -> Document:
    return {"_id": {"$gte": {"j": job_id, "n": 0}, "$lt": {"j": job_id + 1, "n": 0}}}


def _part(document: Document) -> JobPart:
    return JobPart(document["_id"]["j"], document["_id"]["n"], document["sha256"], document["lines"])
