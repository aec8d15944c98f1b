"""The application's own server, where it is told of events: it checks every signature, and answers as it is told to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from tests.support.waiting import eventually


@dataclass
class Told:
    """One request that came."""

    id: str
    body: dict[str, Any]
    fields: dict[str, str]
    raw: bytes = b""
    at: float = field(default_factory=time.monotonic)

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.body["data"]
        return data

    @property
    def text(self) -> str:
        return str(self.data.get("message"))

    def verifies(self, secret: str) -> bool:
        """As Standard Webhooks has it: any of the signatures will do."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = b"%s.%s.%s" % (self.id.encode(), self.fields["webhook-timestamp"].encode(), self.raw)
        mine = "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
        return any(hmac.compare_digest(mine, one) for one in self.fields["webhook-signature"].split(" "))


class Receiver:
    """`answer(told)`: a status, or a handler's work. `taken`: what was answered 2xx, once each. Needs a running loop."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._tls = tls
        self.came: list[Told] = []
        self.taken: list[Told] = []
        self.answer: Callable[[Told], Any] = lambda told: 204
        self.redirected = 0
        self.at_once = self.most_at_once = 0
        routes = [("/hook", _Hook, {"receiver": self}), ("/elsewhere", _Elsewhere, {"receiver": self})]
        self._app = Application(routes, log_function=lambda _: None)
        self._server: HTTPServer | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/hook"

    def open(self) -> None:
        self._server = HTTPServer(self._app, ssl_options=self._tls)
        self._server.listen(self.port, "127.0.0.1")

    async def close(self) -> None:
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()
            self._server = None

    async def until(self, count: int, type: str | None = None, within: float = 60.0) -> list[Told]:
        """So many were taken, of this type where one is named."""

        def enough() -> bool:
            return len(self.of(type)) >= count

        await eventually(enough, within)
        return self.of(type)

    def of(self, type: str | None) -> list[Told]:
        return [told for told in self.taken if type in (None, told.type)]


def saying(status: int = 200, **body: Any) -> Callable[[Any], Any]:
    """An answer with a body, as a hook gives it."""

    async def answer(handler: Any) -> None:
        handler.set_status(status)
        handler.finish(json.dumps(body))

    return answer


class _Hook(RequestHandler):
    def initialize(self, receiver: Receiver) -> None:
        self.receiver = receiver

    async def post(self) -> None:
        receiver, request = self.receiver, self.request
        fields = {name.lower(): value for name, value in request.headers.items()}
        told = Told(fields["webhook-id"], json.loads(request.body), fields, request.body)
        assert "." not in told.id and abs(int(fields["webhook-timestamp"]) - time.time()) < 10**7
        receiver.came.append(told)
        receiver.at_once += 1
        receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
        try:
            answer = receiver.answer(told)
            if asyncio.iscoroutine(answer):
                answer = await answer
        finally:
            receiver.at_once -= 1
        if callable(answer):
            await answer(self)
            return
        self.set_status(answer)
        if 200 <= answer < 300:
            receiver.taken.append(told)


class _Elsewhere(RequestHandler):
    def initialize(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def get(self) -> None:
        self.receiver.redirected += 1

    post = get
