"""A process that may open few files: it holds back who is too many, and serves on."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import psutil
import pytest

from tests.support.server import ServerProcess
from tests.support.waiting import eventually

TOLD = "no room for more connections"


@pytest.mark.gen_test
async def test_clients_beyond_the_limit_of_open_files_wait_and_burn_no_core(io_loop: Any) -> None:
    server = await asyncio.to_thread(ServerProcess().start)
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    process.rlimit(psutil.RLIMIT_NOFILE, (110, 110))
    crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(130)]
    try:
        for one in crowd:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await eventually(lambda: TOLD in server.log())
        assert process.cpu_percent(interval=1.0) < 50
        assert process.num_fds() < 110, "the database could still be reached"
    finally:
        for one in crowd:
            one.close()
    await eventually(server.is_ready)
    assert server.log().count(TOLD) == 1, "told once"
    await asyncio.to_thread(server.stop)
    server.forget()
