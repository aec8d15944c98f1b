"""What is owed of notifications, step by step: who has one, who was sent past it, and how many there may be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chatserver import metrics
from chatserver.errors import CursorExpired, Unavailable
from chatserver.model import Owed
from chatserver.storage import owed as storage_owed
from tests.support.metrics import value
from tests.support.waiting import eventually, held


async def tell(chat: Any, actor: Any, *titles: str) -> list[int]:
    notify = chat.services.notifications.notify
    return [(await notify(actor.user_id, title, "text", "info", None))[0].id for title in titles]


async def owed(chat: Any, actor: Any) -> list[int]:
    return [one.id for one in (await chat.inbox(actor)).owed]


async def forget_ring(chat: Any, database: Any, actor: Any) -> None:
    """As a flood does."""
    ring = {"$set": {"ring": []}, "$inc": {"version": 200}}
    database["inboxes"].update_one({"_id": actor.user_id}, ring)
    present = chat.hub.get(actor.user_id)
    if present is not None:
        present.forget()


def titles(answer: Any) -> list[str]:
    events = [msgspec.json.decode(event) for event in answer.events]
    return [event["data"]["title"] for event in events if event["event"] == "notification"]


@pytest.mark.gen_test
async def test_a_device_with_a_cursor_has_it_once_it_polls_from_beyond(chat: Any) -> None:
    ann = await chat.person()
    cursor = await chat.cursor(ann)
    [id] = await tell(chat, ann, "one")
    assert (await chat.inbox(ann)).owed == (Owed(id, cursor.version + 1),)
    answer = await chat.poll(ann, cursor)
    assert titles(answer) == ["one"]
    assert await owed(chat, ann) == [id]
    assert titles(await chat.poll(ann, cursor)) == ["one"]
    assert titles(await chat.poll(ann, answer.cursor)) == []
    assert await owed(chat, ann) == []


@pytest.mark.gen_test
async def test_a_held_poll_is_word_of_it_at_its_beginning(chats: Any) -> None:
    for waits_at in (0, 1):  # the node that told it, and another one
        nodes = [await chats(), await chats()]
        ann = await nodes[0].person()
        poll = await held(nodes[waits_at].poll(ann, await nodes[0].cursor(ann), wait=20))
        await tell(nodes[0], ann, "one")
        await nodes[1].check.check(list(nodes[1].hub))
        answer = await poll
        assert titles(answer) == ["one"]
        idle = await held(nodes[1].poll(ann, answer.cursor, wait=20), 0.05)
        await eventually(lambda nodes=nodes, ann=ann: nothing_is_owed(nodes[0], ann))
        nodes[1].hub.close()
        await idle


async def nothing_is_owed(chat: Any, actor: Any) -> bool:
    return await owed(chat, actor) == []


@pytest.mark.gen_test
async def test_a_device_without_a_cursor_has_it_once_an_answer_got_out(chats: Any) -> None:
    one, other = await chats(), await chats()  # with a bus for each: no bell gets across
    ann = await one.person()
    ids = await tell(one, ann, "one", "two")
    answer = await one.answer(ann)
    assert titles(answer) == ["one", "two"]
    await answer.delivered(False)
    assert await owed(one, ann) == ids
    assert titles(await one.poll(ann)) == ["one", "two"]
    assert await owed(one, ann) == []
    for chat in (one, other):
        assert titles(await chat.poll(ann)) == []
        assert titles(await chat.poll(await chat.device(ann.user_id))) == []


@pytest.mark.gen_test
async def test_the_next_poll_comes_before_the_word_that_it_was_given_is_written_and_is_told_nothing_again(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await chat.person()
    await tell(chat, ann, "one")
    ann = await chat.device(ann.user_id)  # whose place is behind it
    seen: list[list[str]] = []
    real = chat.storage.owed.given

    async def slow(*given: Any) -> None:
        seen.append(titles(await chat.answer(ann)))
        await real(*given)

    monkeypatch.setattr(chat.storage.owed, "given", slow)
    assert titles(await chat.poll(ann)) == ["one"]
    assert seen == [[]]
    assert await owed(chat, ann) == []


@pytest.mark.gen_test
async def test_what_could_not_be_noted_as_given_is_told_again_with_the_same_id(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await chats(), await chats()
    ann = await one.person()
    await tell(one, ann, "one")

    async def away(*_: Any) -> None:
        raise Unavailable("Made to fail.")

    monkeypatch.setattr(one.storage.owed, "given", away)
    monkeypatch.setattr(one.storage.owed, "passed", away)
    first = await one.poll(ann)
    assert titles(first) == ["one"]
    assert titles(await one.poll(ann, first.cursor)) == []
    again = await other.poll(ann)
    assert again.events == first.events
    assert await owed(other, ann) == []


@pytest.mark.gen_test
async def test_who_is_sent_past_it_has_it_only_after_a_snapshot(chat: Any, database: Any) -> None:
    ann = await chat.person()
    cursor = await chat.cursor(ann)
    [id] = await tell(chat, ann, "one")
    await forget_ring(chat, database, ann)
    with pytest.raises(CursorExpired):
        await chat.poll(ann, cursor)
    beyond = await chat.cursor(ann)
    for _ in range(2):
        await chat.poll(ann, beyond)
    assert await owed(chat, ann) == [id]
    inbox = await chat.inbox(ann)
    assert [n.title for n in await chat.services.notifications.owed(ann.user_id, inbox)] == ["one"]
    [later] = await tell(chat, ann, "two")
    await chat.poll(ann, beyond)
    assert await owed(chat, ann) == [later], "the one that came after the snapshot is not had yet"


@pytest.mark.gen_test
async def test_what_is_owed_comes_in_pages_where_a_page_is_small(chat: Any, database: Any) -> None:
    ann = await chat.person()
    names = [f"number {number}" for number in range(12)]
    await tell(chat, ann, *names)
    await forget_ring(chat, database, ann)
    await tell(chat, ann, "in the ring", "and another")
    pages, ids, more = [], [], True
    while more:
        answer = await chat.poll(ann, limit=5)
        pages.append(titles(answer))
        ids += [msgspec.json.decode(event)["id"] for event in answer.events]
        more = answer.more
    assert [title for page in pages for title in page] == [*names, "in the ring", "and another"]
    assert [len(page) for page in pages] == [5, 5, 4]
    assert ids == sorted(set(ids))
    assert await owed(chat, ann) == []


@pytest.mark.gen_test
async def test_no_more_than_so_many_are_owed_and_the_oldest_goes(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_owed, "OWED", 3)
    ann = await chat.person()
    dropped = value(metrics.OWED_DROPPED)
    ids = await tell(chat, ann, *"abcde")
    assert await owed(chat, ann) == ids[2:]
    assert value(metrics.OWED_DROPPED) == dropped + 2


@pytest.mark.gen_test
async def test_a_repeated_fan_out_owes_nothing_twice(chat: Any, database: Any) -> None:
    ann = await chat.person()
    notification, _ = await chat.services.notifications.notify(ann.user_id, "one", "text", "info", None)
    version = (await chat.cursor(ann)).version
    await chat.services.notifications.finish(notification)
    assert await owed(chat, ann) == [notification.id]
    await forget_ring(chat, database, ann)
    await chat.services.notifications.finish(notification)
    assert await owed(chat, ann) == [notification.id]
    assert (await chat.cursor(ann)).version == version + 200


@pytest.mark.gen_test
async def test_a_cursor_of_another_time_is_word_of_nothing(chat: Any) -> None:
    ann = await chat.person()
    [id] = await tell(chat, ann, "one")
    other = type(await chat.cursor(ann))("abc", 1 << 40)
    await chat.storage.owed.passed(ann.user_id, other)
    assert await owed(chat, ann) == [id]
