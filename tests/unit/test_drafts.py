"""Drafts: the same on all devices of a person, and none is lost to another device."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chatserver.errors import Invalid, RevisionConflict
from chatserver.model import Actor, Conversation, message_id
from tests.unit.test_own_settings import my, of_both_kinds


async def keep(
    chat: Any, actor: Actor, conversation: Conversation, text: str, rev: int = 0, reply: int = 0
) -> Any:
    return await chat.services.drafts.keep(actor, conversation.id, text, reply, rev)


@pytest.mark.gen_test
async def test_a_draft_is_kept_until_it_is_put_away_and_only_its_writer_sees_it(chat: Any) -> None:
    for ann, bob, conversation in await of_both_kinds(chat):
        said = await chat.say(bob, conversation, "how are you?")
        assert (await my(chat, ann, conversation))["draft"] is None
        kept = await keep(chat, ann, conversation, "well", reply=said.id)
        assert (kept["text"], kept["reply_to_id"], kept["rev"]) == ("well", said.id, 1)
        assert (await my(chat, ann, conversation))["draft"] == kept
        assert (await my(chat, bob, conversation))["draft"] is None
        changed = await keep(chat, ann, conversation, "well, and you?", rev=1)
        assert (changed["reply_to_id"], changed["rev"]) == (None, 2)
        assert await keep(chat, ann, conversation, "well, and you?", rev=1) == changed, "the same again"
        await keep(chat, ann, conversation, "", rev=2)
        assert (await my(chat, ann, conversation))["draft"] is None
        assert (await keep(chat, ann, conversation, "from anew"))["rev"] == 4


@pytest.mark.gen_test
async def test_a_draft_over_another_one_is_refused_with_that_one(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    kept = await keep(chat, ann, conversation, "on the phone")
    for rev in (0, 2):
        with pytest.raises(RevisionConflict) as refused:
            await keep(chat, ann, conversation, "at the desk", rev)
        assert refused.value.stored == kept
    writes = [keep(chat, ann, conversation, f"written at once, {n}", 1) for n in range(5)]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(one, RevisionConflict) for one in results].count(True) == 4
    assert (await my(chat, ann, conversation))["draft"]["rev"] == 2


@pytest.mark.gen_test
async def test_a_draft_is_bounded_and_answers_a_message_of_its_own_conversation(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    chars = chat.settings.message_chars
    await keep(chat, ann, conversation, "x" * chars)
    with pytest.raises(Invalid, match="text"):
        await keep(chat, ann, conversation, "x" * (chars + 1), 1)
    with pytest.raises(Invalid, match="reply_to_id"):
        await keep(chat, ann, conversation, "hello", 1, message_id(conversation.id + 1, 1))


@pytest.mark.gen_test
async def test_other_devices_that_are_there_see_a_draft_at_once_and_the_writing_one_does_not(
    chat: Any,
) -> None:
    ann, bob, conversation = await chat.pair()
    tablet = await chat.device(ann.user_id)
    cursor = await chat.cursor(ann)
    for device in (ann, tablet, bob):
        await chat.poll(device, cursor if device is not bob else await chat.cursor(bob))
        await chat.poll(device)
    kept = await keep(chat, ann, conversation, "hello")
    [event] = (await chat.poll(tablet, cursor)).events
    event = json.loads(event)
    assert (event["event"], event["data"]) == ("draft", {"conversation_id": conversation.id, "draft": kept})
    assert (await chat.poll(ann, cursor)).events == []
    assert (await chat.poll(tablet)).events == [], "clients of the original system"
    assert (await chat.poll(bob, await chat.cursor(bob))).events == []
    assert (await chat.inbox(ann)).version == cursor.version, "nothing is stored in inboxes"


@pytest.mark.gen_test
async def test_what_was_sent_is_no_draft_any_more_unless_another_device_has_written_on(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    await keep(chat, ann, conversation, "hello")
    await chat.services.drafts.sent(ann, conversation.id, 1)
    assert (await my(chat, ann, conversation))["draft"] is None
    again = await keep(chat, ann, conversation, "hello again", 2)
    await chat.services.drafts.sent(ann, conversation.id, 1)
    assert (await my(chat, ann, conversation))["draft"] == again
