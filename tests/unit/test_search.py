"""Search over a log whose full pages list their words: as complete as looking at every message."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chatserver.model import Actor, Conversation
from chatserver.word_pages import PAGE
from chatserver.words import words
from tests.unit.conftest import Chat


async def said(chat: Chat, actor: Actor, conversation: Conversation, texts: list[str]) -> list[int]:
    ids = []
    for text in texts:
        message, _ = await chat.writer.post(chat.send(actor, conversation, text))
        ids.append(message.id)
    return ids


async def found(
    chat: Chat, actor: Actor, text: str, limit: int = 50, before_id: int | None = None
) -> list[int]:
    shown, _ = await chat.services.search.find(actor, text, limit, user_id=None, before_id=before_id)
    return [message["id"] for message in shown]


@pytest.mark.gen_test
async def test_a_message_is_found_wherever_it_stands_and_each_once(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    texts = [f"line {number} {'even' if number % 2 == 0 else 'odd'}" for number in range(1, 3 * PAGE)]
    ids = await said(chat, ann, conversation, texts)
    await chat.sweeper().sweep()
    assert (await chat.storage.conversations.paged([conversation.id])) == {conversation.id: 2}
    ids += await said(
        chat, ann, conversation, ["line 200 even"]
    )  # fills the third page, which nobody has listed
    for number in (1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE - 1):
        assert await found(chat, bob, f"line {number}") == [ids[number - 1]]
    assert await found(chat, bob, "even odd") == [], "both in one page, and in no message"
    seen: list[int] = []
    while part := await found(chat, ann, "EVEN", limit=7, before_id=seen[-1] if seen else None):
        seen += part
    assert (
        seen == [id for id, text in zip(ids, [*texts, "line 200 even"], strict=True) if "even" in text][::-1]
    )


@pytest.mark.gen_test
async def test_pages_of_several_conversations_come_in_the_order_of_time(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.services.search.PAGES", 1)
    ann, bob, first = await chat.pair()
    eve = await chat.person()
    second, _ = await chat.services.conversations.open_direct(ann, eve.user_id)
    ids: list[int] = []
    for number in range(2 * PAGE):
        actor, conversation = (bob, first) if number % 2 else (eve, second)
        ids += await said(chat, actor, conversation, [f"needle {number}"])
    await chat.sweeper().sweep()
    for limit in (1, 10, PAGE, 100):
        assert await found(chat, ann, "needle", limit=limit) == ids[::-1][:limit]
    assert await found(chat, ann, "needle", before_id=ids[20]) == ids[:20][::-1]
    assert await found(chat, bob, "needle 4") == [], "said in a conversation of others"


@pytest.mark.gen_test
async def test_a_changed_message_of_an_old_page_is_found_by_its_new_words_only(chat: Any) -> None:
    ann, bob, conversation = await chat.pair()
    ids = await said(chat, ann, conversation, [f"walrus {number}" for number in range(PAGE)])
    await chat.sweeper().sweep()
    await chat.services.changes.edit(ann, ids[3], "a penguin")
    await chat.services.changes.delete(ann, ids[4])
    assert await found(chat, bob, "penguin") == [ids[3]]
    assert await found(chat, bob, "walrus 4") == await found(chat, bob, "walrus 3") == []


@pytest.mark.gen_test
async def test_who_read_a_page_before_a_change_does_not_write_over_who_read_it_after(
    chat: Any, database: Any
) -> None:
    ann, _, conversation = await chat.pair()
    ids = await said(chat, ann, conversation, [f"walrus {number}" for number in range(PAGE)])
    await chat.sweeper().sweep()
    number = (ids[0] - 1) // PAGE
    later = {"words": ["penguin"], "rev": 1}  # of a change that this node has not seen yet
    database["pages"].update_one({"_id": number}, {"$set": later})
    await chat.storage.pages.fill([(conversation.id, 0)])
    assert database["pages"].find_one({"_id": number})["words"] == ["penguin"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, hello WORLD", ["hello", "world"]),
        ("Café CAFE über_all", ["cafe", "uber_all"]),
        ("日本 語 👋 !", ["日本", "語"]),
        ("ẞ ﬁne ①", ["ss", "fine", "1"]),
        ("תֵּל־אָבִיב׃ צה״ל", ["תל", "אביב", "צה", "ל"]),
        ("رَحِيمۚ ۞", ["رحيم"]),
        (" ".join(map(str, range(4000))), [str(number) for number in range(512)]),
        ("x" * 4000, ["x" * 64]),
    ],
)
def test_words_are_compared_without_case_and_accents(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "piece", ["\u0301\u0316", "\u0344", "\u05b0\u0591", "क्षि", "é", "\ufdfa", "\u3099\u0301", "ﬃ"]
)
def test_the_words_of_any_text_take_time_in_proportion_to_its_length(piece: str) -> None:
    def secs(count: int) -> float:
        best = 9.0
        for _ in range(5):
            began = time.thread_time()
            words("a" + piece * count)
            best = min(best, time.thread_time() - began)
        return best

    secs(100)
    assert secs(16_000) < 24 * secs(2_000) + 0.002, "eight times as much; the old way sixty-four"
