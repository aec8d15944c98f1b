"""Who is told that a message was delivered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.model import Actor, Bell, Conversation
from chatserver.services.receipts import Receipts
from tests.support.waiting import eventually


@pytest.mark.gen_test
async def test_a_delivery_is_told_in_a_direct_conversation_and_not_even_noted_in_a_group(
    io_loop: Any,
) -> None:
    bells: list[Bell] = []
    noted: dict[tuple[int, int], int] = {}

    async def move_delivered(moves: dict[tuple[int, int], int], _: Any) -> None:
        noted.update(moves)

    stores: Any = SimpleNamespace(conversations=SimpleNamespace(move_delivered=move_delivered))
    bus: Any = SimpleNamespace(publish=bells.append)
    conversations: Any = None
    unused: Any = None
    receipts = Receipts(stores, conversations, unused, unused, unused, bus, Clock())
    for user_id in range(1, 51):
        receipts.delivered(user_id, Conversation(1, "group"), 1)
    receipts.delivered(2, Conversation(2, "direct", (1, 2)), 1)

    await eventually(lambda: noted and bells)
    assert noted == {(2, 2): 1}
    assert [bell.user_ids for bell in bells] == [(1,)]
    await receipts.close()


@pytest.mark.gen_test
async def test_only_what_got_out_to_somebody_counts_as_delivered(chat: Any) -> None:
    async def reached(actor: Actor) -> int:
        members = await chat.services.receipts.members(conversation, actor.user_id)
        return int(members[actor.user_id].delivered_seq)

    ann, bob, conversation = await chat.pair()
    cursor = await chat.cursor(bob)
    await chat.say(ann, conversation, "one")
    answer = await chat.answer(bob, cursor)
    assert answer.events
    await answer.delivered(False)
    await chat.services.receipts.close()
    assert await reached(bob) == 0
    await chat.poll(bob, cursor)
    await chat.services.receipts.close()
    assert await reached(bob) == 1
