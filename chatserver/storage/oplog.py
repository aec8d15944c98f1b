"""A reader that waits at the end of the oplog, so that mongod shows every write there at once.

A write that waits for the journal first waits until readers of the oplog may see it, and mongod lets them up to a
millisecond later, to show more at a time: unless one of them is waiting (its OplogVisibilityThread). In a set of several
members every secondary is. One that stands alone has nobody, and this reader takes its place (decision 0019).
"""

from __future__ import annotations

from typing import Any

import structlog
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from chatserver.clock import Clock
from chatserver.tls import mongodb_over_tls

log = structlog.get_logger(__name__)

WAIT_SECS = 0.5  # of one look; then the next
# Entries of the oplog in the present second. Beyond that writes wait for one another anyway, and looking at so many
# entries would cost mongod more than it saves.
BUSY = 1_500
DEADLINE_SECS = 2.0  # of everything else, and of the answer to a look beyond its time
PAUSE_SECS = 1.0  # so that after one look at a second's end the next is not at the beginning of another
UNNEEDED_SECS = 60.0  # until it is asked again whether the database stands alone, or lets us
FORBIDDEN = 13


class OplogReader:
    """Never in the way: what goes wrong with it costs that millisecond, and is tried again."""

    def __init__(self, uri: str, tls_ca: str, clock: Clock) -> None:
        self._uri = uri
        self._tls_ca = tls_ca
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. On a connection of its own, because it is always in use."""
        options: dict[str, Any] = {
            "appname": "chatserver oplog",
            "connectTimeoutMS": int(DEADLINE_SECS * 1000),
            "serverSelectionTimeoutMS": int(DEADLINE_SECS * 1000),
            "socketTimeoutMS": int((WAIT_SECS + DEADLINE_SECS) * 1000),
        }
        if self._tls_ca and mongodb_over_tls(self._uri):
            options["tlsCAFile"] = self._tls_ca
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(self._uri, **options) as client:
            while True:
                pause = PAUSE_SECS
                try:
                    hello = await client.admin.command("hello")
                    if len(hello.get("hosts", ())) != 1:
                        pause = UNNEEDED_SECS
                    elif not _is_busy(hello):
                        await self._read(client.local)
                except Exception as error:  # an oplog that has no entry yet is none of MongoDB's errors
                    if isinstance(error, OperationFailure) and error.code == FORBIDDEN:
                        pause = UNNEEDED_SECS
                    log.debug("the oplog is not read", error=str(error))
                await self._clock.sleep(pause)

    async def _read(self, local: Any) -> None:
        """Until there is too much to do, or the cursor is over, as after a change of the primary."""
        newest = {"find": "oplog.rs", "sort": {"$natural": -1}, "limit": 1, "projection": {"ts": 1}}
        [last] = (await local.command(newest))["cursor"]["firstBatch"]
        # No entry is of this kind: it waits for ever, and nothing is sent.
        none = {"ts": {"$gte": last["ts"]}, "op": "none"}
        found = await local.command(
            {"find": "oplog.rs", "filter": none, "batchSize": 0, "tailable": True, "awaitData": True}
        )
        while (id := found["cursor"]["id"]) and not _is_busy(found):
            found = await local.command(
                {"getMore": id, "collection": "oplog.rs", "maxTimeMS": int(WAIT_SECS * 1000)}
            )
        if id:
            await local.command({"killCursors": "oplog.rs", "cursors": [id]})


def _is_busy(reply: dict[str, Any]) -> bool:
    """Every reply names the newest entry: which second, and the how manyth in it."""
    newest = reply.get("operationTime")
    return newest is not None and newest.inc > BUSY
