"""A client that has almost no room for an answer, what is too much for it, and how it is lost in the middle of it."""

from __future__ import annotations

import asyncio
import socket
import struct
from urllib.parse import urlsplit

from tests.support.client import Device
from tests.support.waiting import eventually

RECEIVE_BYTES = 4096


async def connect_narrow(base: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Some 100 kB get away to whoever does not read them; of a usual connection on one machine that were 3 MB."""
    url = urlsplit(base)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    # The smaller the packets, the less the sender's own system keeps for them.
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (url.hostname, url.port))
    return await asyncio.open_connection(sock=raw, limit=RECEIVE_BYTES)


async def too_much(sender: Device, reader: Device) -> list[str]:
    """Messages that are there to be given: more than a narrow connection takes, in fewer entries than a ring keeps."""
    # Control signs are six bytes each in JSON: together 1.4 MB.
    await sender.sent_all(reader, [f"{number} " + "\x01" * 3990 for number in range(60)])
    texts = [message["message"] for message in (await reader.history(sender, limit=60))["messages"]]

    async def all_unread() -> bool:
        return await reader.unread() == len(texts)

    # An answer with few of them would be taken, and count as given.
    await eventually(all_unread)
    return texts[::-1]


def cut(writer: asyncio.StreamWriter) -> None:
    """End the connection with a reset, as a lost network does."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
