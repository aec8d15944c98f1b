"""What systemd is told where it started us (`Type=notify`): that we serve, that we live, that we stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from chatserver.settings import service_watch


@asynccontextmanager
async def watched() -> AsyncIterator[Callable[[str], None]]:
    """Show that the loop turns until the block is left. Gives what tells a state, such as READY=1."""
    address, silence_secs = service_watch()
    tell = partial(_tell, address)
    beating = asyncio.create_task(_beat(tell, silence_secs / 3)) if silence_secs else None
    try:
        yield tell
    finally:
        if beating is not None:
            beating.cancel()


async def _beat(tell: Callable[[str], None], secs: float) -> None:
    while True:
        tell("WATCHDOG=1")
        await asyncio.sleep(secs)


def _tell(address: str, state: str) -> None:
    """Without waiting: whoever does not listen, and has as much unheard as fits, misses it."""
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, suppress(OSError):
        sock.setblocking(False)
        sock.connect("\0" + address[1:] if address.startswith("@") else address)
        sock.send(state.encode())
