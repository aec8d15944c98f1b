"""Somebody in a thousand groups: what the list and the snapshot read and weigh does not grow with them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from chatserver.model import Actor, message_id
from handlers.conversations import GROUPS_LISTED

GROUPS = 1_000
FIRST = 1 << 27  # far above all ids that other tests are given


async def in_groups(chat: Any, database: Any, actor: Actor, text: str) -> list[int]:
    """Written as services would leave them, the newest last."""
    ids = list(range(FIRST, FIRST + GROUPS))
    now = chat.clock.now()
    others = [await chat.person() for _ in range(5)]
    database["conversations"].insert_many(
        [
            {
                "_id": id,
                "kind": "group",
                "preset": "group",
                "ready": True,
                "name": f"Group {id}",
                "member_count": 6,
                "preview": [one.user_id for one in others],
                "created_at": now,
                "rev": 1,
            }
            for id in ids
        ]
    )
    marks = [[seq, now] for seq in range(50)]
    database["members"].insert_many(
        [
            {
                "_id": {"c": id, "u": actor.user_id},
                "delivered_seq": 50,
                "read_seq": 50,
                "delivered_marks": marks,
                "read_marks": marks,
                "pending_reads": [],
            }
            for id in ids
        ]
    )
    database["messages"].insert_many(
        [
            {
                "_id": message_id(id, 60),
                "sender_id": others[0].user_id,
                "session_id": 1,
                "client_id": id,
                "text": text,
                "created_at": now,
            }
            for id in ids
        ]
    )
    heads = {f"heads.{id}": 60 for id in ids} | {f"reads.{id}": 50 for id in ids}
    database["inboxes"].update_one({"_id": actor.user_id}, {"$set": heads})
    return ids


def calls() -> float:
    """Of the database, until now."""
    found = (sample for metric in REGISTRY.collect() for sample in metric.samples)
    return sum(sample.value for sample in found if sample.name == "chat_mongodb_call_seconds_count")


@pytest.mark.gen_test
async def test_a_part_of_a_thousand_groups_takes_few_reads_and_little_room(chat: Any, database: Any) -> None:
    ann = await chat.person()
    ids = await in_groups(chat, database, ann, "🎉" * 4_000)
    inbox = await chat.services.conversations.inbox(ann)
    lists = chat.services.conversation_list
    assert await lists.total_unread(ann, inbox) == 10 * GROUPS
    before = calls()
    groups, more = await lists.page(ann, inbox, None, GROUPS_LISTED, kind="group")
    assert calls() - before < 12
    assert len(msgspec.json.encode({"results": groups, "next": str(more)})) < 1_000_000
    listed = [one["id"] for one in groups]
    while more is not None:
        groups, more = await lists.page(ann, inbox, more, 200, kind="group")
        listed += [one["id"] for one in groups]
    assert listed == ids[::-1]
