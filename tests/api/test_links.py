"""Links open one file by themselves, for an hour, whoever has them; and nothing else."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.api.conftest import ORIGIN, Pair, assert_problem
from tests.api.multipart import multipart
from tests.support import contract
from tests.support.client import Answer, Client
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

TEXT = b"between Ann and Bob"


async def send(pair: Pair, content: bytes = TEXT, **headers: str) -> Answer:
    form = multipart({"receiver_id": str(pair.bob.id)}, ("notes.txt", content, "text/plain"))
    form["headers"].update(headers)
    answer = await pair.ann.post("chats/", **form)
    assert answer.status == 201, answer
    return answer


async def opened(pair: Pair, link: str, method: str = "GET", **headers: str) -> Answer:
    """As a browser opens a bare link: without any token."""
    return await pair.ann.client.call(method, link, headers=headers)


@pytest.mark.gen_test
async def test_the_links_of_every_answer_and_event_open_by_themselves(
    pair: Pair, server: ServerProcess
) -> None:
    cursor = (await pair.bob.get("snapshot/"))["cursor"]
    sent = await send(pair)
    shown = (await pair.bob.history(pair.ann))["messages"][0]
    old_way = (await pair.bob.poll()).of("message")[-1]
    await pair.ann.client.call(
        "PATCH", f"chats/message/{sent['id']}/", token=pair.ann.token, json_body={"message": "see there"}
    )
    told = await pair.bob.poll(cursor=cursor, wait=0)
    found = (await pair.bob.get("chats/search/", query={"q": "there"}))["messages"]
    (mine,) = (await pair.ann.get("users/me/export/"))["conversations"]
    messages = [sent.json, shown, old_way, *told.of("message"), *told.of("message_changed"), found[0]]
    messages.append(mine["messages"][-1])
    assert len(messages) == 7
    for message in messages:
        assert message["attachment"] == message["attachment_url"]
        assert message["attachment_url"].startswith(server.base + "/api/v1/")
        file = await opened(pair, message["attachment_url"])
        assert (file.status, file.body) == (200, TEXT)
    links = {message["attachment_url"] for message in messages}
    assert len(links) >= 6, "new on each answer, of which one had two events"


@pytest.mark.gen_test
async def test_events_name_sender_and_file_as_messages_do(pair: Pair) -> None:
    cursor = (await pair.bob.get("snapshot/"))["cursor"]
    sent = await send(pair)
    await pair.ann.client.call("DELETE", f"chats/message/{sent['id']}/", token=pair.ann.token)
    told = await pair.bob.poll(cursor=cursor, wait=0)
    for event in (*told.of("message"), *told.of("message_changed")):
        assert event["sender"] == event["sender_id"] == pair.ann.id
        assert event["attachment_url"] is None, "it is deleted by now"


@pytest.mark.gen_test
async def test_a_file_by_a_link_is_sandboxed_and_may_be_shown_by_pages_of_other_origins(pair: Pair) -> None:
    link = (await send(pair))["attachment_url"]
    file = await opened(pair, link)
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Referrer-Policy"] == "no-referrer"
    assert file.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    head = await opened(pair, link, "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(TEXT)))
    assert (await opened(pair, link, If_None_Match="x")).status == 200
    with_token = await pair.bob.get(urlsplit(link).path)
    assert with_token.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.gen_test
async def test_a_link_is_good_for_its_file_and_its_hour_only(pair: Pair) -> None:
    first, second = await send(pair), await send(pair, b"another")
    link = first["attachment_url"]
    ends, signature = link.partition("?link=")[2].split(".")
    forged = [
        link.replace(str(first["id"]), str(second["id"])),
        link.replace(ends, str(int(ends) + 1)),
        link.replace(ends, "0" + ends),
        link.replace(signature, signature[:-1]),
        link.replace(signature, signature[::-1]),
        link.replace(signature, "A" * 43),
        link.partition(".")[0] if "." not in urlsplit(link).netloc else link.rpartition(".")[0],
        link.partition("=")[0] + "=",
        link.partition("=")[0] + "=" + "9" * 5000,
        link.partition("=")[0] + "=%ff%00",
    ]
    for wrong in forged:
        assert_problem(await opened(pair, wrong), 401, "token_invalid")
    over_but_signed_in = await pair.bob.get(forged[1])
    assert (over_but_signed_in.status, over_but_signed_in.body) == (200, TEXT), "a page that had it for long"
    assert_problem(await opened(pair, urlsplit(link).path), 401, "token_missing")
    other_call = await opened(pair, f"snapshot/?{urlsplit(link).query}")
    assert_problem(other_call, 401, "token_missing")


@pytest.mark.gen_test
async def test_a_link_ends_with_its_message(pair: Pair) -> None:
    sent = await send(pair)
    await pair.ann.client.call("DELETE", f"chats/message/{sent['id']}/", token=pair.ann.token)
    assert_problem(await opened(pair, sent["attachment_url"]), 404, "not_found")


@pytest.mark.gen_test
async def test_a_link_begins_with_the_address_that_was_asked(pair: Pair, server: ServerProcess) -> None:
    sent = await send(pair, Host="chat.example.org:8443")
    assert sent["attachment_url"].startswith("http://chat.example.org:8443/api/v1/")
    cursor = (await pair.bob.get("snapshot/"))["cursor"]
    await send(pair)
    for name in (
        "Host",
        "host",
    ):  # the second is no plain request's name in the form that the short way takes
        headers = {name: "other.example.org", "X-Forwarded-Proto": "https"}
        told = await pair.bob.get("poll/events/", query={"cursor": cursor, "wait": 0}, headers=headers)
        (event,) = told.of("message")
        assert event["attachment_url"].startswith("http://other.example.org/"), "nobody named a proxy here"


@pytest.fixture(scope="module")
def behind() -> Iterator[ServerProcess]:
    """A server behind a proxy on this machine, as talkative about itself as can be."""
    made = ServerProcess(env={"CHATSERVER_TRUSTED_PROXIES": "127.0.0.1", "CHATSERVER_CORS_ORIGINS": ORIGIN})
    made.start()
    yield made
    made.stop()
    made.forget()


@pytest.mark.gen_test
async def test_behind_a_proxy_a_link_has_the_scheme_that_the_proxy_tells(behind: ServerProcess) -> None:
    client = Client([behind.base], check=contract.check)
    ann, bob = await client.people("ann", "bob")
    cursor = (await bob.get("snapshot/"))["cursor"]
    data = "data:text/plain;base64," + base64.b64encode(TEXT).decode()
    sent = await ann.sent(bob, "look", attachment=data)
    told_of = {"Host": "chat.example.org", "X-Forwarded-Proto": "https"}
    for more in ({}, {"Origin": ORIGIN}):  # the short way of a poll, and the ordinary one
        answer = await bob.get(
            "poll/events/", query={"cursor": cursor, "wait": 0}, headers={**told_of, **more}
        )
        (event,) = answer.of("message")
        assert event["attachment_url"].startswith("https://chat.example.org/api/v1/")
        path = event["attachment_url"].removeprefix("https://chat.example.org")
        assert (await client.call("GET", path)).body == TEXT
    assert sent["attachment_url"].startswith(behind.base)
    client.close()


@pytest.mark.gen_test
async def test_a_link_begins_with_the_public_url_and_never_reaches_the_log(io_loop: Any) -> None:
    env = {"CHATSERVER_PUBLIC_URL": "https://chat.example.org/", "CHATSERVER_LOG_LEVEL": "debug"}
    server = ServerProcess(env=env).start()
    client = Client([server.base], check=contract.check)
    ann, bob = await client.people("ann", "bob")
    sent = await ann.sent(bob, "look", attachment="data:text/plain;base64,aGVsbG8=")
    link = sent["attachment_url"]
    assert link.startswith("https://chat.example.org/api/v1/")
    (event,) = (await bob.poll()).of("message")
    assert event["attachment_url"].startswith("https://chat.example.org/api/v1/")
    path, _, query = link.removeprefix("https://chat.example.org").partition("?")
    for method, asked in (
        ("GET", path),
        ("HEAD", path),
        ("GET", "snapshot/"),
        ("GET", path + "x"),
    ):
        answer = await client.call(method, f"{asked}?{query}")
        assert query not in json.dumps(dict(answer.headers.get_all())) + repr(answer.body)
    signature = query.partition(".")[2]
    await eventually(lambda: asyncio.sleep(0, "chats/attachment" in server.log()))
    client.close()
    server.stop()
    assert signature not in server.log()
    server.forget()
