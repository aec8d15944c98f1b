"""A Tornado server whose connections look for hot calls first."""

from __future__ import annotations

import socket
from typing import Any

import structlog
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import ssl_wrap_socket

from handlers.hot.connection import HotCalls, HotConnection
from handlers.hot.stream import HotStream, SecureStream

log = structlog.get_logger(__name__)


class HotServer(HTTPServer):
    """Without `calls` it is Tornado's own."""

    calls: HotCalls | None = None

    def _handle_connection(self, connection: socket.socket, address: Any) -> None:
        if self.calls is None:
            super()._handle_connection(connection, address)
            return
        stream: HotStream | IOStream | None = None
        try:
            stream = self._stream(connection)
            self.handle_stream(stream, address)
        except OSError as error:  # gone before it was looked at
            log.debug("connection lost at once", error=str(error))
            (stream or connection).close()

    def _stream(self, connection: socket.socket) -> HotStream | IOStream:
        if self.ssl_options is None:
            return HotStream(connection)
        secured = ssl_wrap_socket(
            connection, self.ssl_options, server_side=True, do_handshake_on_connect=False
        )
        return SecureStream(
            secured, max_buffer_size=self.max_buffer_size, read_chunk_size=self.read_chunk_size
        )

    def handle_stream(self, stream: IOStream | HotStream, address: Any) -> None:
        if self.calls is None:
            super().handle_stream(stream, address)  # type: ignore[arg-type]
            return
        stream.set_nodelay(True)
        connection = HotConnection(stream, self.conn_params, address, self.calls)
        self._connections.add(connection)  # type: ignore[arg-type]
        connection.start_serving(self)
