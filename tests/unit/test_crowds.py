"""What a thousand people ask at the same moment, because one message woke them all."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.model import Conversation, User
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations

MEMBERS = tuple(range(1, 1001))


class Reads:
    """A store's read that counts itself."""

    def __init__(self, make: Any) -> None:
        self.asked: list[list[int]] = []
        self._make = make

    async def __call__(self, ids: list[int]) -> dict[int, Any]:
        self.asked.append(ids)
        await asyncio.sleep(0)
        return {id: self._make(id) for id in ids if id > 0}


@pytest.mark.gen_test
async def test_a_thousand_members_learn_who_is_in_the_group_from_one_or_two_reads(io_loop: Any) -> None:
    reads = Reads(lambda id: Conversation(id, "group", MEMBERS))
    stores: Any = SimpleNamespace(conversations=SimpleNamespace(conversations=reads))
    accounts: Any = None
    conversations = Conversations(stores, accounts, Clock())
    actors: list[Any] = [SimpleNamespace(user_id=id) for id in MEMBERS]

    found = await asyncio.gather(*(conversations.access(actor, 7) for actor in actors))

    assert {conversation.id for conversation in found} == {7}
    assert len(reads.asked) <= 2
    await conversations.close()


@pytest.mark.gen_test
async def test_a_thousand_members_learn_who_wrote_from_one_or_two_reads(io_loop: Any) -> None:
    reads = Reads(lambda id: User(id, f"user{id}", f"User {id}", None))
    stores: list[Any] = [SimpleNamespace(by_ids=reads), *[None] * 4]
    accounts = Accounts(*stores, Clock())

    found = await asyncio.gather(*(accounts.users([1, 2, -3]) for _ in MEMBERS))

    assert all(set(users) == {1, 2} for users in found)
    assert len(reads.asked) <= 2
    await accounts.close()
