"""`GET poll/events/` with the token in a header."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

from tornado.iostream import IOStream

from chatserver import metrics
from chatserver.errors import ChatError, CursorInvalid, Invalid, TokenInvalid
from chatserver.polls.waiter import Waiter
from chatserver.runtime import Runtime
from chatserver.services.events import PollRequest
from handlers import rate_fields
from handlers.connections.own_address import OwnAddress
from handlers.events import is_extended, poll_body, poll_request
from handlers.hot.answer_bytes import AnswerBytes, written
from handlers.hot.request import HotRequest
from handlers.hot.stream import HotStream
from handlers.parsing import parse
from handlers.schemas import Poll

UNBUFFERED = b"X-Accel-Buffering: no\r\n"
_QUERY = re.compile(rb"(?:(?:cursor|client|wait|limit)=[A-Za-z0-9_.:~-]{1,128}(?:&(?!$)|$)){0,4}")


class Polls:
    def __init__(self, runtime: Runtime, answers: AnswerBytes, own_address: OwnAddress) -> None:
        self._runtime = runtime
        self._answers = answers
        self._own_address = own_address

    async def answer(self, request: HotRequest, stream: IOStream | HotStream, peer: Any) -> bool:
        """Hold the poll and answer it. False when nothing was done and the ordinary way has to."""
        runtime = self._runtime
        asked = self._asked(request.query or b"")
        if asked is None:
            return False
        poll, extended = asked
        started = runtime.clock.monotonic()
        try:
            known = await runtime.services.sessions.authenticate(request.token, polling=True)
            actor = known.at(self._own_address.base_url(request.host, request.forwarded_proto, peer))
            runtime.limits.take(actor, "poll")
            fields = rate_fields.header_bytes(runtime.limits, actor, "poll")
            try:
                answer = await runtime.services.events.poll(actor, poll, partial(_end_with, stream))
            finally:
                stream.set_close_callback(None)
            body = poll_body(answer, poll, extended)
            took = await written(stream, self._answers.answer(request, body, fields + UNBUFFERED))
            if answer.events:
                # A thousand may have been woken by one bell: their answers go out before the rest of this call.
                await asyncio.sleep(0)
            await answer.delivered(took)
            outcome = answer.outcome
        except ChatError as error:
            if request.by_cookie and isinstance(error, TokenInvalid):
                return False  # which also takes the cookie back
            await written(stream, self._answers.refusal(request, error))
            outcome = "refused"
        metrics.poll_seconds(outcome).observe(runtime.clock.monotonic() - started)
        return True

    def _asked(self, query: bytes) -> tuple[PollRequest, bool] | None:
        """And whether for the longer form of the answer. None for what the ordinary way has to look at."""
        try:
            asked = poll_in(query)
            if asked is not None:
                return poll_request(asked, self._runtime.settings), is_extended(asked)
        except (Invalid, CursorInvalid):
            pass
        return None


def _end_with(stream: IOStream | HotStream, waiter: Waiter) -> None:
    """The poll is over when the connection is."""
    stream.set_close_callback(waiter.gone)
    if stream.closed():  # before there was anything to end
        waiter.gone()


def poll_in(query: bytes) -> Poll | None:
    """What the query asks for; None for what the ordinary way has to look at. Raises Invalid."""
    query = query.replace(b"%3A", b":")
    if not _QUERY.fullmatch(query):
        return None
    pairs = [part.partition("=") for part in query.decode().split("&") if part]
    values = {name: value for name, _, value in pairs}
    if len(values) != len(pairs):
        return None
    return parse(Poll, values)[0]
