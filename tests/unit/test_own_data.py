"""An export in several parts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chatserver.errors import LimitReached
from chatserver.services import own_data
from tests.unit.test_own_settings import change


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


@pytest.mark.gen_test
async def test_a_part_of_an_export_has_a_bounded_number_of_conversations(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "PART_CONVERSATIONS", 3)
    ann = await chat.person()
    for number in range(7):
        other = await chat.person()
        conversation, _ = await chat.services.conversations.open_direct(ann, other.user_id)
        await chat.say(ann, conversation, f"number {number}")
    seen: list[str] = []
    last: int | None = 0
    while last is not None:
        part = await chat.services.own_data.export(ann, last)
        assert len(part.threads) <= 3
        seen += [m["message"] for *_, messages in part.threads for m in messages]
        last = part.last_id
    assert seen == [f"number {number}" for number in range(7)]


@pytest.mark.gen_test
async def test_a_node_that_died_in_an_export_bars_nobody_for_long(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await chat.person()
    now = chat.clock.now()
    async with chat.services.quotas.export(ann):
        with pytest.raises(LimitReached):
            await chat.services.own_data.export(ann, 0)
        monkeypatch.setattr(chat.clock, "now", lambda: now + timedelta(seconds=90))
        assert (await chat.services.own_data.export(ann, 0)).last_id is None


@pytest.mark.gen_test
async def test_of_groups_an_export_holds_ones_own_messages_and_settings_and_of_all_what_was_not_cleared(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "PART_MESSAGES", 3)
    ann, bob, direct = await chat.pair()
    group, silent = await chat.group(bob, ann), await chat.group(bob, ann)
    await chat.say(ann, direct, "cleared")
    await change(chat, ann, direct, cleared=True)
    await chat.say(bob, direct, "kept")
    await change(chat, ann, silent, archived=True)
    for number in range(5):
        await chat.say(ann, group, f"mine {number}")
        await chat.say(bob, group, f"not mine {number}")
    seen: list[str] = []
    groups: dict[int, dict[str, Any]] = {}
    last: int | None = 0
    while last is not None:
        part = await chat.services.own_data.export(ann, last)
        seen += [m["message"] for *_, messages in part.threads for m in messages]
        seen += [m["message"] for _, messages in part.groups for m in messages]
        groups |= {one.id: part.mine[one.id] for one, _ in part.groups}
        last = part.last_id
    assert seen == ["kept", *(f"mine {number}" for number in range(5))]
    assert {id: my["archived"] for id, my in groups.items()} == {group.id: False, silent.id: True}
