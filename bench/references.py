"""What the server is measured against: three bare Tornado servers that do as little as can be done.

python -m bench.references {handler,delegate,mailbox} --port N

handler   a RequestHandler that parses a JSON body and answers it.
delegate  the same echo on Tornado's low-level HTTPMessageDelegate, without routing or RequestHandler.
mailbox   an in-memory long poll: a send is put in the receiver's list and wakes the held poll.
          No accounts (the token is the user id), no database, nothing kept. Written to be quick, not sloppy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import defaultdict
from typing import Any

from tornado import httputil
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

BACKLOG = 4096
HOLD_SECS = 5.5
BASE = "/api/v1/communication/"


class EchoHandler(RequestHandler):
    def post(self) -> None:
        self.set_status(201)
        self.write(json.loads(self.request.body))


class EchoDelegate(httputil.HTTPServerConnectionDelegate):
    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> EchoMessage:
        return EchoMessage(request_conn)


class EchoMessage(httputil.HTTPMessageDelegate):
    def __init__(self, connection: httputil.HTTPConnection) -> None:
        self.connection = connection
        self.chunks: list[bytes] = []

    def data_received(self, chunk: bytes) -> None:
        self.chunks.append(chunk)

    def finish(self) -> None:
        body = json.dumps(json.loads(b"".join(self.chunks))).encode()
        headers = httputil.HTTPHeaders()
        headers["Content-Type"] = "application/json"
        headers["Content-Length"] = str(len(body))
        self.connection.write_headers(httputil.ResponseStartLine("HTTP/1.1", 201, "Created"), headers, body)
        self.connection.finish()


class Mailboxes:
    """A list of undelivered events per user, and the futures of the polls held for them."""

    def __init__(self) -> None:
        self.events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)
        self.last_id = 0

    def put(self, receiver: str, event: dict[str, Any]) -> None:
        self.events[receiver].append(event)
        for waiter in self.waiting[receiver]:
            wake(waiter)

    def take(self, user: str) -> list[dict[str, Any]]:
        return self.events.pop(user, [])


def wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class MailboxHandler(RequestHandler):
    waiter: asyncio.Future[None] | None = None

    def initialize(self, mailboxes: Mailboxes) -> None:
        self.mailboxes = mailboxes

    def user(self) -> str:
        return self.request.headers["Authorization"].rpartition(" ")[2]

    def on_connection_close(self) -> None:
        if self.waiter:
            wake(self.waiter)


class SendHandler(MailboxHandler):
    def post(self) -> None:
        sent = json.loads(self.request.body)
        receivers = sent.pop("receiver_ids", None) or [sent["receiver_id"]]
        boxes = self.mailboxes
        boxes.last_id += 1
        message = {"id": boxes.last_id, "sender_id": self.user(), "timestamp": time.time(), **sent}
        event = {"id": boxes.last_id, "event": "message", "data": message, "timestamp": time.time()}
        for receiver in receivers:
            boxes.put(str(receiver), event)
        self.set_status(201)
        self.write(message)


class PollHandler(MailboxHandler):
    async def get(self) -> None:
        user = self.user()
        events = self.mailboxes.take(user) or await self.hold(user)
        self.write({"events": events, "timestamp": time.time()})

    async def hold(self, user: str) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        waiters = self.mailboxes.waiting[user]
        self.waiter = loop.create_future()
        waiters.add(self.waiter)
        secs = float(self.get_query_argument("wait", str(HOLD_SECS)))
        timeout = loop.call_later(secs, wake, self.waiter)
        try:
            await self.waiter
        finally:
            timeout.cancel()
            waiters.discard(self.waiter)
        return self.mailboxes.take(user)


def build(name: str) -> HTTPServer:
    if name == "delegate":
        return HTTPServer(EchoDelegate())
    if name == "handler":
        return HTTPServer(Application([(BASE + "chats/", EchoHandler)]))
    boxes = {"mailboxes": Mailboxes()}
    routes = [(BASE + "chats/", SendHandler, boxes), (BASE + "poll/events/", PollHandler, boxes)]
    return HTTPServer(Application(routes))


async def serve(name: str, port: int) -> None:
    build(name).listen(port, "127.0.0.1", backlog=BACKLOG)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="One of the bare servers the benchmark compares with.")
    parser.add_argument("name", choices=["handler", "delegate", "mailbox"])
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.name, options.port))


if __name__ == "__main__":
    main()
