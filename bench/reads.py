"""Everybody in a group reads one message: how many inboxes are written to for a read, whatever the number of members.

A write to an inbox raises its version by one, so the versions of all of them tell.
"""

from __future__ import annotations

import asyncio
import json

from pymongo import MongoClient

from bench import machine
from bench.founding import founded, into
from bench.load import Connection, call, connect, post, post_head
from bench.machine import Measured, spent
from bench.people import Failures, tags
from bench.targets import Target
from chatserver.settings import Settings

AT_ONCE = 16


async def reads(target: Target, secs: float) -> Measured:
    """One read by each member; `secs` is only for the writes that come after, of which there should be none."""
    failures = Failures()
    group = await founded(target, [id for id, _ in target.people])
    connections = await connect(target.port, AT_ONCE)
    head = post_head("chats/", target.people[0][1])
    status, message = await call(connections[0], post(head, into(group, next(tags))))
    if status != 201:
        raise RuntimeError(f"not sent: {status} {message}")
    readers = iter(target.people[1:])
    path, body = f"conversations/{group}/read/", {"message_id": message["id"]}

    async def some(connection: Connection) -> None:
        for _, token in readers:
            status, answer = await call(connection, _request(path, token, body))
            if status != 200 or answer["marked_count"] != 1:
                failures.note(status, json.dumps(answer).encode())

    await asyncio.sleep(secs)
    before = versions(target.mongodb_uri)
    with machine.window(target.processes) as window:
        await asyncio.gather(*map(some, connections))
    await asyncio.sleep(secs)
    count = len(target.people) - 1
    writes = versions(target.mongodb_uri) - before
    for connection in connections:
        connection.close()
    return {
        "members": len(target.people),
        "reads": count,
        "writes_per_read": writes / count,
        "per_sec": count / window.secs,
        "failures": failures.count,
        **spent(window, count),
    }


def versions(mongodb_uri: str) -> int:
    """Of all inboxes together."""
    with MongoClient(mongodb_uri) as client:
        inboxes = client[Settings().mongodb_database]["inboxes"]
        [total] = inboxes.aggregate([{"$group": {"_id": None, "n": {"$sum": "$version"}}}])
    return int(total["n"])


def _request(path: str, token: str, body: dict[str, object]) -> bytes:
    return post(post_head(path, token), json.dumps(body).encode())
