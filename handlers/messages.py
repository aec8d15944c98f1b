"""Sending, with or without a file, and the history."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any
from urllib.parse import urlencode

from python_multipart.multipart import parse_options_header

from chatserver.errors import ChatError, Invalid, PayloadTooLarge, Unavailable
from chatserver.guard.quotas import Taken
from chatserver.model import Attachment
from chatserver.services.message_list import Wanted
from chatserver.services.messages import MAX_PAGE
from handlers import conversations, receivers
from handlers.base import ApiHandler
from handlers.connections.dawdling import Upload
from handlers.files import content_type
from handlers.forms import Form
from handlers.schemas import History, MessagePage, Send

_CLIENT_ID = re.compile(r"[\x20-\x7e]{1,64}")
_DATA_URL = re.compile(r"data:([^;,]{0,128})(?:;[^;,]{0,128}){0,8};base64")
MOST_SECS = 86400.0  # for a whole upload, which is held to a least rate instead


class ChatsHandler(ApiHandler):
    """POST takes JSON, or multipart whose file goes to storage while it arrives."""

    bucket = "send"
    reading_bucket = "history"
    _form: Form | None = None
    _upload: Upload | None = None
    _taken: Taken | None = None

    @property
    def body_limit(self) -> int:
        settings = self.runtime.settings
        return settings.body_bytes + (settings.attachment_bytes if self._is_form() else 0)

    def _is_form(self) -> bool:
        return self.request.headers.get("Content-Type", "").lower().startswith("multipart/form-data")

    async def prepare(self) -> None:
        await super().prepare()
        if self._is_form() and self.request.method == "POST":
            self.runtime.limits.take(self.actor, "upload")
            _, options = parse_options_header(self.request.headers["Content-Type"])
            boundary = options.get(b"boundary")
            if not boundary or len(boundary) > 70:
                raise Invalid.field("body", "is multipart/form-data without a boundary")
            settings = self.runtime.settings
            connection: Any = self.request.connection
            connection.set_body_timeout(MOST_SECS)
            self._upload = Upload(connection.stream, settings.body_secs)
            messages = self.runtime.services.messages
            self._form = Form(
                boundary, messages, "attachment", settings.attachment_bytes, settings.body_bytes
            )
            try:
                self._taken = await self.runtime.services.quotas.begin_upload(self.actor, self._to_come_bytes)
            except ChatError as error:
                if "Expect" in self.request.headers:
                    raise
                await self._form.refuse(error)

    @property
    def _to_come_bytes(self) -> int:
        """At most: a chunked body does not say."""
        length = self.request.headers.get("Content-Length", "")
        return min(int(length), self.body_limit) if length.isdecimal() else self.body_limit

    async def data_received(self, chunk: bytes) -> None:
        if self._form is None:
            super().data_received(chunk)
            return
        assert self._upload is not None
        self._upload.came(len(chunk))
        self._received_bytes += len(chunk)
        if self._received_bytes <= self.body_limit:
            await self._form.feed(chunk)
        else:
            await self._form.refuse(PayloadTooLarge(f"The body may have at most {self.body_limit} bytes."))
        await asyncio.sleep(
            0
        )  # a client may send faster than is read: then nothing else lets others take their turn

    def on_finish(self) -> None:
        if self._upload is not None:
            self._upload.end()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._form is not None:
            self.runtime.spawn(self._abandoned(self._form))

    async def _abandoned(self, form: Form) -> None:
        """What the form still owns goes: a file that a send has taken over stays."""
        await form.discard()
        await self._came()

    async def _came(self) -> None:
        """Nothing more of the body will."""
        if self._upload is not None:
            self._upload.end()
        if self._taken is not None:
            await self.runtime.services.quotas.end_upload(self._taken, self._received_bytes)

    async def get(self) -> None:
        asked = self.query(MessagePage)
        wanted = Wanted(
            asked.sender, asked.receiver, asked.is_read, asked.is_active, asked.ordering == "timestamp"
        )
        size = min(asked.page_size, MAX_PAGE)
        delivers = self.request.method != "HEAD"
        messages = self.runtime.services.message_list
        listed, count = await messages.page(self.actor, wanted, asked.page, size, delivers=delivers)
        self.answer(
            {
                "count": count,
                "next": self._link(asked, asked.page + 1) if asked.page * size < count else None,
                "previous": self._link(asked, asked.page - 1) if asked.page > 1 else None,
                "results": listed,
            }
        )

    def _link(self, asked: MessagePage, page: int) -> str:
        """To another page of the same, without what signs anybody in."""
        given = {
            name: value
            for name in MessagePage.__struct_fields__
            if (value := getattr(asked, name)) is not None
        }
        query = {
            name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()
        }
        return f"{self.actor.base_url}{self.request.path}?{urlencode(query | {'page': page})}"

    async def post(self) -> None:
        try:
            send, attachment = await self._sent()
        finally:
            await self._came()
        try:
            message, created = await self._posted(send, attachment)
        except Unavailable:
            raise  # it may be stored all the same: better a file too many than a message without its file
        except ChatError:
            await self._drop(attachment)
            raise
        if not created:
            await self._drop(attachment)
            self.set_header("Idempotency-Replayed", "true")
        self.answer(message, 201 if created else 200)

    async def _posted(self, send: Send, attachment: Attachment | None) -> tuple[dict[str, Any], bool]:
        receiver_id = await receivers.receiver_id(self.runtime, send)
        if not send.message.strip() and attachment is None:
            raise Invalid.field("message", "is required, unless there is an attachment")
        client_id = self._client_id(send)
        messages = self.runtime.services.messages
        if receiver_id is not None:
            return await messages.post(self.actor, receiver_id, send.message, attachment, client_id)
        assert send.conversation_id is not None
        return await messages.post_in(self.actor, send.conversation_id, send.message, attachment, client_id)

    async def _drop(self, attachment: Attachment | None) -> None:
        if attachment is not None:
            await self.runtime.services.messages.discard(attachment)

    async def _sent(self) -> tuple[Send, Attachment | None]:
        if self._form is None:
            send = self.json(Send)
            return send, await self._inline(send.attachment) if send.attachment else None
        values, attachment = await self._form.finish()
        try:
            if values.pop("attachment", ""):
                raise Invalid.field("attachment", "must be a file")
            return self._parsed(Send, values), attachment
        except Invalid:
            await self._drop(attachment)
            raise

    async def _inline(self, url: str) -> Attachment:
        """A small file inside the JSON, as a data: URL."""
        self.runtime.limits.take(self.actor, "upload")
        head, _, encoded = url.partition(",")
        found = _DATA_URL.fullmatch(head)
        try:
            data = base64.b64decode(encoded, validate=True) if found else None
        except ValueError:  # binascii's own error is one, and so is that for what is no ASCII
            data = None
        if found is None or data is None:
            raise Invalid.field("attachment", "must be a base64 data: URL, or a file in multipart/form-data")
        type = content_type(data[:512], found[1])
        await self.runtime.services.quotas.use_bytes(self.actor, len(data))
        async with self.runtime.services.messages.upload("file", type) as upload:
            await upload.write(data)
            attachment: Attachment = await upload.finish()
        return attachment

    def _client_id(self, send: Send) -> str | None:
        header = self.request.headers.get("Idempotency-Key")
        if header is None:
            return send.client_id
        if not _CLIENT_ID.fullmatch(header):
            raise Invalid.field("Idempotency-Key", "must have 1 to 64 printable ASCII characters")
        if send.client_id not in (None, header):
            raise Invalid.field("client_id", "differs from the Idempotency-Key header")
        return header


class HistoryHandler(ApiHandler):
    bucket = "history"

    async def get(self, user_id: str) -> None:
        asked = self.query(History)
        places = [n for n in ("before_id", "after_id", "around_id") if getattr(asked, n) is not None]
        if len(places) > 1:
            raise Invalid.field(places[1], f"cannot be combined with {places[0]}")
        page = await self.runtime.services.messages.history(
            self.actor,
            int(user_id),
            min(asked.limit, MAX_PAGE),
            offset=asked.offset,
            before_id=asked.before_id,
            after_id=asked.after_id,
            around_id=asked.around_id,
            delivers=self.request.method != "HEAD",
        )
        body: dict[str, Any] = {
            "conversation_id": page.conversation_id,
            "other_user": conversations.other_user(self.runtime, page.other),
            "messages": page.messages,
            "has_more": page.has_more,
        }
        self.answer(body)
