"""The contract: paths, methods, headers, origins, old HTTP versions."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import ORIGIN, Pair, assert_problem
from tests.support.client import API, Answer, Client, Device
from tests.support.server import ServerProcess
from tests.support.waiting import in_time, together

GETS = [
    "poll/test/",
    "poll/events/?wait=0",
    "chats/conversations/",
    "chats/unread-count/",
    "chats/online-users/",
    "auth/sessions/",
    "users/me/",
    "users/?search=ann",
    "snapshot/",
    "conversations/",
    "server/",
]
METHODS = {
    "poll/events/": "GET", "poll/test/": "GET", "poll/disconnect/": "POST",
    "sse/events/": "GET", "sse/test/": "GET", "chats/": "GET POST",
    "chats/conversations/": "GET", "chats/conversation/1/": "GET", "chats/mark-read/": "POST",
    "chats/typing/": "POST", "chats/unread-count/": "GET", "chats/online-users/": "GET",
    "auth/register/": "POST", "auth/login/": "POST", "auth/logout/": "POST", "auth/sessions/": "GET",
    "auth/sessions/1/": "DELETE", "users/me/": "GET PATCH DELETE", "users/": "GET", "snapshot/": "GET", "server/": "GET",
    "chats/message/1/": "GET PATCH DELETE", "chats/1/": "GET PATCH DELETE",
    "chats/search/": "GET", "users/me/export/": "GET", "auth/host/": "POST",
    "conversations/": "GET POST", "conversations/1/": "GET PATCH DELETE", "conversations/1/members/": "GET",
    "conversations/1/members/2/": "PUT PATCH DELETE", "conversations/1/invites/": "GET POST", "invites/accept/": "POST",
    "conversations/1/me/": "PATCH", "conversations/1/me/draft/": "PUT",
    "conversations/1/read/": "POST", "conversations/1/receipts/": "GET",
    "auth/guest/": "POST", "host/notifications/": "POST",
}  # fmt: skip


def assert_headers(answer: Answer) -> None:
    assert "no-store" in answer.headers["Cache-Control"], answer.headers
    assert "Transfer-Encoding" not in answer.headers
    assert answer.status == 204 or int(answer.headers["Content-Length"]) == len(answer.body)
    assert "Etag" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def without_slash(path: str) -> str:
    bare, _, query = path.partition("?")
    return bare.rstrip("/") + (f"?{query}" if query else "")


@pytest.mark.gen_test
@pytest.mark.parametrize("path", GETS)
async def test_a_path_answers_with_and_without_its_slash(pair: Pair, path: str) -> None:
    for form in (path, without_slash(path)):
        answer = await pair.ann.get(form)
        assert answer.status == 200, (form, answer)
        assert_headers(answer)
        assert answer.headers["Content-Type"].lower() == "application/json; charset=utf-8"


@pytest.mark.gen_test
async def test_posts_answer_without_their_slash_too(pair: Pair, client: Client) -> None:
    send = await pair.ann.post("chats", {"receiver_id": pair.bob.id, "message": "no slash"})
    typing = await pair.ann.post("chats/typing", {"receiver_id": pair.bob.id, "is_typing": True})
    read = await pair.ann.post("chats/mark-read", {"sender_id": pair.bob.id})
    login = await client.call("POST", "auth/login", json_body={"username": "nobody", "password": "wrong"})
    register = await client.call("POST", "auth/register", json_body={})
    disconnect = await pair.ann.post("poll/disconnect")
    history = await pair.ann.get(f"chats/conversation/{pair.bob.id}")
    answers = (send, typing, read, login, register, disconnect, history)
    assert [answer.status for answer in answers] == [201, 200, 200, 401, 400, 200, 200]
    for answer in answers:
        assert_headers(answer)


@pytest.mark.gen_test
async def test_the_same_answer_twice_is_never_a_304(pair: Pair) -> None:
    first = await pair.ann.get("chats/conversations/")
    headers = {"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    again = await pair.ann.get("chats/conversations/", headers=headers)
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body


@pytest.mark.gen_test
@pytest.mark.parametrize("path", METHODS)
async def test_another_method_is_a_405_that_lists_the_right_ones(pair: Pair, path: str) -> None:
    allowed = set(METHODS[path].split())
    others = [m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if m not in allowed]
    for method in [*others, "PROPFIND"]:
        answer = await pair.ann.client.call(method, path, token=pair.ann.token)
        assert_problem(answer, 405, "method_not_allowed")
        assert_headers(answer)
        assert allowed <= {word.strip() for word in answer.headers["Allow"].split(",")}


@pytest.mark.gen_test
async def test_an_unknown_path_is_a_404_problem_and_no_page(client: Client, pair: Pair) -> None:
    for path in (
        "nothing/",
        "chats/nothing/",
        "chats/conversation/abc/",
        "chats/conversation/",
        "../secret",
        "a%00b",
    ):
        answer = await pair.ann.get(path)
        assert_problem(answer, 404, "not_found")
        assert_headers(answer)
    assert_problem(await client.call("GET", "/api/v2/"), 404, "not_found")


@pytest.mark.gen_test
async def test_a_request_id_is_on_the_answer_and_in_the_problem(client: Client) -> None:
    one, two = await together(client.call("GET", "users/me/"), client.call("GET", "users/me/"))
    assert one["request_id"] == one.headers["X-Request-Id"]
    assert one["request_id"] != two["request_id"]


async def raw(server: ServerProcess, request: str) -> bytes:
    """What a socket gets until the server closes it."""
    url = urlsplit(server.base)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(request.encode())
    answer = await in_time(reader.read())
    writer.close()
    return answer


@pytest.mark.gen_test
async def test_a_client_of_http_1_0_is_served(server: ServerProcess, pair: Pair) -> None:
    body = json.dumps({"receiver_id": pair.bob.id, "message": "from 1996"})
    authorization = f"Authorization: Token {pair.ann.token}\r\n"
    requests = [
        f"GET {API}poll/events/?wait=0 HTTP/1.0\r\n{authorization}\r\n",
        f"GET {API}chats/conversations/ HTTP/1.0\r\n{authorization}\r\n",
        f"POST {API}chats/ HTTP/1.0\r\n{authorization}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}",
    ]
    for request, status in zip(requests, (b"200", b"200", b"201"), strict=True):
        head, _, rest = (await raw(server, request)).partition(b"\r\n\r\n")
        assert head.split()[1] == status, head
        assert b"chunked" not in head.lower()
        assert f"Content-Length: {len(rest)}".encode() in head
        json.loads(rest)
    assert (await pair.bob.history(pair.ann))["messages"][0]["message"] == "from 1996"


@pytest.mark.gen_test
async def test_broken_http_is_refused_without_harm(server: ServerProcess, client: Client) -> None:
    host = "Host: chat\r\n"
    for request in (
        f"GET {API}poll/test/ HTTP/1.1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        f"POST {API}chats/ HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        f"POST {API}chats/ HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n",
        f"POST {API}chats/ HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        f"GET {API}poll/test/ HTTP/1.1\r\n{host}X: {'x' * 70000}\r\n\r\n",
        "GET nonsense\r\n\r\n",
    ):
        try:
            answer = await raw(server, request)
        except ConnectionResetError:
            continue  # the shortest way of refusing
        assert answer == b"" or answer.split()[1].startswith((b"4", b"5")), answer[:200]
        assert b"Traceback" not in answer
    assert (await client.call("GET", "poll/test/")).status == 200


@pytest.fixture(scope="module")
def cors_server() -> object:
    """A server that another site may call."""
    made = ServerProcess(env={"CHATSERVER_CORS_ORIGINS": f"{ORIGIN},https://other.example.org"}).start()
    yield made
    made.stop()
    made.forget()


async def preflight(client: Client, base: str, origin: str) -> Answer:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    return await client.call("OPTIONS", "chats/", headers=asked, base=base)


@pytest.mark.gen_test
async def test_an_origin_on_the_list_may_call_and_no_other(
    cors_server: ServerProcess, client: Client
) -> None:
    base = cors_server.base
    allowed = await preflight(client, base, ORIGIN)
    assert allowed.status in (200, 204), allowed
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
    granted = allowed.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in granted for name in ("authorization", "content-type", "idempotency-key"))
    assert "Origin" in allowed.headers["Vary"]

    mine = Client([base])
    (ann,) = await mine.people("ann")
    for status, device in ((200, ann), (401, Device(mine, "wrong", {}, None))):
        answer = await device.get("chats/conversations/", headers={"Origin": ORIGIN})
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
        assert "X-Ignored-Parameters" in answer.headers["Access-Control-Expose-Headers"]
    for origin in ("https://evil.example.org", f"{ORIGIN}.evil.org", "null", ORIGIN.upper() + "/"):
        refused = await preflight(client, base, origin)
        assert "Access-Control-Allow-Origin" not in refused.headers, origin
    mine.close()


def granted(answer: Answer) -> set[str]:
    return {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}


@pytest.mark.gen_test
async def test_an_allowed_page_may_send_headers_of_its_own_system(
    cors_server: ServerProcess, client: Client
) -> None:
    async def asked(names: str) -> set[str]:
        headers = {"Origin": ORIGIN, "Access-Control-Request-Headers": names}
        answer = await client.call("OPTIONS", "chats/", headers=headers, base=cors_server.base)
        assert "Access-Control-Request-Headers" in ", ".join(answer.headers.get_list("Vary"))
        return granted(answer)

    ours = await asked("")
    assert {"authorization", "content-type"} <= ours
    assert await asked("authorization,x-tenant-id, X-Requested-With") == {
        *ours,
        "x-tenant-id",
        "x-requested-with",
    }
    for nonsense in ("*", "x y", "x;y", "(x)", "x" * 65, "\xe4", ",,,"):
        assert await asked(f"{nonsense}, x-tenant-id") == {*ours, "x-tenant-id"}, nonsense
    flood = await asked(",".join(f"x-{n}" for n in range(1000)))
    assert len(flood) <= len(ours) + 32


@pytest.mark.gen_test
async def test_preflight_names_every_method_that_is_offered(
    cors_server: ServerProcess, client: Client
) -> None:
    for path, methods in {
        "chats/": {"POST"},
        "chats/message/8388609/": {"PATCH", "DELETE"},
        "users/me/": {"GET", "HEAD", "PATCH", "DELETE"},
    }.items():
        answer = await client.call("OPTIONS", path, headers={"Origin": ORIGIN}, base=cors_server.base)
        named = set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        assert methods <= named and "Access-Control-Allow-Credentials" not in answer.headers, path


@pytest.mark.gen_test
async def test_by_default_no_other_origin_may_call(client: Client, server: ServerProcess) -> None:
    answer = await preflight(client, server.base, ORIGIN)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.status < 500


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["poll/events/", "users/me/"])
async def test_a_connection_that_is_closed_after_an_answer_was_said_to_be(
    server: ServerProcess, path: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.base).port)
    writer.write(f"GET {API}{path} HTTP/1.1\r\nHost: chat\r\nAuthorization: Token unknown\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert " 401 " in head
    body = await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
    assert b"token_invalid" in body
    if "connection: close" in head:
        assert await reader.read() == b""
    else:  # it was kept, and serves
        writer.write(f"GET {API}server/ HTTP/1.1\r\nHost: chat\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
    writer.close()
