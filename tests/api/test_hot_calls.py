"""The short way for sends and polls answers as the ordinary one does: byte for byte but for what differs each time."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from typing import Any

import pytest

from tests.support.server import ServerProcess
from tests.support.waiting import held

API = "/api/v1/communication/"
ORDINARY = "TE: trailers\r\n"  # makes it an unusual request
EACH_TIME = {"date", "x-request-id", "content-length", "ratelimit", "x-ratelimit-remaining"}


class Wire:
    """One kept connection, and requests as they are written here."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")

    def ask(
        self, method: str, path: str, token: str, body: Any = None, more: str = ""
    ) -> tuple[str, dict[str, str], Any]:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        length = (
            f"Content-Length: {len(data)}\r\nContent-Type: application/json\r\n" if body is not None else ""
        )
        given = f"Authorization: Bearer {token}\r\n" if token else ""
        head = f"{method} {API}{path} HTTP/1.1\r\nHost: here\r\n{given}{length}{more}\r\n"
        self.socket.sendall(head.encode() + data)
        status = self.file.readline().decode().strip()
        fields: dict[str, str] = {}
        while line := self.file.readline().decode().strip():
            name, _, value = line.partition(": ")
            fields[name.lower()] = value
        return status, fields, json.loads(self.file.read(int(fields["content-length"])))

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def wire(server: ServerProcess) -> Any:
    made = Wire(server.port)
    yield made
    made.close()


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return type(value).__name__


def both(port: int, method: str, path: str, token: str, body: Any = None, more: str = "") -> tuple[Any, Any]:
    """The bodies of the short and of the ordinary way's answer to one request; their heads are the same."""
    heads, bodies = [], []
    for unusual in ("", ORDINARY):
        wire = Wire(port)
        status, fields, answer = wire.ask(method, path, token, body, more + unusual)
        wire.close()
        fields.pop("connection", None)  # Tornado closes after a refusal before the body, and says so
        fields["set-cookie"] = re.sub("expires=[^;]+", "", fields.get("set-cookie", ""))  # a year before now
        heads.append((status, sorted(fields), {n: v for n, v in fields.items() if n not in EACH_TIME}))
        answer.pop("request_id", None)
        bodies.append(answer)
    assert heads[0] == heads[1]
    return bodies[0], bodies[1]


@pytest.mark.gen_test
async def test_a_send_is_answered_alike_on_both_ways(client: Any, server: ServerProcess) -> None:
    ann, bob = await client.people("ann", "bob")
    body = {"receiver_id": bob.id, "message": "héllo \\ 👋"}
    short, ordinary = both(server.port, "POST", "chats/", ann.token, body)
    assert shape(short) == shape(ordinary) and short["message"] == body["message"]
    assert ordinary["seq"] == short["seq"] + 1
    again = {**body, "client_id": "once"}
    await ann.sent(bob, again["message"], client_id="once")
    short, ordinary = both(server.port, "POST", "chats", ann.token, again)
    assert short == ordinary
    conflict = {**again, "message": "something else"}
    short, ordinary = both(server.port, "POST", "chats", ann.token, conflict)
    assert short["code"] == ordinary["code"] == "idempotency_conflict"


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'{"message":"x"}', b'{"receiver":true}', b'{"receiver_id":1,"message":" "}',
        b'{"receiver_id":999999999,"message":"x"}', b'{"receiver_id":"1","message":"x","extra":1}',
        b'{"receiver_id":1,"message":"a","message":"b"}',
    ],
)  # fmt: skip
async def test_a_refused_send_is_refused_alike_on_both_ways(
    client: Any, server: ServerProcess, body: bytes
) -> None:
    ann = await client.sign_up()
    short, ordinary = both(server.port, "POST", "chats/", ann.token, body)
    if "code" in short:
        assert short == ordinary
    else:
        assert shape(short) == shape(ordinary)


