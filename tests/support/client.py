"""A small client of the JSON API, for black-box tests: it knows the contract and nothing of the inside.

`Client` speaks HTTP to one or several processes (each request to one of them at random), `Device` is one
signed-in session of a person. Every call returns an `Answer`; nothing here judges a status.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient
from tornado.httputil import HTTPHeaders

from tests.support.waiting import GENEROUS_SECS

API = "/api/v1/communication/"
PASSWORD = "correct horse battery staple"
AT_ONCE = 10
_numbers = itertools.count(1)


def unique(prefix: str = "user") -> str:
    """A name nobody used before, in this run or an earlier one."""
    return f"{prefix}{next(_numbers)}x{os.getpid()}x{random.randrange(16**6):06x}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPHeaders
    body: bytes
    took: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __getitem__(self, key: str) -> Any:
        return self.json[key]

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:600]!r}>"

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.json["events"]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of the events of one kind."""
        return [event["data"] for event in self.events if event["event"] == kind]


class Client:
    """Requests to one of `bases`, chosen at random each time. Needs a running loop; close it at the end."""

    def __init__(
        self, bases: list[str], seed: int | None = None, check: Callable[..., None] | None = None
    ) -> None:
        """`check(method, url, status, headers, body)` is given every answer."""
        self.bases = bases
        self.check = check
        self.random = random.Random(seed)
        self.http = AsyncHTTPClient(force_instance=True, max_clients=1000, max_body_size=64 << 20)

    def close(self) -> None:
        self.http.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json_body: Any = None,
        body: bytes | str | None = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        base: str | None = None,
        limit_secs: float = 60.0,
        ask_first: bool = False,
    ) -> Answer:
        """One request as given, no redirect followed. `path` is under the API's base unless it starts with / or http.

        `ask_first`: send the body only when the server says it wants it.
        """
        url = path
        if not path.startswith(("http://", "https://")):
            url = (base or self.random.choice(self.bases)) + (path if path.startswith("/") else API + path)
        if query:
            url += "?" + urlencode({k: v for k, v in query.items() if v is not None})
        sent = dict(headers or {})
        if token is not None:
            sent.setdefault("Authorization", f"Token {token}")
        if json_body is not None:
            body = json.dumps(json_body)
            sent.setdefault("Content-Type", "application/json")
        if method in ("POST", "PATCH", "PUT") and body is None:
            body = b""
        begun = time.monotonic()
        response = await self.http.fetch(
            url,
            method=method,
            body=body,
            headers=sent,
            request_timeout=limit_secs,
            connect_timeout=limit_secs,
            follow_redirects=False,
            decompress_response=False,
            allow_nonstandard_methods=True,
            expect_100_continue=ask_first,
            raise_error=False,
        )
        if self.check is not None:
            self.check(method, url, response.code, response.headers, response.body or b"")
        return Answer(response.code, response.headers, response.body, time.monotonic() - begun)

    async def register(self, username: str, **more: Any) -> Answer:
        body = {"username": username, "password": PASSWORD, **more}
        return await self.call("POST", "auth/register/", json_body=body)

    async def login(self, username: str, password: str = PASSWORD) -> Answer:
        body = {"username": username, "password": password}
        return await self.call("POST", "auth/login/", json_body=body)

    async def sign_in(self, username: str) -> Device:
        answer = await self.login(username)
        assert answer.status == 200, answer
        return Device(self, answer["token"], answer["user"], answer["session"])

    async def sign_up(self, prefix: str = "user", **more: Any) -> Device:
        """A new person on their first device."""
        username = unique(prefix)
        answer = await self.register(username, **more)
        assert answer.status == 201, answer
        return await self.sign_in(username)

    async def people(self, *prefixes: str) -> list[Device]:
        """Several new people at once: `ann, bob = await client.people("ann", "bob")`."""
        return list(await asyncio.gather(*(self.sign_up(prefix) for prefix in prefixes)))


@dataclass
class Device:
    """One signed-in session. `id` is the person's."""

    client: Client
    token: str
    user: dict[str, Any]
    session: Any
    cursor: str | None = field(default=None)

    @property
    def id(self) -> int:
        return self.user["id"]

    @property
    def username(self) -> str:
        return self.user["username"]

    async def another(self) -> Device:
        """The same person on one more device."""
        return await self.client.sign_in(self.username)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.client.call("GET", path, token=self.token, **more)

    async def post(self, path: str, content: Any = None, **more: Any) -> Answer:
        """`content` is sent as JSON; what is no JSON goes into `body` and `headers`."""
        return await self.client.call("POST", path, token=self.token, json_body=content, **more)

    async def send(self, to: Device | int, message: str, **more: Any) -> Answer:
        receiver = to if isinstance(to, int) else to.id
        return await self.post("chats/", {"receiver_id": receiver, "message": message, **more})

    async def sent(self, to: Device | int, message: str, **more: Any) -> dict[str, Any]:
        """A send that must succeed: the message it became."""
        answer = await self.send(to, message, **more)
        assert answer.status == 201, answer
        return answer.json

    async def sent_all(self, to: Device | int, messages: list[str]) -> None:
        """Many, a few at a time: a server on a busy machine is right to refuse what it cannot store within its limit."""
        for start in range(0, len(messages), AT_ONCE):
            await asyncio.gather(*(self.sent(to, message) for message in messages[start : start + AT_ONCE]))

    async def poll(self, *, base: str | None = None, **query: Any) -> Answer:
        """One poll exactly as asked: without `cursor` it is an original client's."""
        return await self.get("poll/events/", query=query, base=base)

    async def here(self) -> Device:
        """Take a cursor for this moment: what happens from now on is what `next` and `until` see."""
        answer = await self.get("snapshot/")
        assert answer.status == 200, answer
        self.cursor = answer["cursor"]
        return self

    async def next(self, *, wait: float = 30, **query: Any) -> Answer:
        """Poll with the kept cursor and move it on."""
        answer = await self.poll(cursor=self.cursor, wait=wait, **query)
        assert answer.status == 200, answer
        self.cursor = answer["cursor"]
        return answer

    async def until(
        self, count: int, kind: str = "message", within: float = GENEROUS_SECS
    ) -> list[dict[str, Any]]:
        """Follow the kept cursor until `count` events of a kind came; their data in the order of arrival."""
        deadline, found = time.monotonic() + within, []
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} {kind} events after {within} s"
            found += (await self.next(wait=1)).of(kind)
        return found

    async def history(self, other: Device | int, **query: Any) -> Answer:
        user_id = other if isinstance(other, int) else other.id
        return await self.get(f"chats/conversation/{user_id}/", query=query)

    async def conversations(self) -> list[dict[str, Any]]:
        answer = await self.get("chats/conversations/")
        assert answer.status == 200, answer
        return answer.json

    async def conversation_with(self, other: Device) -> dict[str, Any]:
        return next(c for c in await self.conversations() if c["other_user"]["id"] == other.id)

    async def mark_read(self, **which: Any) -> Answer:
        return await self.post("chats/mark-read/", which)

    async def typing(self, to: Device, is_typing: bool = True) -> Answer:
        return await self.post("chats/typing/", {"receiver_id": to.id, "is_typing": is_typing})

    async def unread(self) -> int:
        answer = await self.get("chats/unread-count/")
        assert answer.status == 200, answer
        return answer["total_unread"]

    async def disconnect(self) -> Answer:
        return await self.post("poll/disconnect/")

    async def logout(self) -> Answer:
        return await self.post("auth/logout/")
