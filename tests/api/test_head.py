"""HEAD works wherever GET does: the same status and fields, and nothing after them."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import Pair
from tests.api.multipart import multipart
from tests.support.client import API, Client
from tests.support.server import ServerProcess

ALWAYS = [
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/docs",
    "/",
    "/embed",
    "/embed.js",
    "/favicon.svg",
    "/static/css/base.css",
]
SIGNED_IN = [
    "poll/test/",
    "chats/conversations/",
    "chats/conversation/{bob}/",
    "chats/search/?q=hello",
    "chats/attachment/{file}/",
    "chats/unread-count/",
    "chats/online-users/",
    "auth/sessions/",
    "users/me/",
    "users/me/export/",
    "users/?search=ann",
    "snapshot/",
    "server/",
]
# Those tell the time, or what was delivered meanwhile.
CHANGES_BY_ITSELF = (
    "poll/",
    "auth/sessions",
    "snapshot",
    "users/me/export",
    "chats/conversation",
    "chats/search",
)
CHANGING = {"date", "x-request-id", "content-length", "etag", "last-modified"}


@pytest.mark.gen_test
async def test_every_get_answers_head_with_its_status_and_fields_and_no_body(
    pair: Pair, client: Client
) -> None:
    form = multipart({"receiver_id": str(pair.bob.id)}, ("notes.txt", b"notes" * 1000, "text/plain"))
    file = (await pair.ann.post("chats/", **form))["id"]
    paths = [*ALWAYS, *(path.format(bob=pair.bob.id, file=file) for path in SIGNED_IN)]
    for path in paths:
        got = await pair.ann.get(path)
        head = await client.call("HEAD", path, token=pair.ann.token)
        assert (head.status, head.body) == (got.status, b"") == (200, b""), (path, head)
        for name, value in got.headers.get_all():
            if name.lower() not in CHANGING and not name.startswith(("Ratelimit", "X-Ratelimit")):
                assert head.headers[name] == value, (path, name)
        if not path.startswith(CHANGES_BY_ITSELF):
            assert int(head.headers["Content-Length"]) == len(got.body), path


@pytest.mark.gen_test
async def test_head_is_refused_where_get_is_and_where_there_is_none(pair: Pair, client: Client) -> None:
    for path, token, status in (
        ("users/me/", None, 401),
        ("users/me/", "unknown", 401),
        ("chats/conversation/999999999/", pair.ann.token, 404),
        ("chats/search/", pair.ann.token, 400),
        ("nothing/", pair.ann.token, 404),
        ("chats/typing/", pair.ann.token, 405),
        ("auth/login/", None, 405),
    ):
        answer = await client.call("HEAD", path, token=token)
        assert (answer.status, answer.body) == (status, b""), (path, answer)
    allowed = (await pair.ann.post("users/")).headers["Allow"]
    assert "HEAD" in allowed.split(", ")


@pytest.mark.gen_test
async def test_head_of_a_poll_answers_at_once_and_takes_nothing_from_the_next_poll(
    pair: Pair, client: Client
) -> None:
    bob = await pair.bob.here()
    waiting = {"cursor": bob.cursor, "wait": 50}
    empty = await client.call("HEAD", "poll/events/", token=bob.token, query=waiting)
    assert (empty.status, empty.body) == (200, b"") and empty.took < 10
    await pair.ann.sent(bob, "still to come")
    for query in ({}, waiting):
        assert (await client.call("HEAD", "poll/events/", token=bob.token, query=query)).status == 200
    assert [m["message"] for m in (await bob.poll()).of("message")][-1] == "still to come"
    assert (await client.call("HEAD", "poll/events/", token="unknown")).status == 401
    assert (await client.call("HEAD", "poll/events/", token=bob.token, query={"wait": "x"})).status == 400


@pytest.mark.gen_test
async def test_head_of_a_history_delivers_nothing(pair: Pair, client: Client) -> None:
    sent = await pair.ann.sent(pair.bob, "not yet on any device of his")
    path = f"chats/conversation/{pair.ann.id}/"
    assert (await client.call("HEAD", path, token=pair.bob.token)).status == 200
    shown = (await pair.ann.history(pair.bob))["messages"][0]
    assert (shown["id"], shown["delivered_at"]) == (sent["id"], None)


@pytest.mark.gen_test
async def test_a_connection_serves_on_after_a_head(server: ServerProcess, pair: Pair) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.base).port)
    for path in ("/healthz", f"{API}poll/events/?wait=20", f"{API}users/me/", "/healthz"):
        method = b"HEAD" if path != "/healthz" else b"GET"
        writer.write(
            method + f" {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {pair.ann.token}\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert head.startswith(b"HTTP/1.1 200 ")
        if method == b"GET":
            assert json.loads(await reader.readexactly(15)) == {"status": "ok"}
    writer.close()
