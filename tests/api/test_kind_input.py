"""The contract: strict, but kind to the clients that are there."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.multipart import multipart
from tests.support.client import unique
from tests.support.waiting import held


@pytest.mark.gen_test
async def test_a_decimal_string_is_its_number_in_json_forms_and_queries(pair: Pair) -> None:
    ann, bob = pair.ann, pair.bob
    for name in ("receiver_id", "receiver"):
        assert (await ann.post("chats/", {name: str(bob.id), "message": "x"})).status == 201
        form = multipart({name: str(bob.id), "message": "x"})
        assert (await ann.post("chats/", **form)).status == 201
    page = await bob.history(ann, limit="2", offset="1")
    assert len(page["messages"]) == 2
    ids = [str(m["id"]) for m in pair.messages]
    assert (await bob.mark_read(message_ids=ids[:1]))["marked_count"] == 1
    assert (await bob.mark_read(sender_id=str(ann.id)))["marked_count"] == 5
    assert (await ann.mark_read(conversation_id=str(pair.conversation_id)))["marked_count"] == 1


@pytest.mark.gen_test
async def test_true_false_1_and_0_are_booleans(pair: Pair) -> None:
    await pair.bob.here()
    for meant, forms in ((True, (True, "true", "1", 1)), (False, (False, "false", "0", 0))):
        for value in forms:
            await pair.ann.typing(pair.bob, not meant)
            await pair.bob.next(wait=0.5)
            waiting = await held(pair.bob.next(wait=40), for_secs=0.1)
            answer = await pair.ann.post("chats/typing/", {"receiver_id": pair.bob.id, "is_typing": value})
            assert answer.status == 200, (value, answer)
            assert [t["is_typing"] for t in (await waiting).of("typing")] == [meant], value


@pytest.mark.gen_test
async def test_null_is_the_same_as_absent(pair: Pair) -> None:
    body = {
        "receiver_id": pair.bob.id,
        "receiver": None,
        "message": "x",
        "attachment": None,
        "client_id": None,
    }
    answer = await pair.ann.post("chats/", body)
    assert (answer.status, answer["client_id"]) == (201, None), answer
    read = await pair.bob.mark_read(message_ids=None, conversation_id=None, sender_id=pair.ann.id)
    assert (read.status, read["marked_count"]) == (200, 3), read
    missing = await pair.ann.post("chats/", {"receiver_id": None, "message": "x"})
    assert_problem(missing, 400, "validation_error", "receiver_id")


@pytest.mark.gen_test
async def test_a_limit_above_the_maximum_is_clamped(pair: Pair, limits: dict[str, int]) -> None:
    for number in range(limits["history"] + 5):
        await pair.ann.sent(pair.bob, str(number))
    for limit in (limits["history"], limits["history"] + 1, 10**9):
        answer = await pair.bob.history(pair.ann, limit=limit)
        assert (answer.status, len(answer["messages"])) == (200, limits["history"]), answer
        assert answer["has_more"] is True
    assert len((await pair.bob.history(pair.ann))["messages"]) == 50
    assert (await pair.bob.poll(limit=10**9, wait=0)).status == 200


@pytest.mark.gen_test
async def test_unknown_fields_are_ignored_and_said_so(pair: Pair) -> None:
    body = {"receiver_id": pair.bob.id, "message": "x", "colour": "red", "message_type": "text"}
    answer = await pair.ann.post("chats/", body)
    assert answer.status == 201
    assert named(answer.headers["X-Ignored-Parameters"]) == {"colour", "message_type"}
    query = await pair.ann.get("chats/conversations/", query={"page": 3})
    assert query.status == 200
    assert named(query.headers["X-Ignored-Parameters"]) == {"page"}
    assert "X-Ignored-Parameters" not in (await pair.ann.get("chats/conversations/")).headers
    odd = await pair.ann.post("chats/", {"receiver_id": pair.bob.id, "message": "x", "ä\r\nX-Evil: 1": 1})
    assert odd.status == 201, odd
    assert "X-Evil" not in odd.headers


def named(header: str) -> set[str]:
    return {word.strip() for word in header.split(",")}


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "text",
    [
        "é ü ß 漢字 العربية עברית", "👩‍👩‍👧‍👦🏳️‍🌈", "<script>alert(1)</script>", "'; DROP TABLE messages; --",
        '{"$gt": ""}',
        "line\nbreak\ttab", "  spaces around  ", "\u202egnorw", "e\u0301 stays two", "\u200b zero", "a" * 4000,
        "\N{GRINNING FACE}" * 4000, "\\ud800", "%00", "0", "null",
    ],
    ids=lambda text: json.dumps(text)[:24],
)  # fmt: skip
async def test_a_message_is_stored_and_returned_exactly(pair: Pair, text: str) -> None:
    sent = await pair.ann.sent(pair.bob, text, client_id=unique("key"))
    assert sent["message"] == text
    assert (await pair.bob.history(pair.ann))["messages"][0]["message"] == text
    assert (await pair.bob.poll()).of("message")[-1]["message"] == text
    again = await pair.ann.send(pair.bob, text, client_id=sent["client_id"])
    assert (again.status, again["id"]) == (200, sent["id"])


@pytest.mark.gen_test
async def test_a_key_given_in_the_body_and_in_the_header_must_be_one(pair: Pair) -> None:
    key = unique("key")
    body = {"receiver_id": pair.bob.id, "message": "x", "client_id": key}
    assert (await pair.ann.post("chats/", body, headers={"Idempotency-Key": key})).status == 201
    other = await pair.ann.post("chats/", body, headers={"Idempotency-Key": unique("key")})
    assert_problem(other, 400, "validation_error", "client_id")
    assert len((await pair.bob.history(pair.ann))["messages"]) == 4


@pytest.mark.gen_test
@pytest.mark.parametrize("client_id", ["a", "x" * 64, "ключ 🔑", "a/b?c=d#e", "-1", "{}"])
async def test_a_client_id_is_any_text_of_its_client(pair: Pair, client_id: str) -> None:
    key = client_id if len(client_id) == 64 else client_id + unique("k")
    sent = await pair.ann.sent(pair.bob, "x", client_id=key)
    assert sent["client_id"] == key
    assert (await pair.ann.send(pair.bob, "x", client_id=key))["id"] == sent["id"]
