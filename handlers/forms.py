"""multipart/form-data as it arrives: fields into memory, one file straight to storage."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

from chatserver.errors import ChatError, Invalid, PayloadTooLarge
from chatserver.model import Attachment
from chatserver.services.messages import Messages
from handlers.files import content_type, file_name, part_options
from handlers.strict_json import check_text

MAX_PARTS = 20
SNIFF_BYTES = 512


class Form:
    """Feed it chunks, then ask for its fields. Errors are kept until then: the connection must be read to its end.

    Nothing of it stays stored or in memory after its first error.
    """

    def __init__(
        self, boundary: bytes, messages: Messages, file_field: str, file_bytes: int, field_bytes: int
    ):
        self._messages = messages
        self._file_field = file_field
        self._file_left = file_bytes
        self._file_bytes = file_bytes
        self._fields_left = field_bytes
        self._fields: dict[str, bytearray] = {}
        self._error: ChatError | None = None
        self._upload: Any = None
        self._stack = AsyncExitStack()
        self._turn = asyncio.Lock()  # a client may go away while its last chunk is being stored
        self._head = b""
        self._file_name = ""
        self._is_chosen = False
        self._declared_type = ""
        self._attachment: Attachment | None = None
        self._ended = False
        self._parts = 0
        self._steps: list[tuple[str, Any]] = []
        self._headers: dict[str, bytes] = {}
        self._header = [b"", b""]
        self._name = ""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": lambda data, start, end: self._header_part(0, data[start:end]),
                "on_header_value": lambda data, start, end: self._header_part(1, data[start:end]),
                "on_header_end": self._header_end,
                "on_headers_finished": lambda: self._steps.append(("part", dict(self._headers))),
                "on_part_data": lambda data, start, end: self._steps.append(("data", data[start:end])),
                "on_part_end": lambda: self._steps.append(("end", b"")),
                "on_end": lambda: self._steps.append(("done", b"")),
            },
        )

    async def feed(self, chunk: bytes) -> None:
        """Never raises: what is wrong is told by `finish`."""
        async with self._turn:
            if self._error is not None:
                return
            try:
                self._parser.write(chunk)
                steps, self._steps = self._steps, []
                for kind, data in steps:
                    await self._step(kind, data)
            except FormParserError as error:
                await self._fail(Invalid.field("body", f"is not multipart/form-data: {error}"))
            except ChatError as error:
                await self._fail(error)

    async def refuse(self, error: ChatError) -> None:
        """Take nothing more of it; `finish` raises this, or what was wrong before."""
        async with self._turn:
            await self._fail(error)

    async def finish(self) -> tuple[dict[str, Any], Attachment | None]:
        """The fields as text, and the stored file, which is the caller's from now on.

        Raises what went wrong; nothing is stored then.
        """
        if not self._ended:
            await self.refuse(Invalid.field("body", "is multipart/form-data that ends early"))
        try:
            if self._error is not None:
                raise self._error
            values = {name: _text(name, data) for name, data in self._fields.items()}
        except ChatError as error:
            await self.refuse(error)
            raise
        attachment, self._attachment = self._attachment, None
        return values, attachment

    async def discard(self) -> None:
        """Its client is gone: take back what was stored, whether half or whole."""
        await self.refuse(Invalid.field("body", "is multipart/form-data that ends early"))

    async def _fail(self, error: ChatError) -> None:
        self._error = self._error or error
        self._upload, self._head = None, b""
        self._steps, self._headers = [], {}
        self._fields.clear()
        await self._stack.aclose()
        if self._attachment is not None:
            attachment, self._attachment = self._attachment, None
            await self._messages.discard(attachment)

    async def _step(self, kind: str, data: Any) -> None:
        if kind == "part":
            self._begin(data)
        elif kind == "data":
            await self._data(data)
        elif kind == "end":
            await self._end()
        else:
            self._ended = True

    def _part_begin(self) -> None:
        self._headers = {}

    def _header_part(self, side: int, data: bytes) -> None:
        self._header[side] += data

    def _header_end(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = value
        self._header = [b"", b""]

    def _begin(self, headers: dict[str, bytes]) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Invalid.field("body", f"has more than {MAX_PARTS} parts")
        options = part_options(headers.get("content-disposition", b""))
        self._name = _text("body", bytearray(options.get(b"name", b"")))
        if not self._name:
            raise Invalid.field("body", "has a part without a name")
        if self._name in self._fields or (self._name == self._file_field and self._file_name):
            raise Invalid.field(self._name, "is given twice")
        if self._name == self._file_field and b"filename" in options:
            given = _text(self._name, bytearray(options[b"filename"]))
            self._is_chosen = given != ""
            self._file_name = file_name(given)
            self._declared_type = headers.get("content-type", b"").decode("latin-1").split(";")[0].strip()
            self._head = b""
        else:
            self._fields[self._name] = bytearray()

    async def _data(self, data: bytes) -> None:
        if self._name in self._fields:
            self._fields_left -= len(data)
            if self._fields_left < 0:
                raise PayloadTooLarge(f"{self._name}: the fields are too large.")
            self._fields[self._name] += data
        elif self._name == self._file_field:
            self._file_left -= len(data)
            if self._file_left < 0:
                raise PayloadTooLarge(f"{self._file_field}: may have at most {self._file_bytes} bytes.")
            if self._upload is None:
                self._head += data
                if len(self._head) >= SNIFF_BYTES:
                    await self._open()
            else:
                await self._upload.write(data)

    async def _open(self) -> None:
        type = content_type(self._head, self._declared_type)
        upload = self._messages.upload(self._file_name, type)
        self._upload = await self._stack.enter_async_context(upload)
        if self._head:
            await self._upload.write(self._head)

    async def _end(self) -> None:
        if self._name == self._file_field and self._name not in self._fields and self._attachment is None:
            if self._upload is None:
                if not self._head and not self._is_chosen:
                    return  # what a browser sends when no file was chosen
                await self._open()
            self._attachment = await self._upload.finish()
            await self._stack.aclose()


def _text(field: str, data: bytearray) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid.field(field, "is not UTF-8") from None
    check_text(text, field)
    return text
