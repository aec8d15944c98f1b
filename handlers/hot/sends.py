"""`POST chats/` with a text in JSON and nothing else."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from tornado.iostream import IOStream

from chatserver.errors import ChatError, Invalid, TokenInvalid
from chatserver.runtime import Runtime
from handlers import rate_fields
from handlers.hot.answer_bytes import AnswerBytes, written
from handlers.hot.observed import observe
from handlers.hot.request import HotRequest
from handlers.hot.stream import HotStream
from handlers.parsing import parse
from handlers.problems import STATUS
from handlers.schemas import ClientId, Id, Send
from handlers.strict_json import decode_object

_encode = msgspec.json.Encoder().encode


class Text(msgspec.Struct, forbid_unknown_fields=True):
    """What nearly every send is: none of the rarer fields of `Send`, and one of the two ids."""

    message: str
    receiver_id: Id | None = None
    conversation_id: Id | None = None
    client_id: ClientId | None = None


_decode = msgspec.json.Decoder(Text).decode


class Sends:
    def __init__(self, runtime: Runtime, answers: AnswerBytes) -> None:
        self._runtime = runtime
        self._answers = answers

    async def answer(self, request: HotRequest, body: bytes, stream: IOStream | HotStream) -> bool:
        """False when nothing was done and the ordinary way has to."""
        sent = text_in(body)
        if sent is None or (sent.receiver_id is None and sent.conversation_id is None):
            return False
        started = self._runtime.clock.monotonic()
        try:
            status, answer = await self._posted(request, sent, started)
        except TokenInvalid:
            return False  # which also takes the cookie back
        observe("ChatsHandler", "POST", status, self._runtime.clock.monotonic() - started)
        await written(stream, answer)
        return True

    async def _posted(self, request: HotRequest, sent: Text | Send, came_at: float) -> tuple[int, bytes]:
        """Raises TokenInvalid where the token came in a cookie."""
        services, rates = self._runtime.services, self._runtime.limits
        try:
            actor = await services.sessions.authenticate(request.token)
            rates.take(actor, "send")
            fields = rate_fields.header_bytes(rates, actor, "send")
            receiver_id, content = sent.receiver_id, (sent.message, None, sent.client_id, came_at)
            if receiver_id is not None:
                message, created = await services.messages.post(actor, receiver_id, *content)
            else:
                assert sent.conversation_id is not None
                message, created = await services.messages.post_in(actor, sent.conversation_id, *content)
        except ChatError as error:
            if request.by_cookie and isinstance(error, TokenInvalid):
                raise
            return STATUS[error.code], self._answers.refusal(request, error)
        if not created:
            fields += b"Idempotency-Replayed: true\r\n"
        status = HTTPStatus.CREATED if created else HTTPStatus.OK
        return status, self._answers.answer(request, _encode(message), fields, status)


def text_in(body: bytes) -> Text | Send | None:
    """A text and nothing else; None for what the ordinary way has to look at.

    A body without a backslash in which the quotes are those of the known names and texts names nothing twice.
    """
    if b"\\" not in body:
        try:
            text = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = None
        if text is not None and body.count(b'"') == (6 if text.client_id is None else 10):
            return text if text.message.strip() else None
    try:
        send, ignored = parse(Send, decode_object(body))
    except Invalid:
        return None
    named_once = send.receiver is None and send.receiver_sub is None
    named_once = named_once and (send.receiver_id is None or send.conversation_id is None)
    plain = (
        send.message.strip()
        and send.attachment is None
        and named_once
        and not ignored
        and send.draft_rev is None
    )
    return send if plain else None
