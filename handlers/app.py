"""The Tornado application: routes, metrics, and one access line a request."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from ssl import SSLContext
from typing import Any

import structlog
from tornado.httputil import HTTPConnection, HTTPMessageDelegate
from tornado.web import Application, RequestHandler
from tornado_prometheus import PrometheusMixIn

from chatserver.guard.tls import server_context
from chatserver.runtime import Runtime
from chatserver.settings import Settings
from handlers.admin_names import elsewhere
from handlers.assets import Assets
from handlers.base import METHODS
from handlers.connections.capacity import RoomyServer
from handlers.connections.dawdling import Watch
from handlers.connections.forwarded import Forwarded, TrustedProxies
from handlers.events import EventsHandler
from handlers.hot.connection import HotCalls
from handlers.pages import NoPage
from handlers.routes import routes, worker_routes
from handlers.server import MetricsHandler

ROOT = Path(__file__).resolve().parent.parent
HEADER_BYTES = 32 * 1024
# Handlers bound their own bodies, and refuse the larger ones with a readable answer before reading them.
BODY_BYTES = 1 << 40
IDLE_SECS = 60.0  # also for the next request's first byte

access = structlog.get_logger("chatserver.access")


class ChatApplication(PrometheusMixIn, Application):  # type: ignore[misc]
    def log_request(self, handler: RequestHandler) -> None:
        """Our own line instead of Tornado's, which holds the query and with it a token."""
        self.observe_request(handler)
        status = handler.get_status()
        if not self.settings["log_requests"] and (status < 500 or status == 503):
            return
        log = access.error if status >= 500 and status != 503 else access.debug
        log(
            "request",
            method=handler.request.method,
            path=handler.request.path,
            status=status,
            duration_ms=round(handler.request.request_time() * 1000, 1),
            request_id=getattr(handler, "request_id", None),
            user_id=getattr(getattr(handler, "actor", None), "user_id", None),
        )

    def observe_request(self, handler: RequestHandler) -> None:
        """Polls have a histogram of their own; a method that somebody made up makes no series."""
        if isinstance(handler, EventsHandler):
            return
        if handler.request.method not in (*METHODS, "HEAD", "OPTIONS"):
            handler.request.method = "OTHER"
        super().observe_request(handler)


def make_app(runtime: Runtime) -> Application:
    assets = Assets(ROOT / "static")
    return ChatApplication(
        worker_routes(runtime) if runtime.settings.roles == "tasks" else routes(runtime, assets),
        default_handler_class=NoPage,
        default_handler_args={"runtime": runtime},
        template_path=str(ROOT / "templates"),
        compress_response=False,
        log_requests=runtime.settings.log_level == "debug",
    )


class ChatServer(RoomyServer):
    proxies: TrustedProxies | None = None
    watch: Watch | None = None
    _gone: asyncio.Event | None = None

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        delegate = super().start_request(server_conn, request_conn)
        return Forwarded(delegate, request_conn, self.proxies) if self.proxies else delegate

    def refuse_more(self) -> None:
        """Accept nothing new, and let every connection end with its next answer."""
        self.stop()
        self.conn_params.no_keep_alive = True

    async def close_all_connections(self) -> None:
        if self.watch is not None:
            self.watch.stop()
        await super().close_all_connections()

    async def last_call(self, secs: float) -> None:
        """Until all connections are gone, at most `secs`: on one that looks idle a request may be on its way."""
        self._gone = asyncio.Event()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), secs)

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        if self._gone is not None and not self._connections:
            self._gone.set()


def make_public_server(runtime: Runtime) -> ChatServer:
    """What everybody may talk to. Raises StartupError when the TLS files cannot be used."""
    settings = runtime.settings
    tls = server_context(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
    server = make_server(make_app(runtime), tls, settings.body_secs)
    server.watch = Watch(server._connections, settings)
    server.watch.start()
    if settings.trusted_proxies:
        server.proxies = TrustedProxies(settings.trusted_proxies)
    if settings.roles != "tasks":
        server.calls = HotCalls(runtime, secure=tls is not None)
    return server


def make_admin_server(app: Application) -> ChatServer:
    """What only monitoring may talk to. Nobody has anything to send there."""
    return make_server(app, body_bytes=0)


def make_server(
    app: Any, tls: SSLContext | None = None, body_secs: float = 10.0, body_bytes: int = BODY_BYTES
) -> ChatServer:
    return ChatServer(
        app,
        ssl_options=tls,
        max_header_size=HEADER_BYTES,
        max_body_size=body_bytes,
        idle_connection_timeout=IDLE_SECS,
        body_timeout=body_secs,
    )


def make_admin_app(settings: Settings) -> Application:
    return Application(
        [elsewhere(settings), (r"/metrics/?", MetricsHandler)], log_function=lambda handler: None
    )
