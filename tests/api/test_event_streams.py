"""`sse/events/`: the events of a poll as Server-Sent Events, to existing clients and to new ones."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import ORIGIN, Pair, assert_problem
from tests.support.client import API, Client, Device
from tests.support.event_stream import PATH, EventStream, Told, open_stream
from tests.support.server import ServerProcess
from tests.support.waiting import GENEROUS_SECS, in_time

UNAUTHORIZED = 'event: error\ndata: {"error": "Unauthorized"}\n'


async def opened(device: Device, **more: Any) -> EventStream:
    """A stream that has said who is connected."""
    stream = await open_stream(device, **more)
    assert stream.status == 200, stream.headers
    told = await stream.event()
    assert (told.name, told.data) == ("connected", {"status": "connected", "user_id": device.id})
    return stream


def texts(batch: list[Told]) -> list[str]:
    return [told.data["message"] for told in batch if told.name == "message"]


async def raw(server: ServerProcess, request: str) -> bytes:
    """All that comes of a request whose answer ends."""
    url = urlsplit(server.base)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(f"{request}\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), GENEROUS_SECS)
    writer.close()
    return answer


@pytest.mark.gen_test
async def test_an_existing_client_is_told_who_it_is_and_then_what_a_poll_would_give(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    poller = await (await bob.another()).here()
    async with await opened(bob) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-store, no-transform"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert stream.headers["Connection"] == "close"
        assert "Content-Length" not in stream.headers and "Transfer-Encoding" not in stream.headers
        await ann.sent(bob, "héllo\nWörld 👋")
        told = await stream.event()
        answer = await poller.next()
        assert told.name == answer.events[0]["event"] == "message"
        assert told.text.encode() in answer.body, "byte for byte"
        assert told.id is None, "its place is kept by the server"
        await ann.typing(bob)
        typing = await stream.event()
        assert (typing.name, typing.data["is_typing"]) == ("typing", True)


@pytest.mark.gen_test
async def test_without_a_cursor_it_begins_at_the_place_of_the_session_and_moves_it(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "before")
    async with await opened(bob) as stream:
        assert [m["message"] for m in await stream.until(1)] == ["before"]
        await ann.sent(bob, "while")
        assert [m["message"] for m in await stream.until(1)] == ["while"]
    await ann.sent(bob, "after")
    async with await opened(bob) as stream:
        assert [m["message"] for m in await stream.until(1)] == ["after"]
    assert (await bob.poll(wait=0)).events == [], "polls of the session go on from there"


@pytest.mark.gen_test
async def test_two_tabs_of_one_token_both_get_everything(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    async with await opened(bob) as one, await opened(bob) as other:
        for number in range(5):
            await ann.sent(bob, str(number))
        for stream in (one, other):
            assert [m["message"] for m in await stream.until(5)] == list("01234")


@pytest.mark.gen_test
async def test_an_original_client_gets_no_kinds_of_events_that_it_does_not_know(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    new = await (await bob.another()).here()
    async with await opened(bob) as stream, await opened(new, cursor=new.cursor) as extended:
        sent = await ann.sent(bob, "helo")
        await stream.until(1)
        path = f"chats/message/{sent['id']}/"
        assert (
            await client.call("PATCH", path, token=ann.token, json_body={"message": "hello"})
        ).status == 200
        await ann.sent(bob, "the next")
        assert (await stream.event()).data["message"] == "the next"
        assert [m["message"] for m in await extended.until(1, "message_changed")] == ["hello"]


@pytest.mark.gen_test
async def test_a_client_that_comes_again_goes_on_from_its_last_id(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    first = bob.cursor
    await ann.sent(bob, "one")
    async with await opened(bob, cursor=first) as stream:
        assert texts(await in_time(stream.batch())) == ["one"]
        place = stream.cursor
    await ann.sent(bob, "two")
    # As a browser does: the address is the old one.
    async with await opened(bob, cursor=first, headers={"Last-Event-ID": str(place)}) as stream:
        assert texts(await in_time(stream.batch())) == ["two"]
    async with await opened(bob, cursor=first) as stream:
        assert texts(await in_time(stream.batch())) == ["one", "two"]


@pytest.mark.gen_test
async def test_a_client_that_only_names_itself_is_told_its_place_from_the_first_look_on(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "before")
    async with await opened(bob, client="tab") as stream:
        assert texts(await in_time(stream.batch())) == ["before"]
        place = stream.cursor
    await ann.sent(bob, "after")
    async with await opened(bob, client="tab", headers={"Last-Event-ID": str(place)}) as stream:
        assert texts(await in_time(stream.batch())) == ["after"]


@pytest.mark.gen_test
async def test_what_is_not_for_the_session_moves_its_place_at_the_next_look(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    await bob.sent(ann, "mine")
    async with await opened(bob, cursor=bob.cursor) as stream:
        assert await in_time(stream.batch()) == []
        assert stream.cursor not in (None, bob.cursor)


@pytest.mark.parametrize("token", ["", "wrong", "chp_wrong"])
@pytest.mark.gen_test
async def test_a_bad_token_is_one_event_with_status_200(server: ServerProcess, token: str) -> None:
    answer = await raw(server, f"GET {API}{PATH}?token={token} HTTP/1.1")
    head, _, body = answer.decode().partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n") and "Content-Type: text/event-stream\r\n" in head
    assert body.startswith(UNAUTHORIZED) and body.count("\n\n") == 1
    assert await raw(server, f"GET {API}sse/events HTTP/1.1\r\nAuthorization: Token {token or 'x'}")


@pytest.mark.gen_test
async def test_a_header_a_ticket_and_no_slash_will_do_as_well(server: ServerProcess, client: Client) -> None:
    (ann,) = await client.people("ann")
    ticket = (await ann.post("auth/poll-ticket/"))["ticket"]
    async with await opened(ann, token=ticket):
        pass
    url = urlsplit(server.base)
    for version, scheme in (("1.1", "Token"), ("1.1", "Bearer"), ("1.0", "Bearer")):
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        head = (
            f"GET {API}sse/events HTTP/{version}\r\nHost: here\r\nAuthorization: {scheme} {ann.token}\r\n\r\n"
        )
        writer.write(head.encode())
        connected = b'data: {"status": "connected", "user_id": %d}\n\n' % ann.id
        await asyncio.wait_for(reader.readuntil(connected), GENEROUS_SECS)
        writer.close()


@pytest.mark.gen_test
async def test_what_cannot_be_a_place_or_a_name_is_refused_with_its_problem(client: Client) -> None:
    (ann,) = await client.people("ann")
    for query, headers, code in (
        ({"cursor": "nonsense"}, {}, "cursor_invalid"),
        ({}, {"Last-Event-ID": "17"}, "cursor_invalid"),
        ({"client": "x" * 65}, {}, "validation_error"),
    ):
        answer = await client.call("GET", PATH, token=ann.token, query=query, headers=headers)
        assert_problem(answer, 400, code)


@pytest.mark.gen_test
async def test_a_place_that_is_too_old_is_an_event_with_a_fresh_one_and_the_stream_goes_on(
    client: Client,
) -> None:
    ann, bob = await client.people("ann", "bob")
    original = await bob.another()
    await bob.here()
    for number in range(130):  # one after the other: those of a moment share an entry
        await ann.sent(bob, str(number))
    async with await opened(bob, cursor=bob.cursor) as stream:
        expired = await stream.event()
        assert (expired.name, expired.data) == ("cursor_expired", {"cursor": expired.id})
        await ann.sent(bob, "and on it goes")
        assert [m["message"] for m in await stream.until(1)] == ["and on it goes"]
    # An original client is given what there still is.
    async with await opened(original) as stream:
        given = [m["message"] for m in await stream.until(100)]
    assert given == [*(str(number) for number in range(31, 130)), "and on it goes"]


@pytest.mark.gen_test
async def test_a_session_that_ends_is_told_and_so_is_one_of_two_tabs(client: Client) -> None:
    (ann,) = await client.people("ann")
    other = await (await ann.another()).here()
    async with (
        await opened(other) as original,
        await opened(other, cursor=other.cursor) as stream,
        await opened(ann) as staying,
    ):
        assert (await other.logout()).status == 200
        for ended in (original, stream):
            assert [(t.name, t.text) for t in await ended.rest() if t.name not in ("", "heartbeat")] == [
                ("error", '{"error": "Unauthorized"}')
            ]
            assert ended.retry_ms == 30_000
        eve = await client.sign_up("eve")
        await eve.sent(ann, "still there?")
        assert [m["message"] for m in await staying.until(1)] == ["still there?"]


@pytest.mark.gen_test
async def test_a_newer_stream_or_poll_of_the_same_client_ends_the_older_stream(client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    async with await opened(bob, cursor=bob.cursor, client="tab") as oldest:
        async with await opened(bob, cursor=bob.cursor, client="tab") as older:
            assert [told.name for told in await oldest.rest() if told.name] == ["superseded"]
            assert (oldest.retry_ms or 0) >= 3_600_000, "or it would end the newer one in three seconds"
            poll = asyncio.ensure_future(bob.poll(cursor=bob.cursor, client="tab", wait=40))
            assert [told.name for told in await older.rest() if told.name] == ["superseded"]
        await ann.sent(bob, "for the newest")
        assert [m["message"] for m in (await in_time(poll)).of("message")] == ["for the newest"]


@pytest.mark.gen_test
async def test_a_stream_counts_towards_the_polls_that_are_held_of_a_person(client: Client) -> None:
    (ann,) = await client.people("ann")
    most = (await client.call("GET", "server/"))["limits"]["held_polls"]
    streams = [await opened(ann) for _ in range(most + 1)]
    assert [told.name for told in await streams[0].rest() if told.name] == []
    assert (streams[0].retry_ms or 0) >= 60_000, "or the tabs would end one another in turn"
    for stream in streams:
        stream.close()


@pytest.mark.gen_test
async def test_disconnecting_ends_the_streams_of_the_person(client: Client) -> None:
    (ann,) = await client.people("ann")
    async with await opened(ann) as stream:
        assert (await ann.disconnect()).status == 200
        assert [told.name for told in await stream.rest() if told.name] == []


@pytest.mark.gen_test
async def test_head_options_and_other_methods_are_answered_as_everywhere(client: Client) -> None:
    (ann,) = await client.people("ann")
    head = await client.call("HEAD", PATH, token=ann.token)
    assert (head.status, head.body, head.headers["Content-Type"]) == (200, b"", "text/event-stream")
    options = await client.call("OPTIONS", PATH)
    assert (options.status, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert_problem(await ann.post(PATH), 405, "method_not_allowed")
    test = await client.call("GET", "sse/test/")
    assert (test.status, test["status"]) == (200, "ok")


@pytest.mark.gen_test
async def test_a_page_of_an_allowed_origin_may_read_it_and_no_other(shop: Client) -> None:
    (ann,) = await shop.people("ann")
    for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example.org", None)):
        async with await opened(ann, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}) as stream:
            assert stream.headers.get("Access-Control-Allow-Origin") == allowed
            assert stream.headers["Vary"] == "Origin"
        cookie = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Cookie": f"chat_session={ann.token}"}
        assert_problem(await shop.call("GET", PATH, headers=cookie), 403, "forbidden")


@pytest.mark.gen_test
async def test_parameters_that_it_does_not_know_are_named(pair: Pair) -> None:
    async with await opened(pair.bob, wait=3, colour="red") as stream:
        assert stream.headers["X-Ignored-Parameters"] == "wait, colour"


@pytest.mark.gen_test
async def test_bytes_behind_the_request_are_no_second_one(server: ServerProcess, client: Client) -> None:
    ann, bob = await client.people("ann", "bob")
    async with await opened(bob) as stream:
        stream.writer.write(f"GET {API}poll/test/ HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        await ann.sent(bob, "hello")
        assert [m["message"] for m in await stream.until(1)] == ["hello"]
    assert json.loads((await raw(server, f"GET {API}poll/test/ HTTP/1.1")).partition(b"\r\n\r\n")[2])
