"""Groups put straight into the database, since thousands of members would take minutes, and spoken in by the API."""

from __future__ import annotations

import itertools
import json

from bench.load import Connection, call, post, post_head
from bench.people import FILLER, RUN, Failures, tags
from bench.targets import Target
from chatserver.clock import Clock
from chatserver.model import PRESETS, Beginning, Conversation, split_message_id
from chatserver.settings import Settings
from chatserver.storage import Storage

FIRST = 1_000_000  # of the ids of these groups: above those that the server gives meanwhile
_ids = itertools.count(FIRST)


async def founded(target: Target, ids: list[int], preset: str = "group") -> int:
    """A new group of these, the first of them its owner, made in the order in which a service would."""
    stores, now, id = Storage(target.mongodb_uri, Settings(), Clock()), Clock().now(), next(_ids)
    group = Conversation(id, "group", policy=PRESETS[preset], preset=preset, owner_id=ids[0])
    beginning = Beginning(group, ids[0], f"bench-{id}", "", tuple(ids), ())
    await stores.groups.begin(beginning, now)
    await stores.groups.add_first(beginning, now)
    await stores.inboxes.join(ids, id, 0, rev=1)
    await stores.groups.finish(beginning)
    await stores.close()
    return id


def into(conversation_id: int, tag: int) -> bytes:
    """The body of a message to all of a group."""
    said = {"conversation_id": conversation_id, "message": f"#{tag}# {FILLER}", "client_id": f"{RUN}-{tag}"}
    return json.dumps(said).encode()


async def said(connection: Connection, group: int, token: str, failures: Failures) -> int:
    """The message's number in the group, or 0."""
    status, answer = await call(connection, post(post_head("chats/", token), into(group, next(tags))))
    if status == 201:
        return split_message_id(answer["id"])[1]
    failures.note(status, json.dumps(answer).encode())
    return 0
