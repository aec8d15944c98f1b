"""Files of messages, whole or in parts."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from chatserver.errors import TokenInvalid, TokenMissing
from chatserver.guard.addresses import Networks, network
from chatserver.model import Attachment
from chatserver.services.links import PARAMETER
from handlers.base import ApiHandler, BaseHandler
from handlers.ranges import Span, asked_span, is_known

# A client that takes no more of a file does not get to hold it open.
CHUNK_SECS = 60.0
# Formats in which no browser finds a script.
SAFE_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class AttachmentHandler(ApiHandler):
    """Files never change: of one a part may be asked for, so that downloads go on and films are watched from anywhere."""

    bucket = "history"
    by_link = True
    _linked: Attachment | None = None

    async def prepare(self) -> None:
        """A link needs no token. One that is over may come with a token, from a page that has had it for long."""
        await BaseHandler.prepare(self)
        link, (id,) = self._link(), self.path_args
        if link is not None and self.request.method in ("GET", "HEAD"):
            self._linked = await self.runtime.services.messages.linked_attachment(int(id), link)
            if self._linked is not None:
                self._count_linked(id)
                self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
                return
        try:
            await self.sign_in()
        except TokenMissing:
            if link is None:
                raise
            raise TokenInvalid(
                "This link is over, or none of ours; load the message again for a new one."
            ) from None

    def _link(self) -> str | None:
        given = self.request.query_arguments.get(PARAMETER)
        return given[-1].decode("latin-1") if given else None

    def _count_linked(self, id: str) -> None:
        """By file as well as by address: many may be at one address. Raises RateLimited."""
        if self.address not in Networks(self.runtime.settings.rate_exempt):
            self.runtime.limits.take_of(f"file {id} {network(self.address)}", self.bucket)

    async def get(self, message_id: str) -> None:
        attachment = self._linked or await self.runtime.services.messages.attachment(
            self.actor, int(message_id)
        )
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
