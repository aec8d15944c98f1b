"""A Tornado server whose connections look for hot calls first."""

from __future__ import annotations

from typing import Any

from tornado.httpserver import HTTPServer, _HTTPRequestContext
from tornado.iostream import IOStream

from handlers.hot.connection import HotCalls, HotConnection


class HotServer(HTTPServer):
    """Without `calls` it is Tornado's own."""

    calls: HotCalls | None = None

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        if self.calls is None:
            super().handle_stream(stream, address)
            return
        stream.set_nodelay(True)
        context = _HTTPRequestContext(stream, address, self.protocol, self.trusted_downstream)
        connection = HotConnection(stream, self.conn_params, context, self.calls)
        self._connections.add(connection)  # type: ignore[arg-type]
        connection.start_serving(self)
