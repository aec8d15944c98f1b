"""Finding messages by their words: one's own, whatever the input looks like."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.shapes import MESSAGE
from tests.support.client import Answer, Client, Device


async def search(device: Device, q: str, **more: Any) -> Answer:
    return await device.get("chats/search/", query={"q": q, **more})


async def found(device: Device, q: str, **more: Any) -> list[str]:
    answer = await search(device, q, **more)
    assert answer.status == 200, answer
    return [message["message"] for message in answer["messages"]]


@pytest.mark.gen_test
async def test_messages_of_all_ones_conversations_are_found_newest_first_and_complete(
    pair: Pair, client: Client
) -> None:
    (eve,) = await client.people("eve")
    await pair.ann.sent(pair.bob, "The café is closed")
    await eve.sent(pair.ann, "which CAFE?")
    await eve.sent(pair.bob, "a cafe that Ann was never told of")
    await pair.bob.sent(pair.ann, "the cafe at the station")
    answer = await search(pair.ann, "Café")
    assert [m["message"] for m in answer["messages"]] == [
        "the cafe at the station",
        "which CAFE?",
        "The café is closed",
    ]
    assert all(set(message) == MESSAGE for message in answer["messages"])
    assert answer["has_more"] is False
    assert await found(pair.ann, "cafe", user_id=eve.id) == ["which CAFE?"]
    assert await found(pair.ann, "the cafe") == ["the cafe at the station", "The café is closed"]
    assert await found(pair.ann, "cafe nowhere") == []
    assert await found(eve, "station") == []
    assert await found(eve, "cafe", user_id=eve.id) == [], "no notes to self yet"
    assert_problem(await search(pair.ann, "cafe", user_id=2**40), 404, "not_found")


@pytest.mark.gen_test
async def test_pages_meet_without_gap_or_repeat(pair: Pair, client: Client) -> None:
    (eve,) = await client.people("eve")
    said = []
    for number in range(9):
        speaker = eve if number % 3 == 0 else pair.bob
        said.append((await speaker.sent(pair.ann, f"needle {number}"))["message"])
    seen: list[str] = []
    before: int | None = None
    while True:
        answer = await search(pair.ann, "needle", limit=2, before_id=before)
        seen += [m["message"] for m in answer["messages"]]
        if not answer["has_more"]:
            break
        before = answer["messages"][-1]["id"]
    assert seen == said[::-1]
    strangers = await eve.sent(pair.bob, "needle elsewhere")
    for unknown in (strangers["id"], 1, strangers["id"] + 50):
        answer = await search(pair.ann, "needle", before_id=unknown)
        assert_problem(answer, 400, "validation_error", "before_id")


@pytest.mark.gen_test
async def test_an_edited_message_is_found_by_its_new_words_only_and_a_deleted_one_never(pair: Pair) -> None:
    edited = await pair.ann.sent(pair.bob, "walrus")
    deleted = await pair.ann.sent(pair.bob, "walrus too")
    path = "chats/message/{}/".format
    call = pair.ann.client.call
    await call("PATCH", path(edited["id"]), token=pair.ann.token, json_body={"message": "penguin"})
    await call("DELETE", path(deleted["id"]), token=pair.ann.token)
    assert await found(pair.bob, "walrus") == []
    assert await found(pair.bob, "penguin") == ["penguin"]


@pytest.mark.gen_test
async def test_nothing_in_the_input_has_a_meaning_of_its_own(pair: Pair) -> None:
    said = ['say "hello" -world', "a.b*c$d", "日本 語", "über_all"]
    for text in said:
        await pair.ann.sent(pair.bob, text)
    assert await found(pair.ann, "-world") == [said[0]], "a minus is no negation"
    assert await found(pair.ann, '"hello') == [said[0], "hello"]
    assert await found(pair.ann, 'hello" "world') == [said[0]]
    assert await found(pair.ann, "a.*c") == [said[1]], "the words a and c"
    for operator in ("$where", '{"$gt": ""}', "w.rld", "[a-z]+", "(hello|yes)"):
        assert await found(pair.ann, operator) == [], operator
    for wordless in (".*", "\\", "👋", '""'):
        assert_problem(await search(pair.ann, wordless), 400, "validation_error", "q")
    assert await found(pair.ann, "日本") == [said[2]]
    assert await found(pair.ann, "UBER_ALL") == [said[3]]


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("said", "searched", "is_found"),
    [
        ("ශ්\u200dරී ලංකා", "ශ්රී", True),
        ("ශ්\u200dරී ලංකා", "ශ ර ල ක", False),
        ("हिन्दी में", "हिन्दी", True),
        ("हिन्दी में", "ह न द", False),
        ("မြို့သစ်", "မ သ စ", False),
        ("ភាសាខ្មែរ", "ភាសាខ្មែរ", True),
        ("ភាសាខ្មែរ", "ភ", False),
        ("ភាសា\u200bខ្មែរ", "ភាសា", True),
        ("ภาษาไทย ที่นี่", "ที่นี่", True),
        ("smørrebrød på bordet", "smorrebrod pa", True),
        ("Łódź, Đorđe und die Straße", "lodz dorde strasse", True),
        ("ÆRØ og œuvre", "aero oeuvre", True),
        ("ISTANBUL, İzmir, Iğdır", "istanbul izmir igdir", True),
        ("мой дом", "мои", False),
        ("мои\u0306 дом", "мой", True),
        ("ещё за́мок", "еще замок", True),
        ("їжа", "іжа", False),
        ("がっこう", "かっこう", False),
        ("か\u3099っこう", "がっこう", True),
        ("می\u200cخواهم", "میخواهم", True),
        ("می\u200cخواهم", "می", False),
        ("Donau\u00addampf\u2060schiff", "donaudampfschiff", True),
        ("ze\u200bro", "zero", True),
        ("مُحَمَّد", "محمد", True),
        ("שָׁלוֹם", "שלום", True),
        ("Ω και ΆΛΦΑ", "αλφα", True),
    ],
    ids=ascii,
)
async def test_words_are_compared_by_the_rules_of_their_script(
    pair: Pair, said: str, searched: str, is_found: bool
) -> None:
    await pair.ann.sent(pair.bob, said)
    assert await found(pair.bob, searched) == ([said] if is_found else [])
