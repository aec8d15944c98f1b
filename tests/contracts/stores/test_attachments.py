"""Files in the database: laid out as GridFS does, so that what is there already and what its tools expect stay good."""

from __future__ import annotations

import os
from typing import Any

import gridfs
import pytest
from bson import ObjectId

from chatserver.model import Attachment
from chatserver.ports import PIECE_BYTES
from chatserver.storage import Storage


@pytest.fixture
def bucket(database: Any) -> gridfs.GridFSBucket:
    return gridfs.GridFSBucket(database)


async def contents(stores: Storage, file: Attachment) -> bytes:
    return b"".join([piece async for piece in stores.attachments.chunks(file, 0, file.size_bytes)])


@pytest.mark.gen_test
async def test_a_file_that_gridfs_wrote_is_still_read_and_deleted(
    stores: Storage, bucket: gridfs.GridFSBucket
) -> None:
    data = os.urandom(3 * PIECE_BYTES + 17)
    id = str(bucket.upload_from_stream("old", data))
    assert await contents(stores, Attachment(id, "old", "text/plain", len(data), "")) == data
    await stores.attachments.delete(id)
    with pytest.raises(gridfs.NoFile):
        bucket.open_download_stream(ObjectId(id))


@pytest.mark.gen_test
@pytest.mark.parametrize("size_bytes", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
async def test_gridfs_reads_what_we_write(
    stores: Storage, bucket: gridfs.GridFSBucket, size_bytes: int
) -> None:
    data = os.urandom(size_bytes)
    async with stores.attachments.upload("new", "text/plain") as upload:
        for start in range(0, size_bytes, 65536):
            await upload.write(data[start : start + 65536])
        file = await upload.finish()
    assert bucket.open_download_stream(ObjectId(file.id)).read() == data
    assert await contents(stores, file) == data


@pytest.mark.gen_test
async def test_pieces_are_stored_as_they_come_and_taken_back_when_the_end_does_not(
    stores: Storage, database: Any, bucket: gridfs.GridFSBucket
) -> None:
    pieces, before = database["fs.chunks"], database["fs.chunks"].distinct("files_id")
    async with stores.attachments.upload("half", "text/plain") as upload:
        await upload.write(b"x" * (5 * PIECE_BYTES + 1))
        own = {"files_id": {"$nin": before}}
        assert [len(piece["data"]) for piece in pieces.find(own)] == [PIECE_BYTES] * 5, (
            "all but the last byte"
        )
        assert not list(bucket.find({"_id": {"$in": pieces.distinct("files_id", own)}})), (
            "there is no file before its end"
        )
    assert pieces.count_documents(own) == 0
