"""The contract: the poll and the small calls with their exact shapes, and who may make any call at all."""

from __future__ import annotations

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.shapes import EVENT_OF_MESSAGE
from tests.support.client import API, Client
from tests.support.waiting import held, in_time


@pytest.mark.gen_test
async def test_the_poll_test_needs_no_credentials(client: Client) -> None:
    answer = await client.call("GET", "poll/test/")
    assert answer.status == 200
    assert {"status", "message", "timestamp"} <= set(answer.json)
    assert answer["status"] == "ok"


@pytest.mark.gen_test
async def test_unread_count_online_users_typing_and_disconnect_have_their_shapes(pair: Pair) -> None:
    counts = (await pair.ann.get("chats/unread-count/")).json
    assert set(counts) == {"total_unread", "conversations", "by_sender"}
    assert counts["conversations"] == [
        {
            "conversation_id": pair.conversation_id,
            "unread_count": 1,
            "other_user_id": pair.bob.id,
            "other_user_name": pair.bob.user["full_name"],
        }
    ]
    assert (counts["total_unread"], counts["by_sender"]) == (1, {str(pair.bob.id): 1})
    online = await pair.ann.get("chats/online-users/")
    assert set(online.json) == {"online_users"}
    assert all(type(id) is int for id in online["online_users"])
    typing = await pair.ann.typing(pair.bob)
    assert (typing.status, typing.json) == (200, {"success": True, "status": "success"})
    gone = await pair.ann.disconnect()
    assert (gone.status, gone.json) == (200, {"status": "disconnected", "user_id": pair.ann.id})


@pytest.mark.gen_test
async def test_a_poll_answers_events_in_their_shapes(pair: Pair) -> None:
    answer = await pair.bob.poll()
    assert {"events", "timestamp"} <= set(answer.json)
    assert type(answer["timestamp"]) is float
    assert [event["event"] for event in answer.events] == ["message", "message"]
    for event, message in zip(answer.events, pair.messages, strict=False):
        assert set(event) == {"id", "event", "data", "timestamp"}
        data = event["data"]
        assert set(data) == EVENT_OF_MESSAGE
        assert {key: data[key] for key in EVENT_OF_MESSAGE if key != "is_read"} == {
            key: message[key] for key in EVENT_OF_MESSAGE if key != "is_read"
        }
        assert data["is_read"] is False
    await pair.bob.here()
    waiting = await held(pair.bob.next(wait=40))
    await pair.ann.typing(pair.bob)
    (event,) = (await in_time(waiting)).events
    assert set(event) == {"id", "event", "data", "timestamp"}
    assert set(event["data"]) == {"sender_id", "sender_name", "is_typing", "conversation_id"}


@pytest.mark.gen_test
async def test_a_poll_with_a_cursor_answers_what_new_clients_need(pair: Pair) -> None:
    await pair.bob.here()
    answer = await pair.bob.poll(cursor=pair.bob.cursor, wait=0, client="tab", limit=5)
    assert set(answer.json) == {"events", "timestamp", "cursor", "more", "wait", "superseded"}
    assert (answer["cursor"], answer["more"], answer["superseded"]) == (pair.bob.cursor, False, False)
    assert type(answer["wait"]) in (int, float)


@pytest.mark.gen_test
async def test_polls_and_disconnect_alone_take_the_token_from_the_query(pair: Pair, client: Client) -> None:
    ann = pair.ann
    for method, path, status in [
        ("GET", f"poll/events/?token={ann.token}&wait=0", 200),
        ("POST", f"poll/disconnect/?token={ann.token}", 200),
        ("GET", f"chats/conversations/?token={ann.token}", 401),
        ("POST", f"chats/?token={ann.token}", 401),
    ]:
        answer = await client.call(method, path)
        assert answer.status == status, (path, answer)
    for scheme in ("Token", "Bearer", "bearer", "TOKEN"):
        headers = {"Authorization": f"{scheme} {ann.token}"}
        assert (await client.call("GET", "chats/unread-count/", headers=headers)).status == 200, scheme


@pytest.mark.gen_test
async def test_every_call_without_a_valid_token_is_a_401_that_says_which(client: Client) -> None:
    calls = [
        ("GET", "poll/events/"), ("POST", "poll/disconnect/"), ("POST", "chats/"), ("GET", "chats/conversations/"),
        ("GET", "chats/conversation/1/"), ("POST", "chats/mark-read/"), ("POST", "chats/typing/"),
        ("GET", "chats/unread-count/"), ("GET", "chats/online-users/"), ("POST", "auth/logout/"),
        ("GET", "auth/sessions/"), ("DELETE", "auth/sessions/1/"), ("GET", "users/me/"), ("PATCH", "users/me/"),
        ("GET", "users/?search=ann"), ("GET", "snapshot/"),
    ]  # fmt: skip
    refused = {"token_missing": {}, "token_invalid": {"Authorization": "Token nobodysToken"}}
    for method, path in calls:
        for code, headers in refused.items():
            answer = await client.call(method, path, headers=headers)
            assert_problem(answer, 401, code)
            assert answer.headers["WWW-Authenticate"], path
    for odd in ("Token", "Token ", "Basic YTpi", "Token a b", "Token \t", f"Token {'x' * 3000}", "nonsense"):
        answer = await client.call("GET", f"{API}users/me/", headers={"Authorization": odd})
        assert answer.status == 401, (odd, answer)
        assert "x" * 100 not in answer.body.decode()
