"""Every field of every call, given everything it must refuse: a 4xx that names the field, and nothing is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.inputs import BODIES, CALLS, FIELDS, QUERIES, QUERY_FIELDS, TYPES, Call
from tests.support.client import Answer
from tests.support.waiting import together

JSON = {"Content-Type": "application/json"}


async def state(pair: Pair) -> list[Any]:
    """Everything of these two that a call could have changed."""
    answers = await together(
        pair.bob.get("snapshot/"),
        pair.ann.get("snapshot/"),
        pair.bob.history(pair.ann),
        pair.ann.history(pair.bob),
    )
    for answer in answers:
        assert answer.status == 200, answer
    kept = [answer.json for answer in answers]
    for seen in kept[:2]:
        for conversation in seen["conversations"]:
            for person in (conversation, conversation["other_user"], conversation["user"]):
                person.pop("is_online")
    for page in kept[2:]:
        page.pop("other_user")
        for message in page["messages"]:
            message.pop("delivered_at")  # looking at the history delivers
    return kept


async def make(pair: Pair, call: Call, body: bytes | str, headers: dict[str, str] | None = None) -> Answer:
    token = pair.ann.token if call.signed_in else None
    path = call.path.replace("%d", str(pair.messages[0]["id"]))
    return await pair.ann.client.call(call.method, path, token=token, body=body, headers=headers or JSON)


def with_raw(good: dict[str, Any], name: str, raw: str) -> str:
    """The good body with one field written as given."""
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in good.items() if key != name]
    return "{" + ", ".join([*parts, f"{json.dumps(name)}: {raw}"]) + "}"


@pytest.mark.gen_test
@pytest.mark.parametrize(("call", "name"), FIELDS, ids=[f"{call.path}{name}" for call, name in FIELDS])
async def test_a_bad_value_is_a_400_that_names_its_field_and_stores_nothing(
    pair: Pair, call: Call, name: str
) -> None:
    good = call.good(pair)
    if name in ("receiver", *call.instead[1:]):
        good = {key: value for key, value in good.items() if key not in call.instead}
    before = await state(pair)
    values = call.fields[name]
    answers = await together(*(make(pair, call, with_raw(good, name, raw)) for raw in values))
    for raw, answer in zip(values, answers, strict=True):
        shown = raw[:60]
        assert answer.status == 400, (shown, answer)
        problem = assert_problem(answer, 400, "validation_error")
        named = {error["field"] for error in problem["errors"]}
        assert name in named or (name == "receiver" and "receiver_id" in named), (shown, problem)
        assert len(answer.body) < 2000, "what was sent is not sent back"
    assert await state(pair) == before


@pytest.mark.gen_test
@pytest.mark.parametrize("call", CALLS, ids=[call.path for call in CALLS])
async def test_what_is_missing_or_null_is_named(pair: Pair, call: Call) -> None:
    before = await state(pair)
    good = call.good(pair)
    for name in call.required:
        without = {key: value for key, value in good.items() if key != name}
        for body in (without, {**without, name: None}):
            assert_problem(await make(pair, call, json.dumps(body)), 400, "validation_error", name)
    assert await state(pair) == before


@pytest.mark.gen_test
@pytest.mark.parametrize("call", CALLS, ids=[call.path for call in CALLS])
async def test_a_field_given_twice_is_refused_and_named(pair: Pair, call: Call) -> None:
    before = await state(pair)
    for name in call.fields:
        good = call.good(pair)
        value = json.dumps(good.get(name, "x"))
        good.pop(name, None)
        body = with_raw({**good}, name, f"{value}, {json.dumps(name)}: {value}")
        assert_problem(await make(pair, call, body), 400, "validation_error", name)
    assert await state(pair) == before


@pytest.mark.gen_test
@pytest.mark.parametrize("call", CALLS, ids=[call.path for call in CALLS])
async def test_a_body_that_is_no_json_object_is_refused(pair: Pair, call: Call) -> None:
    before = await state(pair)
    for kind, body in BODIES.items():
        answer = await make(pair, call, body)
        assert answer.status == 400, (kind, answer)
        problem = assert_problem(answer, 400, "validation_error")
        assert problem["errors"], kind
    for odd in TYPES:
        answer = await make(pair, call, json.dumps(call.good(pair)), {"Content-Type": odd})
        assert answer.status == 415, (odd, answer)
        assert_problem(answer, 415, "unsupported_media_type")
    too_large = await make(pair, call, json.dumps({**call.good(pair), "more": "x" * 70_000}))
    assert_problem(too_large, 413, "payload_too_large")
    assert await state(pair) == before


@pytest.mark.gen_test
@pytest.mark.parametrize(("path", "name"), QUERY_FIELDS, ids=[f"{path}{name}" for path, name in QUERY_FIELDS])
async def test_a_bad_query_is_a_400_that_names_its_field(pair: Pair, path: str, name: str) -> None:
    full = path.replace("%d", str(pair.bob.id)) + ("&" if "?" in path else "?")
    values = QUERIES[path][name]
    quick = "&wait=0" if path.startswith("poll") and name != "wait" else ""
    answers = await together(*(pair.ann.get(f"{full}{name}={value}{quick}") for value in values))
    for value, answer in zip(values, answers, strict=True):
        assert answer.status == 400, (value[:60], answer)
        if answer["code"] == "cursor_invalid":
            assert name == "cursor"
        else:
            assert_problem(answer, 400, "validation_error", name)
    twice = await pair.ann.get(f"{full}{name}=1&{name}=1{quick}")
    assert_problem(twice, 400, "validation_error", name)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "id", ["0", "-1", "01", "abc", "1.5", "9007199254740992", "9" * 30, "1%00", "%20", "me'"]
)
async def test_an_id_in_a_path_that_cannot_be_one_leads_nowhere(pair: Pair, id: str) -> None:
    for method, path in (
        ("GET", "chats/conversation/{}/"),
        ("DELETE", "chats/message/{}/"),
        ("DELETE", "auth/sessions/{}/"),
    ):
        answer = await pair.ann.client.call(method, path.format(id), token=pair.ann.token)
        assert answer.status in (400, 404), answer
        assert_problem(answer, answer.status, "not_found" if answer.status == 404 else "validation_error")


@pytest.mark.gen_test
async def test_an_idempotency_key_is_checked_like_a_client_id(pair: Pair) -> None:
    body = json.dumps({"receiver_id": pair.bob.id, "message": "x"})
    before = await state(pair)
    for key in ("", "x" * 65, "é", "\t"):
        answer = await make(pair, CALLS[0], body, {**JSON, "Idempotency-Key": key})
        assert_problem(answer, 400, "validation_error", "Idempotency-Key")
    assert await state(pair) == before


@pytest.mark.gen_test
async def test_only_one_place_to_page_from(pair: Pair) -> None:
    id = pair.messages[0]["id"]
    answer = await pair.ann.history(pair.bob, before_id=id, after_id=id)
    assert answer.status == 400
    assert {error["field"] for error in answer["errors"]} & {"before_id", "after_id"}


@pytest.mark.gen_test
async def test_a_message_of_another_conversation_is_no_place_to_page_from(pair: Pair) -> None:
    (eve,) = await pair.ann.client.people("eve")
    foreign = await eve.sent(pair.bob, "between us")
    for name in ("before_id", "after_id", "around_id"):
        answer = await pair.ann.history(pair.bob, **{name: foreign["id"]})
        assert answer.status in (400, 404), answer
        assert b"between us" not in answer.body
