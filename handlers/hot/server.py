"""A Tornado server whose connections look for hot calls first."""

from __future__ import annotations

import socket
from typing import Any

import structlog
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from handlers.hot.connection import HotCalls, HotConnection
from handlers.hot.stream import HotStream

log = structlog.get_logger(__name__)


class HotServer(HTTPServer):
    """Without `calls` it is Tornado's own."""

    calls: HotCalls | None = None

    def _handle_connection(self, connection: socket.socket, address: Any) -> None:
        if self.calls is None or self.ssl_options is not None:
            super()._handle_connection(connection, address)
            return
        stream = HotStream(connection)
        try:
            self.handle_stream(stream, address)
        except OSError as error:  # gone before it was looked at
            log.debug("connection lost at once", error=str(error))
            stream.close()

    def handle_stream(self, stream: IOStream | HotStream, address: Any) -> None:
        if self.calls is None:
            super().handle_stream(stream, address)  # type: ignore[arg-type]
            return
        stream.set_nodelay(True)
        connection = HotConnection(stream, self.conn_params, address, self.calls)
        self._connections.add(connection)  # type: ignore[arg-type]
        connection.start_serving(self)
