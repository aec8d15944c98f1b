"""A client that goes away in the middle, or is told "later", costs nobody a message, a file or a quick stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.client import API, Client, Device
from tests.support.server import ServerProcess
from tests.support.slow_reader import connect_narrow, too_much
from tests.support.waiting import eventually, held, in_time

BOUNDARY = "between"
FILE = b"only these bytes " * 5000


def form(receiver: Device, **fields: str) -> bytes:
    """A message with a file."""
    parts = {"receiver_id": str(receiver.id), "message": "look at this", **fields}
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="attachment"; filename="a.txt"\r\n\r\n'
    return head.encode() + FILE + f"\r\n--{BOUNDARY}--\r\n".encode()


def start(failpoints: str) -> ServerProcess:
    return ServerProcess(env={"CHATSERVER_FAILPOINTS": failpoints}).start()


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    made = start(getattr(request, "param", ""))
    yield made
    made.stop()
    made.forget()


@pytest.fixture
def client(fresh: ServerProcess, io_loop: Any) -> Iterator[Client]:
    made = Client([fresh.base])
    yield made
    made.close()


async def a_moment() -> None:
    """In which a server reads what came, unless it is very busy; from outside nothing shows that it has."""
    await asyncio.sleep(0.2)


async def abandoned(
    device: Device,
    base: str,
    head: str,
    body: bytes,
    meanwhile: Callable[[], Awaitable[Any]] = a_moment,
) -> Any:
    """Send this much of a request, wait for what happens `meanwhile`, hang up."""
    url = urlsplit(base)
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    start_line, _, more = head.partition("\n")
    lines = [f"{start_line} HTTP/1.1", "Host: chat", f"Authorization: Token {device.token}", more.strip()]
    writer.write("\r\n".join([*filter(None, lines), "", ""]).encode() + body)
    await writer.drain()
    happened = await meanwhile()
    writer.close()
    await writer.wait_closed()
    return happened


async def downloaded(device: Device, message: dict[str, Any]) -> bytes:
    answer = await device.get(message["attachment"])
    assert answer.status == 200, answer
    return answer.body


@pytest.mark.gen_test
async def test_requests_abandoned_in_the_middle_of_their_bodies_do_not_hold_up_a_stop(
    fresh: ServerProcess, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    upload = (
        f"POST {API}chats/\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: 99999"
    )
    await abandoned(ann, fresh.base, upload, form(bob)[:1000])
    await abandoned(ann, fresh.base, f"GET {API}poll/events/\nContent-Length: 10", b"12345")
    await abandoned(ann, fresh.base, f"POST {API}chats/\nContent-Length: 10", b"12345")
    fresh.terminate()
    assert fresh.wait() == 0
    assert "requests cut" not in fresh.log()
    fresh.start()


@pytest.mark.gen_test
@pytest.mark.parametrize("fresh", ["before_ack=sleep:5"], indirect=True)
async def test_a_file_stays_with_its_message_when_the_sender_hangs_up_before_the_answer(
    fresh: ServerProcess, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.here()
    body = form(bob)
    upload = f"POST {API}chats/\nContent-Type: multipart/form-data; boundary={BOUNDARY}"
    head = f"{upload}\r\nContent-Length: {len(body)}"
    (event,) = await abandoned(ann, fresh.base, head, body, lambda: bob.until(1))
    # Its send is over for certain when the server has ended.
    await asyncio.to_thread(fresh.stop)
    await asyncio.to_thread(fresh.start)
    assert await downloaded(bob, event) == FILE


@pytest.mark.gen_test
@pytest.mark.parametrize("fresh", ["after_append=sleep:4/2"], indirect=True)
async def test_a_file_stays_with_a_message_that_was_stored_although_its_send_was_refused_as_too_slow(
    fresh: ServerProcess, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "the first append is quick")
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    send = {"body": form(bob, client_id="key"), "headers": headers}
    assert (await ann.post("chats/", **send)).status == 503

    async def stored() -> bool:
        answer = await ann.post("chats/", **send)
        assert answer.status == 200, answer
        return await downloaded(bob, answer.json) == FILE

    await eventually(stored)


@pytest.mark.gen_test
async def test_without_a_cursor_an_answer_whose_client_closed_before_taking_it_all_is_given_again(
    fresh: ServerProcess, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    texts = await too_much(ann, bob)
    reader, writer = await connect_narrow(fresh.base)
    writer.write(
        f"GET {API}poll/events/?limit=200 HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {bob.token}\r\n\r\n".encode()
    )
    status = await in_time(reader.readline())
    assert status.startswith(b"HTTP/1.1 200"), status
    writer.write_eof()  # an orderly end, unlike a reset: the server sees no error
    await asyncio.sleep(0.5)
    writer.close()
    assert [message["message"] for message in (await bob.poll(limit=200)).of("message")] == texts


@pytest.mark.gen_test
@pytest.mark.parametrize("fresh", ["before_ack=sleep:3"], indirect=True)
async def test_every_answer_of_a_server_that_drains_sends_its_client_away(
    fresh: ServerProcess, client: Client
) -> None:
    ann, bob = await client.people("ann", "bob")
    send = await held(ann.send(bob, "in the last moment"))
    fresh.terminate()
    answer = await send
    assert (answer.status, answer.headers.get("Connection")) == (201, "close")
    assert fresh.wait() == 0
    fresh.start()
