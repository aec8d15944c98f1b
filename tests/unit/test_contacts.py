"""Finding people among those one shares a conversation with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from chatserver.services import contacts


@pytest.mark.gen_test
async def test_of_somebody_in_many_large_groups_only_the_newest_are_looked_through(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "ACQUAINTANCES", 5)
    chat = await chats(directory="shared")
    ann, bob, eve, *others = [await chat.person() for _ in range(7)]
    old = await chat.group(ann, eve, *others)
    middle = await chat.group(ann, *others)
    new = await chat.group(ann, bob)
    conversations = chat.storage.conversations
    member_ids, asked = conversations.member_ids, []

    async def spied(ids: Iterable[int]) -> Any:
        asked.append(list(ids))
        return await member_ids(asked[-1])

    monkeypatch.setattr(conversations, "member_ids", spied)
    found = [user.id for user in await chat.services.contacts.search(ann, "")]
    assert asked == [[new.id, middle.id]], f"and not {old.id}"
    assert bob.user_id in found
    assert eve.user_id not in found
