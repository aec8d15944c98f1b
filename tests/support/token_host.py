"""The application around the chat that is asked whose its tokens are, as the tests play it: well, or out of order."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler


class TokenHost:
    """`people`: token → what is said of who has it. `mood`: how questions are answered. Needs a running loop."""

    def __init__(self, port: int) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.mood = "well"
        self.asked: Counter[str] = Counter()
        self.at_once = 0
        self.redirected = 0
        self.go_on = asyncio.Event()
        routes = [("/whose", _Whose, {"host": self}), ("/elsewhere", _Elsewhere, {"host": self})]
        self._server = HTTPServer(Application(routes, log_function=lambda _: None))
        self._server.listen(port, "127.0.0.1")

    async def close(self) -> None:
        self.go_on.set()
        self._server.stop()
        await self._server.close_all_connections()


class _Whose(RequestHandler):
    def initialize(self, host: TokenHost) -> None:
        self.host = host
        self.gone = asyncio.Event()

    def on_connection_close(self) -> None:
        self.gone.set()

    async def post(self) -> None:
        host = self.host
        asked = json.loads(self.request.body)
        assert set(asked) == {"token"} and self.request.headers["Content-Type"] == "application/json"
        host.asked[asked["token"]] += 1
        host.at_once += 1
        try:
            if host.mood == "slow":
                await asyncio.wait(
                    [asyncio.ensure_future(event.wait()) for event in (host.go_on, self.gone)],
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            host.at_once -= 1
        self._answer(host.people.get(asked["token"]))

    def _answer(self, said: dict[str, Any] | None) -> None:
        mood = self.host.mood
        if mood == "broken":
            self.set_status(500)
        elif mood == "redirecting":
            self.redirect("/elsewhere", status=307)
        elif mood == "odd":
            self.finish(json.dumps({"sub": ["no", "text"], "ttl": "long"}))
        elif mood == "no JSON":
            self.finish("<html>Sign in here</html>")
        elif mood == "endless":
            self.finish(json.dumps({"sub": "42", "name": "x" * 200_000}))
        elif said is None:
            self.set_status(401)
        else:
            self.finish(json.dumps(said))


class _Elsewhere(RequestHandler):
    def initialize(self, host: TokenHost) -> None:
        self.host = host

    def post(self) -> None:
        self.host.redirected += 1
        self.finish(json.dumps({"sub": "42", "ttl": 60}))
