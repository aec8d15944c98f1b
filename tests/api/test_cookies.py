"""Sessions in a cookie: given only when asked for, out of reach of scripts, and of no use to other sites."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest

from tests.api.conftest import ORIGIN, assert_problem
from tests.support import contract
from tests.support.client import PASSWORD, Answer, Client, unique
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess

OWN = {"Sec-Fetch-Site": "same-origin", "X-Requested-With": "page"}
HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def behind_tls(mongo: MongoNode) -> Iterator[ServerProcess]:
    """Behind a proxy that is trusted to say whether the client came by https; another site may call too."""
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("cookies"),
        "CHATSERVER_TRUSTED_PROXIES": "127.0.0.1",
        "CHATSERVER_CORS_ORIGINS": ORIGIN,
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def client(behind_tls: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([behind_tls.base], check=contract.check)
    yield made
    made.close()


async def sign_in(client: Client, username: str, **headers: str) -> tuple[Answer, Morsel[str]]:
    body = {"username": username, "password": PASSWORD, "cookie": True}
    answer = await client.call("POST", "auth/login/", json_body=body, headers={**OWN, **headers})
    assert answer.status == 200, answer
    given = SimpleCookie()
    for cookie in answer.headers.get_list("Set-Cookie"):
        given.load(cookie)
    (morsel,) = (morsel for name, morsel in given.items() if "chat_session" in name)
    return answer, morsel


async def cookie_of(client: Client) -> tuple[dict[str, str], int]:
    (ann,) = await client.people("ann")
    _, morsel = await sign_in(client, ann.username)
    return {"Cookie": f"{morsel.key}={morsel.value}"}, ann.id


@pytest.mark.gen_test
async def test_over_tls_the_cookie_is_bound_to_the_host_and_hidden_from_scripts(client: Client) -> None:
    (ann,) = await client.people("ann")
    answer, morsel = await sign_in(client, ann.username, **HTTPS)
    assert morsel.key == "__Host-chat_session"
    assert morsel["secure"] and morsel["httponly"] and not morsel["domain"]
    assert (morsel["samesite"], morsel["path"], morsel["max-age"]) == ("Strict", "/", str(90 * 86400))
    assert answer["token"] is None and morsel.value not in answer.body.decode()
    cookie = {"Cookie": f"{morsel.key}={morsel.value}"}
    assert (await client.call("GET", "users/me/", headers={**cookie, **HTTPS}))["user"]["id"] == ann.id
    plain = await client.call("GET", "users/me/", headers=cookie)
    assert_problem(plain, 401, "token_missing")


@pytest.mark.gen_test
async def test_over_plain_http_it_has_a_name_that_browsers_take(client: Client) -> None:
    (ann,) = await client.people("ann")
    _, morsel = await sign_in(client, ann.username)
    assert (morsel.key, morsel["secure"]) == ("chat_session", "")
    assert morsel["httponly"] and morsel["samesite"] == "Strict"


@pytest.mark.gen_test
async def test_a_cookie_does_all_that_a_token_does(client: Client) -> None:
    cookie, ann_id = await cookie_of(client)
    (bob,) = await client.people("bob")
    await bob.sent(ann_id, "hello")
    own = {**cookie, **OWN}
    poll = await client.call("GET", "poll/events/", query={"wait": 0}, headers=own)
    assert [data["message"] for data in poll.of("message")] == ["hello"]
    body = {"receiver_id": bob.id, "message": "hello yourself"}
    assert (await client.call("POST", "chats/", json_body=body, headers=own)).status == 201
    gone = await client.call("POST", "auth/logout/", headers=own)
    assert gone.status == 200 and "expires=" in gone.headers["Set-Cookie"]
    again = await client.call("GET", "users/me/", headers=own)
    assert_problem(again, 401, "token_invalid")
    assert "expires=" in again.headers["Set-Cookie"], "or the browser would send it for 90 days"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "X-Requested-With": "x"},
        {"Sec-Fetch-Site": "same-site", "X-Requested-With": "x"},
        {"Sec-Fetch-Site": "none", "X-Requested-With": "x"},
        {"Origin": "https://evil.example.org", "X-Requested-With": "x"},
        {"Origin": "null", "X-Requested-With": "x"},
        {"Origin": ORIGIN, "X-Requested-With": "x"},
        {"Sec-Fetch-Site": "same-origin"},
        {},
    ],
)
@pytest.mark.gen_test
async def test_nothing_is_changed_by_what_another_site_makes_the_browser_do(
    client: Client, headers: dict[str, str]
) -> None:
    cookie, _ = await cookie_of(client)
    (bob,) = await client.people("bob")
    body = {"receiver_id": bob.id, "message": "not of my own will"}
    calls: list[tuple[str, str, Any]] = [
        ("POST", "chats/", body),
        ("PATCH", "users/me/", {"full_name": "Mallory"}),
        ("POST", "auth/logout/", None),
        ("POST", "users/me/password/", {"password": PASSWORD, "new_password": "what mallory wants"}),
        ("POST", "poll/disconnect/", None),
    ]
    for method, path, content in calls:
        answer = await client.call(method, path, json_body=content, headers={**cookie, **headers})
        assert_problem(answer, 403, "forbidden")
        assert "Access-Control-Allow-Credentials" not in answer.headers
    login = {"username": bob.username, "password": PASSWORD, "cookie": True}
    answer = await client.call("POST", "auth/login/", json_body=login, headers=headers)
    assert_problem(answer, 403, "forbidden")
    assert "Set-Cookie" not in answer.headers
    assert (await bob.poll(wait=0)).events == []


@pytest.mark.gen_test
async def test_nothing_is_read_by_another_site_either(client: Client) -> None:
    """A poll moves the place of its session: it must not be lost to an image on somebody's page."""
    cookie, _ = await cookie_of(client)
    for site in ("cross-site", "same-site"):
        for path in ("poll/events/?wait=0", "snapshot/", "users/me/"):
            answer = await client.call("GET", path, headers={**cookie, "Sec-Fetch-Site": site})
            assert_problem(answer, 403, "forbidden")


@pytest.mark.gen_test
async def test_a_token_in_the_header_wins_and_needs_no_more_than_before(client: Client) -> None:
    cookie, _ = await cookie_of(client)
    (bob,) = await client.people("bob")
    headers = {**cookie, "Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}
    answer = await client.call("PATCH", "users/me/", token=bob.token, json_body={}, headers=headers)
    assert (answer.status, answer["user"]["id"]) == (200, bob.id), answer
    assert "Set-Cookie" not in answer.headers


@pytest.mark.gen_test
async def test_an_allowed_site_may_send_the_header_that_a_cookie_needs_but_never_the_cookie(
    client: Client,
) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Headers": "X-Requested-With"}
    answer = await client.call("OPTIONS", "chats/", headers=asked)
    assert "x-requested-with" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in answer.headers
    cookie, _ = await cookie_of(client)
    sent = {**cookie, "Origin": ORIGIN, "X-Requested-With": "XMLHttpRequest"}
    for site in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = await client.call("PATCH", "users/me/", json_body={}, headers={**sent, **site})
        assert_problem(answer, 403, "forbidden")


@pytest.mark.parametrize("path", ["poll/test/", "users/me/", "nowhere/", "/nowhere", "/healthz"])
@pytest.mark.gen_test
async def test_every_answer_may_not_be_framed_sniffed_or_told_elsewhere(client: Client, path: str) -> None:
    answer = await client.call("GET", path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "Server" not in answer.headers
