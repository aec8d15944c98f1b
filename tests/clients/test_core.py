"""What the client makes of answers, of none, and of those that are for later: by its core, and over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chatserver_client import (
    Answer,
    AsyncChat,
    Call,
    Core,
    Patience,
    Pause,
    Poll,
    Refused,
    Request,
    Unreachable,
    host,
    person,
)

from tests.clients.conftest import Either
from tests.clients.scripted import Scripted, http
from tests.support.waiting import eventually

PROBLEM = "Content-Type: application/problem+json"


def problem(status: int, code: str, **fields: str) -> Answer:
    headers = {"content-type": "application/problem+json", **fields}
    return Answer(status, headers, json.dumps({"code": code, "detail": "Not now."}).encode())


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(
    call: Call[Any], *answers: Answer | Unreachable, patience: Patience | None = None
) -> tuple[Any, list[float]]:
    """What the call ends with, and how long it paused each time; no time passes but that."""
    now = Time()
    steps = Core("https://chat.example.org", "ck", patience or Patience(), now).steps(call)
    left, pauses = list(answers), []
    came: Answer | Unreachable | None = None
    try:
        while True:
            step = steps.send(came)
            if isinstance(step, Pause):
                pauses.append(step.secs)
                now.now += step.secs
                came = None
            else:
                came = left.pop(0)
    except StopIteration as end:
        assert not left
        return end.value, pauses


GOOD = Answer(200, {"content-type": "application/json"}, b'{"id": 7}')
AWAY = Unreachable("nobody listens")


def test_a_call_is_repeated_with_growing_pauses_until_it_is_answered() -> None:
    result, pauses = run(person.messages.send("hi", user_id=1), AWAY, problem(503, "unavailable"), AWAY, GOOD)
    assert result == {"id": 7}
    for n, pause in enumerate(pauses):
        assert 0.125 * 2**n <= pause <= 0.25 * 2**n


def test_every_repeat_of_a_send_is_the_same_send() -> None:
    call = person.messages.send("hi", user_id=1)
    core = Core("https://chat.example.org", "ck", Patience())
    steps = core.steps(call)
    first = next(steps)
    assert isinstance(steps.send(AWAY), Pause)
    assert steps.send(None) == first
    assert isinstance(first, Request) and json.loads(first.body)["client_id"]


def test_the_server_says_how_long_to_wait() -> None:
    _, pauses = run(host.users.get("42"), problem(429, "rate_limited", **{"retry-after": "7"}), GOOD)
    assert pauses == [7.0]


def test_whoever_would_have_to_wait_for_too_long_is_told_at_once() -> None:
    with pytest.raises(Refused) as refused:
        run(host.users.get("42"), problem(429, "rate_limited", **{"retry-after": "3600"}))
    assert (refused.value.code, refused.value.retry_after) == ("rate_limited", 3600.0)


def test_a_call_ends_when_its_time_is_over() -> None:
    with pytest.raises(Unreachable):
        run(host.users.get("42"), *[AWAY] * 1000, patience=Patience(total_secs=20))


def test_what_would_be_done_twice_is_sent_once_unless_it_surely_was_not_done() -> None:
    twice = host.webhooks.create("https://app.example.org/", ["message.created"])
    with pytest.raises(Unreachable):
        run(twice, AWAY)
    with pytest.raises(Refused):
        run(twice, problem(503, "unavailable", **{"retry-after": "1"}))
    assert run(twice, problem(429, "rate_limited"), GOOD)[0] == {"id": 7}


def test_a_poll_is_tried_for_as_long_as_it_takes() -> None:
    events = b'{"events": [], "cursor": "e:2", "superseded": false}'
    poll = Poll("e:1")
    _, pauses = run(poll.call(), *[AWAY] * 200, Answer(200, {}, events))
    assert len(pauses) == 200 and max(pauses) <= 10
    assert poll.cursor == "e:1"
    poll.call()
    assert poll.cursor == "e:2"


@pytest.mark.parametrize("url", ["chat.example.org", "ftp://chat.example.org", "https://", "https://a/?b=c"])
def test_what_is_no_address_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address of a chat server"):
        Core(url, "", Patience())


def test_a_server_below_a_path_is_asked_there_and_a_token_may_change() -> None:
    tokens = iter(["one", "two"])
    core = Core("https://example.org:8443/chat/", lambda: next(tokens), Patience())
    first, second = core.request(host.users.get("a b")), core.request(host.users.get("a b"))
    assert first.target == "/chat/api/v1/communication/host/users/a%20b/"
    assert first.headers["Host"] == "example.org:8443"
    assert [one.headers["Authorization"] for one in (first, second)] == ["Bearer one", "Bearer two"]


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(*answers: bytes | None) -> Scripted:
        made.append(Scripted(*answers))
        return made[-1]

    yield make
    for one in made:
        one.close()


CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"id\r\n5\r\n": 7}\r\n0\r\n\r\n'


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", http("200 OK", b'{"id"', length=9), b"SSH-2.0\r\n"]
)
def test_an_answer_that_breaks_off_is_none(
    client: Callable[..., Either], scripted: Callable[..., Scripted], first: bytes
) -> None:
    server = scripted(first, CHUNKED)
    assert client(server.base, "ck").do(host.users.get("42")) == {"id": 7}
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", ["404 Not Found", "200 OK"])
def test_a_proxy_that_answers_for_the_chat_is_quoted(
    client: Callable[..., Either], scripted: Callable[..., Scripted], status: str
) -> None:
    server = scripted(http(status, b"<html>no such site</html>", "Content-Type: text/html"))
    with pytest.raises(Refused, match="no such site") as refused:
        client(server.base, "ck").do(host.users.get("42"))
    assert (refused.value.status, refused.value.code) == (int(status[:3]), "")


def test_a_redirect_is_not_followed(client: Callable[..., Either], scripted: Callable[..., Scripted]) -> None:
    server = scripted(http("302 Found", b"", "Location: http://127.0.0.1:1/"))
    with pytest.raises(Refused) as refused:
        client(server.base, "ck").do(host.users.get("42"))
    assert refused.value.status == 302


def test_a_server_that_says_nothing_does_not_hold_a_call_for_ever(
    client: Callable[..., Either], scripted: Callable[..., Scripted]
) -> None:
    server = scripted(None)
    with pytest.raises(Unreachable):
        client(server.base, "ck", patience=Patience(total_secs=0)).do(
            Call("GET", "server/", timeout_secs=0.2)
        )


def test_a_cancelled_call_closes_its_connection(scripted: Callable[..., Scripted]) -> None:
    server = scripted(None)

    async def give_up() -> None:
        task = asyncio.create_task(AsyncChat(server.base, "ck").do(Poll("e:1").call()))
        await eventually(lambda: server.requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert server.ended()


def test_no_token_reaches_an_error(client: Callable[..., Either], scripted: Callable[..., Scripted]) -> None:
    server = scripted(b"")
    with pytest.raises(Unreachable) as error:
        client(server.base, "ck_1_secret", patience=Patience(total_secs=0)).do(host.users.get("42"))
    assert "secret" not in f"{error.value!r} {error.value.__context__!r}"
