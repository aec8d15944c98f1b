"""The bundled page and its files."""

from __future__ import annotations

from typing import Any

import structlog
from tornado.web import HTTPError, StaticFileHandler, stream_request_body

from chatserver import __version__
from chatserver.runtime import Runtime
from handlers.assets import Assets
from handlers.base import BaseHandler
from handlers.connections.forwarded import stay_with_tls

NOT_FRAMED = "frame-ancestors 'none'"
log = structlog.get_logger("chatserver.access")

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        NOT_FRAMED,
        "object-src 'none'",
    ]
)
RIGHT_TO_LEFT = {"ar", "he", "fa", "ur"}


def set_page_headers(handler: Any) -> None:
    handler.clear_header("Server")
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "no-referrer")
    handler.set_header("Cross-Origin-Opener-Policy", "same-origin")
    handler.set_header("Cross-Origin-Resource-Policy", "same-origin")
    handler.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    stay_with_tls(handler)


class ChatPageHandler(BaseHandler):
    def initialize(self, runtime: Runtime, assets: Assets) -> None:  # type: ignore[override]
        super().initialize(runtime)
        self._assets = assets

    def set_default_headers(self) -> None:
        super().set_default_headers()
        set_page_headers(self)

    def get(self) -> None:
        self.show("chat.html")

    def show(self, template: str, **more: Any) -> None:
        self.set_header("Cache-Control", "no-cache")
        self.add_header("Vary", "Accept-Language")
        language = self.get_browser_locale().code.split("_")[0]
        self.render(
            template,
            asset=self._assets.url,
            version=__version__,
            registration=self.runtime.settings.who_registers,
            lang=language,
            dir="rtl" if language in RIGHT_TO_LEFT else "ltr",
            **more,
        )


class EmbedPageHandler(ChatPageHandler):
    """The page for a frame on other sites: those that the setting `frame_ancestors` names."""

    def get(self) -> None:
        if origins := self.runtime.settings.frame_ancestors:
            ancestors = f"frame-ancestors {' '.join(origins)}"
            policy = CONTENT_SECURITY_POLICY.replace(NOT_FRAMED, ancestors)
            self.set_header("Content-Security-Policy", policy)
            self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.show("embed.html", origins=" ".join(origins))


class EmbedScriptHandler(ChatPageHandler):
    """The address that other sites name for ever; what it leads to changes with its content."""

    def get(self) -> None:
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(f"export * from '.{self._assets.url('js/embed/chat-room.js')}';\n")


@stream_request_body
class StaticHandler(StaticFileHandler):
    """Versioned paths never change and go out compressed; the others are asked about every time.

    Takes no body: as a handler of another kind it would be given one whole, and would wait for that in memory.
    """

    def initialize(self, path: str, versions: Assets | None = None) -> None:  # type: ignore[override]
        super().initialize(path)
        self._versions = versions

    def prepare(self) -> None:
        sent = self.request.headers
        if "Transfer-Encoding" in sent or sent.get("Content-Length", "0").strip("0"):
            raise HTTPError(413)

    def data_received(self, chunk: bytes) -> None:
        """Never called: `prepare` refuses."""

    async def get(self, path: str, include_body: bool = True) -> None:
        asked = self.request.headers
        accepted = include_body and "gzip" in asked.get("Accept-Encoding", "") and "Range" not in asked
        body = self._versions.compressed(path) if self._versions and accepted else None
        if body is None:
            await super().get(path, include_body)
            return
        self.absolute_path = path  # what Tornado tells the content type by
        self.set_header("Content-Type", self.get_content_type())
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Vary", "Accept-Encoding")
        self.set_extra_headers(path)
        self.finish(body)

    def parse_url_path(self, url_path: str) -> str:
        if "\0" in url_path:
            raise HTTPError(404)  # the file system would raise for it
        return super().parse_url_path(url_path)

    def compute_etag(self) -> str | None:
        return None if self._versions else super().compute_etag()

    def set_default_headers(self) -> None:
        set_page_headers(self)
        # Public files, which other sites load too: modules by CORS, styles and pictures without.
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")

    def set_extra_headers(self, path: str) -> None:
        caching = "public, max-age=31536000, immutable" if self._versions else "no-cache"
        self.set_header("Cache-Control", caching)
        if path == "sw.js":
            self.set_header("Service-Worker-Allowed", "/")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Tornado's own line would hold the whole URI."""
        if not isinstance(value, HTTPError):
            log.error("request failed", exc_info=(typ, value, tb), path=self.request.path)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("There is nothing here.\n" if status_code == 404 else "This cannot be served.\n")


class NoPage(BaseHandler):
    """Paths outside the API that lead nowhere."""

    async def prepare(self) -> None:
        raise HTTPError(404)
