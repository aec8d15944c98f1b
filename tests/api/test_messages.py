"""The contract: sending, the history, the conversations and marking as read, each with its exact shape."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.multipart import multipart
from tests.api.shapes import CONVERSATION, PERSON, TIME, assert_message
from tests.support.client import Client


@pytest.mark.gen_test
async def test_a_sent_message_is_answered_complete(pair: Pair) -> None:
    answer = await pair.ann.send(pair.bob, "one more")
    assert answer.status == 201
    assert_message(answer.json, pair, True, "one more")
    assert (answer["is_read"], answer["read_at"], answer["delivered_at"]) == (False, None, None)
    assert answer["seq"] == 4
    assert answer["client_id"] is None


@pytest.mark.gen_test
async def test_receiver_is_another_name_for_receiver_id_and_multipart_does_as_well_as_json(
    pair: Pair,
) -> None:
    by_name = await pair.ann.post("chats/", {"receiver": pair.bob.id, "message": "by name"})
    assert by_name.status == 201, by_name
    assert_message(by_name.json, pair, True, "by name")
    for name in ("receiver_id", "receiver"):
        form = await pair.ann.post("chats/", **multipart({name: str(pair.bob.id), "message": "by form é"}))
        assert form.status == 201, form
        assert_message(form.json, pair, True, "by form é")


@pytest.mark.gen_test
async def test_a_send_without_what_it_needs_is_a_400_and_an_unknown_receiver_a_404(pair: Pair) -> None:
    assert_problem(
        await pair.ann.post("chats/", {"message": "to whom?"}), 400, "validation_error", "receiver_id"
    )
    assert_problem(
        await pair.ann.post("chats/", {"receiver_id": pair.bob.id}), 400, "validation_error", "message"
    )
    assert_problem(await pair.ann.send(2**40, "nobody"), 404, "not_found")


@pytest.mark.gen_test
async def test_the_history_is_newest_first_and_complete(pair: Pair) -> None:
    answer = await pair.bob.history(pair.ann)
    assert set(answer.json) == {"conversation_id", "other_user", "messages", "has_more"}
    assert answer["conversation_id"] == pair.conversation_id
    assert answer["other_user"]["id"] == pair.ann.id
    assert set(answer["other_user"]) >= PERSON
    assert answer["has_more"] is False
    said = [(False, "yes"), (True, "are you there?"), (True, "hello")]
    assert len(answer["messages"]) == 3
    for message, (by_ann, text) in zip(answer["messages"], said, strict=True):
        assert_message(message, pair, by_ann, text)


@pytest.mark.gen_test
async def test_the_history_is_paged_by_offset_and_by_ids(pair: Pair) -> None:
    for number in range(7):
        await pair.ann.sent(pair.bob, str(number))
    everything = [m["id"] for m in (await pair.bob.history(pair.ann))["messages"]]

    async def page(**query: int) -> tuple[list[int], bool]:
        answer = await pair.bob.history(pair.ann, **query)
        assert answer.status == 200, answer
        return [m["id"] for m in answer["messages"]], answer["has_more"]

    assert await page(limit=4) == (everything[:4], True)
    assert await page(limit=4, offset=4) == (everything[4:8], True)
    assert await page(limit=4, offset=8) == (everything[8:], False)
    assert await page(limit=4, before_id=everything[3]) == (everything[4:8], True)
    assert await page(limit=10, before_id=everything[3]) == (everything[4:], False)
    assert (await page(limit=2, after_id=everything[4]))[0] == everything[2:4]
    assert (await page(limit=50, after_id=everything[4]))[0] == everything[:4]
    around = (await page(limit=3, around_id=everything[4]))[0]
    assert everything[4] in around and 2 <= len(around) <= 3
    assert around == [id for id in everything if id in around]


@pytest.mark.gen_test
async def test_the_history_with_someone_never_met_is_empty_and_with_nobody_a_404(client: Client) -> None:
    ann, eve = await client.people("ann", "eve")
    answer = await ann.history(eve)
    assert (answer.status, answer["messages"], answer["has_more"]) == (200, [], False)
    assert answer["other_user"]["id"] == eve.id
    assert await ann.conversations() == [], "looking opens no conversation"
    assert_problem(await ann.history(2**40), 404, "not_found")


@pytest.mark.gen_test
async def test_conversations_are_an_array_newest_first(pair: Pair, client: Client) -> None:
    (eve,) = await client.people("eve")
    await eve.sent(pair.bob, "hi Bob")
    newest, oldest = await pair.bob.conversations()
    for conversation, other in ((newest, eve), (oldest, pair.ann)):
        assert set(conversation) == CONVERSATION
        assert set(conversation["other_user"]) == PERSON
        assert conversation["user"] == conversation["other_user"]
        assert conversation["other_user"]["id"] == other.id
        assert TIME.fullmatch(conversation["last_message_at"])
        assert TIME.fullmatch(conversation["updated_at"])
        assert type(conversation["is_online"]) is bool
    assert (newest["last_message"], newest["last_message_by_me"], newest["unread_count"]) == (
        "hi Bob",
        False,
        1,
    )
    assert (oldest["last_message"], oldest["last_message_by_me"]) == ("yes", True)
    assert oldest["conversation_id"] == pair.conversation_id
    await pair.ann.sent(pair.bob, "me first")
    assert [c["other_user"]["id"] for c in await pair.bob.conversations()] == [pair.ann.id, eve.id]


@pytest.mark.gen_test
async def test_mark_read_counts_under_both_its_names(pair: Pair) -> None:
    first, second, own = (m["id"] for m in pair.messages)
    by = [{"message_ids": [first]}, {"sender_id": pair.ann.id}, {"conversation_id": pair.conversation_id}]
    for which, count in zip(by, (1, 1, 0), strict=True):
        answer = await pair.bob.mark_read(**which)
        assert answer.status == 200, answer
        assert set(answer.json) == {"success", "status", "marked_count", "marked_read", "read_at"}
        assert (answer["success"], answer["status"]) == (True, "success")
        assert answer["marked_count"] == answer["marked_read"] == count, which
        assert TIME.fullmatch(answer["read_at"])
    read = {m["id"]: m["is_read"] for m in (await pair.ann.history(pair.bob))["messages"]}
    assert read == {first: True, second: True, own: False}


@pytest.mark.gen_test
async def test_mark_read_wants_one_thing_to_mark(pair: Pair) -> None:
    assert_problem(await pair.bob.mark_read(), 400, "validation_error")
    assert await pair.ann.unread() == 1


@pytest.mark.gen_test
async def test_a_byte_order_mark_before_the_json_is_stepped_over(pair: Pair) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"receiver_id": pair.bob.id, "message": "from an editor"}).encode()
    sent = await pair.ann.post("chats/", body=body, headers={"Content-Type": "application/json"})
    assert (sent.status, sent["message"]) == (201, "from an editor"), sent
