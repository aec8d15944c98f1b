"""What systemd hears, from a server that believes to have been started by it."""

from __future__ import annotations

import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.server import ServerProcess

PATIENCE_SECS = 90.0


def test_systemd_hears_that_the_server_is_ready_lives_and_stops() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="notify-") as path,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
    ):
        ear.settimeout(PATIENCE_SECS)
        address = str(Path(path) / "notify")
        ear.bind(address)
        server = ServerProcess(env={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"})
        server.start(wait=False)

        def next_but(*known: bytes) -> bytes:
            while (heard := ear.recv(4096)) in known:
                pass
            return heard

        assert ear.recv(4096) == b"WATCHDOG=1"
        assert next_but(b"WATCHDOG=1") == b"READY=1"
        assert server.is_ready()
        assert ear.recv(4096) == b"WATCHDOG=1"
        server.terminate()
        assert next_but(b"WATCHDOG=1") == b"STOPPING=1"
        assert server.wait() == 0
        server.forget()


def test_a_service_manager_that_hears_nothing_any_more_keeps_nobody_waiting() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="notify-") as path,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth,
    ):
        address = str(Path(path) / "notify")
        ear.bind(address)
        mouth.connect(address)
        mouth.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                mouth.send(b"unheard")
        server = ServerProcess(env={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"}).start()
        server.terminate()
        assert server.wait() == 0
        server.forget()
