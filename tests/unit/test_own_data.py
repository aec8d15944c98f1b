"""An export in several parts."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.services import own_data


@pytest.mark.gen_test
async def test_the_parts_of_an_export_hold_every_message_once(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "PART_MESSAGES", 4)
    ann, _, first = await chat.pair()
    eve = await chat.person()
    second, _ = await chat.services.conversations.open_direct(ann, eve.user_id)
    for number in range(6):
        await chat.say(ann, first, f"one {number}")
    for number in range(2):
        await chat.say(eve, second, f"two {number}")
    seen: list[str] = []
    last: int | None = 0
    while last is not None:
        part = await chat.services.own_data.export(ann, last)
        assert sum(len(messages) for *_, messages in part.threads) <= 4
        seen += [m["message"] for *_, messages in part.threads for m in messages]
        last = part.last_id
    assert seen == [*(f"one {n}" for n in range(6)), "two 0", "two 1"]
