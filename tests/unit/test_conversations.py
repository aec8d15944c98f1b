"""Who is in a conversation, asked by many at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.model import Conversation
from chatserver.services.conversations import Conversations

MEMBERS = tuple(range(1, 1001))


@pytest.mark.gen_test
async def test_a_thousand_members_who_ask_at_once_are_answered_by_one_or_two_reads(io_loop: Any) -> None:
    reads: list[list[int]] = []

    async def read(ids: list[int]) -> dict[int, Conversation]:
        reads.append(ids)
        await asyncio.sleep(0)
        return {id: Conversation(id, "group", MEMBERS) for id in ids}

    stores: Any = SimpleNamespace(conversations=SimpleNamespace(conversations=read))
    accounts: Any = None
    conversations = Conversations(stores, accounts, Clock())
    actors: list[Any] = [SimpleNamespace(user_id=id) for id in MEMBERS]

    found = await asyncio.gather(*(conversations.access(actor, 7) for actor in actors))

    assert {conversation.id for conversation in found} == {7}
    assert len(reads) <= 2
    await conversations.close()
