"""An existing client has the application's token and no other: the server asks the application whose it is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support import contract
from tests.support.client import Answer, Client, unique
from tests.support.host import SECRET, signed
from tests.support.mongo import MongoNode
from tests.support.ports import free_ports
from tests.support.server import ServerProcess
from tests.support.token_host import TokenHost
from tests.support.waiting import eventually, together


@pytest.fixture(scope="module")
def port() -> int:
    """Of the application."""
    return free_ports(1)[0]


@pytest.fixture
def host(port: int, io_loop: Any) -> Iterator[TokenHost]:
    made = TokenHost(port)
    yield made
    io_loop.run_sync(made.close)


@pytest.fixture(scope="module")
def server_of(port: int, mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("asked"),
        "CHATSERVER_TOKEN_URL": f"http://127.0.0.1:{port}/whose",
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_LOG_LEVEL": "debug",
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def asked(server_of: ServerProcess, host: TokenHost, io_loop: Any) -> Iterator[Client]:
    """The application answers, whatever it did in the test before."""
    made = Client([server_of.base], check=contract.check)

    async def answers() -> bool:
        token = unique("opaque")
        host.people[token] = {"sub": unique("sub"), "ttl": 60}
        return (await call(made, token)).status == 200

    async def recovered() -> None:
        await eventually(answers)
        host.asked.clear()

    io_loop.run_sync(recovered, timeout=60)
    yield made
    made.close()


async def call(client: Client, token: str, path: str = "users/me/", **more: Any) -> Answer:
    return await client.call(more.pop("method", "GET"), path, token=token, **more)


@pytest.mark.gen_test
async def test_a_client_with_the_applications_token_needs_no_other(host: TokenHost, asked: Client) -> None:
    ann, bob = unique("opaque"), unique("opaque")
    host.people = {
        ann: {"sub": unique("sub"), "name": "Ann Arden", "avatar": "x", "ttl": 60},
        bob: {"sub": 4711, "ttl": 60},
    }
    bob_id = (await call(asked, bob))["user"]["id"]
    assert (await call(asked, ann))["user"]["full_name"] == "Ann Arden"
    body = {"receiver_id": bob_id, "message": "hello"}
    sent = await call(asked, ann, "chats/", method="POST", json_body=body)
    assert sent.status == 201, sent
    by_query = await asked.call("GET", "poll/events/", query={"token": bob})
    assert [m["message"] for m in by_query.of("message")] == ["hello"]
    for _ in range(20):
        assert (await call(asked, ann, "poll/events/?wait=0")).status == 200
    assert host.asked == {ann: 1, bob: 1}, "once each, not with every call"
    assert (await asked.call("GET", "server/"))["sign_in"]["host_tokens"] is True


@pytest.mark.gen_test
async def test_calls_at_the_same_moment_ask_once_and_no_token_of_ours_is_ever_asked_for(
    host: TokenHost, asked: Client
) -> None:
    token = unique("opaque")
    host.people[token] = {"sub": unique("sub"), "ttl": 60}
    answers = await together(*(call(asked, token, "auth/sessions/") for _ in range(12)))
    assert {answer.status for answer in answers} == {200}, answers
    assert host.asked == {token: 1}
    for ours in ("cht_" + "x" * 43, "chp_" + "x" * 43, "x" * 9000):
        assert_problem(await call(asked, ours), 401, "token_invalid")
    assert (await call(asked, signed(sub=unique("sub")))).status == 200, "a signed one says it by itself"
    refused = await call(asked, signed(sub=unique("sub"), scope="notifications"))
    assert_problem(refused, 401, "token_invalid")
    assert host.asked == {token: 1}


@pytest.mark.gen_test
async def test_an_answer_counts_for_its_time_and_a_refusal_for_ten_seconds(
    host: TokenHost, asked: Client
) -> None:
    token, wrong = unique("opaque"), unique("opaque")
    host.people[token] = {"sub": unique("sub"), "ttl": 1}
    assert (await call(asked, token)).status == 200
    first_refused = time.monotonic()
    for _ in range(5):
        assert_problem(await call(asked, wrong), 401, "token_invalid")
    assert host.asked[wrong] == 1 or time.monotonic() - first_refused > 10
    del host.people[token]

    async def is_refused() -> bool:
        return (await call(asked, token)).status == 401

    await eventually(is_refused)
    assert host.asked[token] == 2
    host.people[wrong] = {"sub": unique("sub"), "ttl": 60}

    async def is_taken() -> bool:
        return (await call(asked, wrong)).status == 200

    await eventually(is_taken)
    assert time.monotonic() - first_refused >= 9.9
    assert host.asked[wrong] == 2


@pytest.mark.gen_test
async def test_who_was_signed_out_here_stays_so_though_the_application_knows_the_token(
    host: TokenHost, asked: Client
) -> None:
    token = unique("opaque")
    host.people[token] = {"sub": unique("sub"), "ttl": 1}
    assert (await call(asked, token, "auth/logout/", method="POST")).status == 200
    for _ in range(3):
        assert_problem(await call(asked, token), 401, "token_invalid")


@pytest.mark.gen_test
@pytest.mark.parametrize("mood", ["broken", "odd", "no JSON", "endless", "redirecting"])
async def test_an_application_out_of_order_is_a_503_and_left_alone_for_a_while(
    host: TokenHost, asked: Client, server_of: ServerProcess, mood: str
) -> None:
    known = unique("opaque")
    host.people[known] = {"sub": unique("sub"), "ttl": 60}
    assert (await call(asked, known)).status == 200
    host.mood = mood
    for _ in range(12):
        problem = await call(asked, unique("opaque"))
        assert_problem(problem, 503, "unavailable")
        assert int(problem.headers["Retry-After"]) >= 1
    assert 5 <= sum(host.asked.values()) - 1 <= 11, "after five failures it is left alone"
    assert (await call(asked, known)).status == 200, "nobody who is known feels it"
    host.mood = "well"
    new = unique("opaque")
    host.people[new] = {"sub": unique("sub"), "ttl": 60}

    async def is_back() -> bool:
        return (await call(asked, new)).status == 200

    await eventually(is_back)
    assert host.redirected == 0
    log = server_of.log()
    assert log.count("does not say whose tokens are") >= 1
    assert not any(token in log for token in host.asked), "no token in the log"


@pytest.mark.gen_test
async def test_a_slow_application_holds_up_nobody_else_and_no_more_than_a_few_questions(
    host: TokenHost, asked: Client
) -> None:
    known = unique("opaque")
    host.people[known] = {"sub": unique("sub"), "ttl": 60}
    me = (await call(asked, known))["user"]["id"]
    host.mood = "slow"
    waiting = [asyncio.ensure_future(call(asked, unique("opaque"))) for _ in range(100)]

    async def is_asked() -> bool:
        return host.at_once >= 8

    await eventually(is_asked)
    body = {"receiver_id": me, "message": "to myself"}
    for _ in range(20):
        assert (await call(asked, known, "chats/", method="POST", json_body=body)).status == 201
    answers = await asyncio.gather(*waiting)
    assert {answer.status for answer in answers} == {503}
    assert sum(host.asked.values()) <= 16, "eight at once, and when these failed it was left alone"
    host.mood = "well"
    host.go_on.set()


@pytest.mark.gen_test
async def test_an_application_that_is_gone_is_a_503(host: TokenHost, asked: Client) -> None:
    await host.close()
    for _ in range(3):
        assert_problem(await call(asked, unique("opaque")), 503, "unavailable")
    assert (await call(asked, signed(sub=unique("sub")))).status == 200


@pytest.mark.gen_test
async def test_the_token_goes_out_in_a_body_and_nowhere_else(host: TokenHost, asked: Client) -> None:
    token = json.dumps({"a": 'quoted " and back\\slash'})[:60].replace(" ", "")
    host.people[token] = {"sub": unique("sub"), "ttl": 60}
    assert (await call(asked, token)).status == 200
    assert host.asked == {token: 1}