@pytest.mark.gen_test
async def test_a_poll_is_answered_alike_on_both_ways(client: Any, server: ServerProcess) -> None:
    ann, bob = await client.people("ann", "bob")
    cursor = (await bob.get("snapshot/"))["cursor"]
    await ann.sent(bob, "hello")
    for query in (
        "?wait=0",
        f"?cursor={cursor}&wait=0&limit=5&client=tab",
        f"?cursor={cursor.replace(':', '%3A')}",
    ):
        short, ordinary = both(server.port, "GET", f"poll/events/{query}", bob.token)
        for answer in (short, ordinary):
            answer.pop("timestamp")
        if "cursor=" in query:
            assert short == ordinary and short["events"][0]["data"]["message"] == "hello"
    for query in (
        "?cursor=nonsense",
        "?cursor=ffffffff:5",
        "?wait=-1",
        "?limit=0",
        "?client=",
        "?wait=1&wait=2",
    ):
        short, ordinary = both(server.port, "GET", f"poll/events/{query}", bob.token)
        assert short == ordinary


@pytest.mark.gen_test
async def test_a_wrong_token_is_refused_alike_on_both_ways(client: Any, server: ServerProcess) -> None:
    for path, body in (("poll/events/", None), ("chats/", {"receiver_id": 1, "message": "x"})):
        short, ordinary = both(server.port, "GET" if body is None else "POST", path, "wrong", body)
        assert short == ordinary and short["code"] == "token_invalid"


@pytest.mark.gen_test
async def test_a_session_in_a_cookie_is_answered_alike_on_both_ways(
    client: Any, server: ServerProcess
) -> None:
    ann, bob = await client.people("ann", "bob")
    await bob.sent(ann, "hello")
    body = {"receiver_id": bob.id, "message": "hello yourself"}
    calls: list[tuple[str, str, Any]] = [("POST", "chats/", body), ("GET", "poll/events/?wait=0", None)]
    own = "Sec-Fetch-Site: same-origin\r\nX-Requested-With: page\r\n"
    for page in (own, own.replace("same-origin", "cross-site"), "Origin: http://here\r\n"):
        for method, path, content in calls:
            more = f"Cookie: theme=dark; chat_session={ann.token}\r\n{page}"
            short, ordinary = both(server.port, method, path, "", content, more)
            assert shape(short) == shape(ordinary)
    for method, path, content in calls:
        more = f"Cookie: chat_session=cht_over\r\n{own}"
        short, ordinary = both(server.port, method, path, "", content, more)
        assert short == ordinary and short["code"] == "token_invalid"
        wire = Wire(server.port)
        _, fields, _ = wire.ask(method, path, "", content, more)
        wire.close()
        assert "expires=" in fields["set-cookie"], "or the browser would send it for 90 days"


@pytest.mark.gen_test
async def test_a_poll_by_cookie_ends_with_its_session_and_takes_the_cookie_back(
    client: Any, server: ServerProcess
) -> None:
    ann = await client.sign_up()
    wire = Wire(server.port)
    more = f"Cookie: chat_session={ann.token}\r\nSec-Fetch-Site: same-origin\r\n"
    polled = await held(asyncio.to_thread(wire.ask, "GET", "poll/events/?wait=20", "", None, more))
    assert (await ann.post("auth/logout/")).status == 200
    status, fields, answer = await polled
    wire.close()
    assert "401" in status and answer["code"] == "token_invalid" and "expires=" in fields["set-cookie"]


@pytest.mark.gen_test
async def test_requests_sent_without_waiting_for_answers_are_answered_in_order(
    client: Any, wire: Wire
) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "first")
    requests = []
    for number in range(20):
        data = json.dumps({"receiver_id": bob.id, "message": f"number {number}"})
        more = ORDINARY if number % 3 == 0 else ""
        requests.append(
            f"POST {API}chats/ HTTP/1.1\r\nHost: here\r\nAuthorization: Token {ann.token}\r\n{more}"
            f"Content-Length: {len(data)}\r\n\r\n{data}"
        )
    wire.socket.sendall("".join(requests).encode())
    for number in range(20):
        assert b"201" in wire.file.readline()
        length = 0
        while line := wire.file.readline().strip():
            if line.lower().startswith(b"content-length: "):
                length = int(line[16:])
        assert json.loads(wire.file.read(length))["message"] == f"number {number}"
