"""Files of messages, whole or in parts."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from chatserver.model import Attachment
from handlers.base import ApiHandler
from handlers.ranges import Span, asked_span, is_known

# A client that takes no more of a file does not get to hold it open.
CHUNK_SECS = 60.0
# Formats in which no browser finds a script.
SAFE_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class AttachmentHandler(ApiHandler):
    """Files never change: of one a part may be asked for, so that downloads go on and films are watched from anywhere."""

    bucket = "history"

    async def get(self, message_id: str) -> None:
        attachment = await self.runtime.services.messages.attachment(self.actor, int(message_id))
        etag = f'"{attachment.sha256}"'
        self.set_header("ETag", etag)
        self.set_header("Accept-Ranges", "bytes")
        if is_known(self.request.headers, etag):
            self.clear_header("Content-Type")
            self.set_status(304)
            await self.finish()
            return
        span = self._span(attachment, etag)
        self._describe(attachment, span)
        if self.request.method == "HEAD":
            await self.finish()
            return
        await self._give(attachment, span)

    def _span(self, attachment: Attachment, etag: str) -> Span:
        """What is wanted of it. Raises RangeNotSatisfiable."""
        whole = Span(0, attachment.size_bytes)
        if self.request.method == "HEAD":  # has no parts
            return whole
        span = asked_span(self.request.headers, etag, attachment.size_bytes)
        if span is None:
            return whole
        self.set_status(206)
        self.set_header("Content-Range", span.content_range(attachment.size_bytes))
        return span

    def _describe(self, attachment: Attachment, span: Span) -> None:
        inline = attachment.type in SAFE_INLINE
        name = quote(attachment.name, safe="")
        self.set_header("Content-Type", attachment.type)
        self.set_header("Content-Length", str(span.end - span.start))
        self.set_header(
            "Content-Disposition", f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{name}"
        )
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")

    async def _give(self, attachment: Attachment, span: Span) -> None:
        async for chunk in self.runtime.services.messages.read(attachment, span.start, span.end):
            self.write(chunk)
            try:
                async with asyncio.timeout(CHUNK_SECS):
                    await self.flush()
            except TimeoutError:
                self.request.connection.stream.close()  # type: ignore[union-attr]
                return
            except StreamClosedError:
                return  # gone, or cut off by handlers/connections/dawdling.py
        await self.finish()
