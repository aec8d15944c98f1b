"""Who is told that a message was delivered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chatserver.clock import Clock
from chatserver.model import Bell, Conversation
from chatserver.services.receipts import Receipts
from tests.support.waiting import eventually


@pytest.mark.gen_test
async def test_a_delivery_is_told_in_a_direct_conversation_and_only_noted_in_a_group(io_loop: Any) -> None:
    bells: list[Bell] = []
    noted: dict[tuple[int, int], int] = {}

    async def move_delivered(moves: dict[tuple[int, int], int], _: Any) -> None:
        noted.update(moves)

    stores: Any = SimpleNamespace(conversations=SimpleNamespace(move_delivered=move_delivered))
    bus: Any = SimpleNamespace(publish=bells.append)
    conversations: Any = None
    receipts = Receipts(stores, conversations, bus, Clock())
    group = Conversation(1, "group", tuple(range(1, 51)))

    for user_id in group.member_ids:
        receipts.delivered(user_id, group, 1)
    receipts.delivered(2, Conversation(2, "direct", (1, 2)), 1)

    await eventually(lambda: len(noted) == 51 and bells)
    assert [bell.user_ids for bell in bells] == [(1,)]
    await receipts.close()
