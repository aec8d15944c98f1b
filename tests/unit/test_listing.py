"""What a list of conversations costs does not grow with their number."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.errors import LimitReached
from tests.unit.conftest import Chat


@pytest.mark.gen_test
async def test_of_many_conversations_only_those_shown_are_read(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, chat = await chats(), await chats()  # of which the second knows nothing yet
    ann = await busy.person()
    for number in range(12):
        other = await busy.person()
        conversation, _ = await busy.services.conversations.open_direct(other, ann.user_id)
        await busy.say(other, conversation, f"number {number}")
    asked: list[int] = []
    read = chat.storage.conversations.conversations

    async def counting(ids: Any) -> Any:
        ids = list(ids)
        asked.append(len(ids))
        return await read(ids)

    monkeypatch.setattr(chat.storage.conversations, "conversations", counting)
    inbox = await chat.inbox(ann)
    for expected in (3, 0):  # the members of a direct conversation never change
        overviews, more = await chat.services.conversations.list(ann, inbox, 3, None)
        assert [one.last_message.text for one in overviews] == ["number 11", "number 10", "number 9"]
        assert more is not None
        assert sum(asked) == expected
        asked.clear()


@pytest.mark.gen_test
async def test_many_first_messages_at_once_count_as_one_conversation(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = 0
    begin = chat.services.quotas.begin_conversation

    async def counting(actor: Any) -> None:
        nonlocal begun
        begun += 1
        await begin(actor)

    monkeypatch.setattr(chat.services.quotas, "begin_conversation", counting)
    ann, bob = await chat.person(), await chat.person()
    opened = await asyncio.gather(
        *(chat.services.conversations.open_direct(ann, bob.user_id) for _ in range(20))
    )
    assert begun == 1
    assert len({conversation.id for conversation, _ in opened}) == 1
    assert [head for _, head in opened].count(0) == 1, "one of them began it"


@pytest.mark.gen_test
async def test_who_may_not_begin_a_conversation_leaves_none_behind(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refusing(actor: Any) -> None:
        raise LimitReached("conversations", "enough")

    monkeypatch.setattr(chat.services.quotas, "begin_conversation", refusing)
    ann, bob = await chat.person(), await chat.person()
    with pytest.raises(LimitReached):
        await chat.services.conversations.open_direct(ann, bob.user_id)
    assert not (await chat.inbox(ann)).heads and not (await chat.inbox(bob)).heads
