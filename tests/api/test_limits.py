"""Rate limits as a client sees them: 429 with its headers, wrong passwords, accounts from one address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support import contract
from tests.support.client import PASSWORD, Answer, Client, unique
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess

BUCKETS = ("send", "upload", "typing", "receipts", "history", "poll", "account")
SMALL = {f"CHATSERVER_{name.upper()}_RATE": "5/minute" for name in BUCKETS}
HEADERS = ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture(scope="module")
def strict(mongo: MongoNode) -> Iterator[ServerProcess]:
    """A server that takes little, behind a proxy that it trusts."""
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("limits"),
        "CHATSERVER_TRUSTED_PROXIES": "127.0.0.1",
        "CHATSERVER_REGISTER_RATE": "3/minute",
        "CHATSERVER_LOGIN_RATE": "3/minute",
        "CHATSERVER_LOGIN_ACCOUNT_RATE": "6/minute",
        "CHATSERVER_LOGIN_ADDRESS_RATE": "8/minute",
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env | SMALL).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def few(strict: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([strict.base], check=contract.check)
    yield made
    made.close()


def assert_limited(answer: Answer, name: str, amount: int) -> None:
    assert_problem(answer, 429, "rate_limited")
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= 66
    assert answer.headers["RateLimit-Policy"] == f'"{name}";q={amount};w=60'
    assert answer.headers["RateLimit"] == f'"{name}";r=0;t={wait}'
    assert answer.headers["X-RateLimit-Limit"] == str(amount)
    assert answer.headers["X-RateLimit-Remaining"] == "0"


async def wrong(client: Client, username: str, address: str) -> Answer:
    body = {"username": username, "password": "not the password"}
    headers = {"X-Forwarded-For": address}
    return await client.call("POST", "auth/login/", json_body=body, headers=headers)


@pytest.mark.gen_test
async def test_each_kind_of_call_has_a_limit_of_its_own_and_says_how_much_is_left(few: Client) -> None:
    ann, bob = await few.people("ann", "bob")
    kinds = {
        "send": ("POST", "chats/", {"receiver_id": bob.id, "message": "hello"}),
        "typing": ("POST", "chats/typing/", {"receiver_id": bob.id}),
        "receipts": ("POST", "chats/mark-read/", {"sender_id": bob.id}),
        "history": ("GET", f"chats/conversation/{bob.id}/", None),
        "poll": ("GET", "poll/events/?wait=0", None),
        "account": ("GET", "users/me/", None),
    }
    for name, (method, path, body) in kinds.items():
        for left in (4, 3, 2, 1, 0):
            answer = await few.call(method, path, token=ann.token, json_body=body)
            assert answer.status in (200, 201), answer
            assert [answer.headers[header] for header in HEADERS] == [
                f'"{name}";r={left};t=60',
                f'"{name}";q=5;w=60',
                "5",
                str(left),
                "60",
            ]
        assert_limited(await few.call(method, path, token=ann.token, json_body=body), name, 5)
    assert (await few.call("GET", "users/me/", token=bob.token)).status == 200, "others are not concerned"


@pytest.mark.gen_test
async def test_files_count_as_files_beside_counting_as_messages(few: Client) -> None:
    ann, bob = await few.people("ann", "bob")
    file = {"receiver_id": bob.id, "attachment": "data:text/plain;base64,aGVsbG8="}
    answers = [await few.call("POST", "chats/", token=ann.token, json_body=file) for _ in range(6)]
    assert [answer.status for answer in answers] == [201] * 5 + [429]


@pytest.mark.gen_test
async def test_a_call_that_failed_tells_of_its_limit_only_when_that_is_why(few: Client) -> None:
    (ann,) = await few.people("ann")
    answer = await few.call("POST", "chats/", token=ann.token, json_body={"message": "to nobody"})
    assert_problem(answer, 400, "validation_error", "receiver_id")
    assert "Retry-After" not in answer.headers


@pytest.mark.gen_test
async def test_wrong_passwords_are_limited_for_an_account_from_one_address(few: Client) -> None:
    (ann,) = await few.people("ann")
    for _ in range(3):
        assert_problem(await wrong(few, ann.username, "198.51.100.1"), 401, "token_invalid")
    assert_limited(await wrong(few, ann.username.upper(), "198.51.100.1"), "login", 3)
    body = {"username": ann.username, "password": PASSWORD}
    elsewhere = {"X-Forwarded-For": "198.51.100.2"}
    answer = await few.call("POST", "auth/login/", json_body=body, headers=elsewhere)
    assert answer.status == 200, "its owner is not locked out"


@pytest.mark.gen_test
async def test_wrong_passwords_from_everywhere_are_limited_for_an_account(few: Client) -> None:
    (ann,) = await few.people("ann")
    for number in range(6):
        assert_problem(await wrong(few, ann.username, f"198.51.101.{number}"), 401, "token_invalid")
    assert_limited(await wrong(few, ann.username, "198.51.101.99"), "login_account", 6)


@pytest.mark.gen_test
async def test_wrong_passwords_for_everybody_are_limited_from_one_address(few: Client) -> None:
    """An unknown name counts like a known one, and a network of IPv6 as one address."""
    for number in range(8):
        answer = await wrong(few, unique("nobody"), f"2001:db8:0:7::{number}")
        assert_problem(answer, 401, "token_invalid")
    assert_limited(await wrong(few, unique("nobody"), "2001:db8:0:7::99"), "login_address", 8)


@pytest.mark.gen_test
async def test_many_wrong_passwords_at_once_let_no_more_through(few: Client) -> None:
    (ann,) = await few.people("ann")
    answers = await asyncio.gather(*(wrong(few, ann.username, "198.51.102.1") for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [401] * 3 + [429] * 17


@pytest.mark.gen_test
async def test_the_right_password_is_never_counted_and_forgives_the_wrong_ones_before(few: Client) -> None:
    (ann,) = await few.people("ann")
    for _ in range(2):
        assert (await wrong(few, ann.username, "127.0.0.1")).status == 401
        assert (await wrong(few, ann.username, "127.0.0.1")).status == 401
        answers = await asyncio.gather(*(few.login(ann.username) for _ in range(8)))
        assert [answer.status for answer in answers] == [200] * 8


@pytest.mark.gen_test
async def test_accounts_are_limited_from_one_address_but_not_from_an_exempt_one(few: Client) -> None:
    async def register(address: str) -> Answer:
        body = {"username": unique("new"), "password": PASSWORD}
        headers = {"X-Forwarded-For": address}
        return await few.call("POST", "auth/register/", json_body=body, headers=headers)

    for _ in range(3):
        assert (await register("203.0.113.5")).status == 201
    assert_limited(await register("203.0.113.5"), "register", 3)
    assert (await register("203.0.113.6")).status == 201
    for _ in range(6):
        assert (await register("127.0.0.1")).status == 201


@pytest.mark.gen_test
async def test_the_server_shows_its_limits(few: Client) -> None:
    rates = (await few.call("GET", "server/"))["limits"]["rates"]
    assert rates["send"] == {"amount": 5, "window_secs": 60}
    assert rates["login_account"] == {"amount": 6, "window_secs": 60}


@pytest.mark.gen_test
async def test_a_proxy_that_was_not_named_is_told_of_once_and_not_believed(
    server: ServerProcess, client: Client
) -> None:
    for number in range(3):
        assert (await wrong(client, unique("nobody"), f"198.51.100.{number}")).status == 401
    assert server.log().count("a proxy that is not in trusted_proxies") == 1
