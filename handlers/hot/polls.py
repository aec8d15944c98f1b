"""`GET poll/events/` with the token in a header."""

from __future__ import annotations

import re

from tornado.iostream import IOStream

from chatserver import metrics
from chatserver.cursor import parse_cursor
from chatserver.errors import ChatError
from chatserver.model import Actor
from chatserver.runtime import Runtime
from chatserver.services.events import Request
from chatserver.waiter import Ended, Waiter
from handlers import limits
from handlers.events import MAX_EVENTS, poll_body
from handlers.hot.answer import Answers, written
from handlers.hot.request import HotRequest

UNBUFFERED = b"X-Accel-Buffering: no\r\n"
_QUERY = re.compile(rb"(?:(?:cursor|client|wait|limit)=[A-Za-z0-9_.:~-]+(?:&(?!$)|$))*")
_WAIT = re.compile(r"(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{1,9})?", re.ASCII)
_LIMIT = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


class Polls:
    def __init__(self, runtime: Runtime, answers: Answers) -> None:
        self._runtime = runtime
        self._answers = answers

    async def answer(self, request: HotRequest, stream: IOStream) -> bool:
        """Hold the poll and answer it. False when nothing was done and the ordinary way has to."""
        runtime = self._runtime
        try:
            asked = self._asked(request.query or b"")
        except ChatError:
            asked = None
        if asked is None:
            return False
        started = runtime.clock.monotonic()
        try:
            actor = await runtime.services.sessions.authenticate(request.token, polling=True)
            runtime.limits.take(actor, "poll")
            fields = limits.header_bytes(runtime.limits, actor, "poll")
            outcome = await self._held(request, stream, actor, *asked, fields)
        except ChatError as error:
            await written(stream, self._answers.refusal(request, error))
            outcome = "refused"
        metrics.POLL_SECONDS.labels(outcome).observe(runtime.clock.monotonic() - started)
        return True

    async def _held(
        self,
        request: HotRequest,
        stream: IOStream,
        actor: Actor,
        poll: Request,
        extended: bool,
        fields: bytes,
    ) -> str:
        runtime, answers = self._runtime, self._answers
        gone: list[Waiter] = []

        def closed() -> None:
            for waiter in gone:
                waiter.end(Ended.GONE)

        stream.set_close_callback(closed)
        try:
            answer = await runtime.services.events.poll(actor, poll, gone.append)
        finally:
            stream.set_close_callback(None)
        body = poll_body(answer, poll, extended)
        took = await written(stream, answers.answer(request, body, fields + UNBUFFERED))
        await answer.delivered(took)
        return answer.outcome

    def _asked(self, query: bytes) -> tuple[Request, bool] | None:
        """What is asked, and whether in the extended form. Raises CursorInvalid."""
        query = query.replace(b"%3A", b":")
        if not _QUERY.fullmatch(query):
            return None
        pairs = [part.partition("=") for part in query.decode().split("&") if part]
        values = {name: value for name, _, value in pairs}
        wait, limit, client = values.get("wait"), values.get("limit"), values.get("client")
        if (
            len(values) != len(pairs)
            or (wait is not None and not _WAIT.fullmatch(wait))
            or (limit is not None and not _LIMIT.fullmatch(limit))
            or (client is not None and len(client) > 64)
        ):
            return None
        settings = self._runtime.settings
        cursor = values.get("cursor")
        asked = Request(
            cursor=parse_cursor(cursor) if cursor is not None else None,
            wait_secs=settings.hold_secs if wait is None else min(float(wait), settings.max_hold_secs),
            limit=min(int(limit), MAX_EVENTS) if limit else 100,
            client=client,
            jittered=wait is not None,
        )
        return asked, cursor is not None or wait is not None or client is not None
