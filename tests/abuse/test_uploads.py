"""E11: files that are begun and never finished, again and again: what they cost while they come and afterwards."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.others import Others
from tests.abuse.bench.size import FULL, sized
from tests.abuse.bench.victim import Victim, running
from tests.support.client import API, Client, Device
from tests.support.mongo import MongoNode
from tests.support.waiting import eventually

MEGABYTE = 1024 * 1024
FILE_BYTES = 9 * MEGABYTE
MOST_GROWN = 80 * MEGABYTE  # of the process; 60 such files are 540
EDGE = "edge-of-a-part"


@pytest.fixture(scope="module")
def victim(mongo: MongoNode) -> Iterator[Victim]:
    with running(mongo) as made:
        yield made


class Unfinished:
    """An upload of which all but the end was sent. From threads, so that the loop of the tests is free for others."""

    def __init__(self, victim: Victim, sender: Device, receiver: Device) -> None:
        self._made = socket.create_connection(("127.0.0.1", victim.port), timeout=60)
        part = f'--{EDGE}\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
        form = part % ("receiver_id", "") + f"{receiver.id}\r\n"
        form += part % ("attachment", '; filename="long.txt"')
        lines = (
            f"POST {API}chats/ HTTP/1.1",
            "Host: chat",
            f"Authorization: Token {sender.token}",
            f"Content-Type: multipart/form-data; boundary={EDGE}",
            f"Content-Length: {FILE_BYTES + 10_000}",
        )
        self._begin = ("\r\n".join(lines) + "\r\n\r\n" + form).encode()

    def begin(self) -> None:
        self._made.sendall(self._begin)
        for _ in range(FILE_BYTES // 65536):
            self._made.sendall(b"x" * 65536)

    def abort(self) -> None:
        self._made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._made.close()


def pieces(victim: Victim) -> int:
    with victim.collection("fs.chunks") as found:
        return int(found.count_documents({}))


@pytest.mark.gen_test(timeout=200)
async def test_E11_unfinished_files_take_little_memory_and_leave_nothing_behind(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    await ann.sent(bob, "hello")
    loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor(60)
    others = Others(eve, row)
    calm = await others.calm(sized(1, 5))
    before = victim.vitals()
    for number in ("first", "second"):
        async with others.meanwhile():
            begun = [Unfinished(victim, ann, bob) for _ in range(60)]
            await asyncio.gather(*(loop.run_in_executor(threads, upload.begin) for upload in begun))
            held = victim.vitals()
            for upload in begun:
                upload.abort()
                row.saw(0)
        await victim.settled(before)
        after = victim.vitals()
        grown = [(vitals.rss_bytes - before.rss_bytes) / MEGABYTE for vitals in (held, after)]
        row.show(f"{number} round of 60: memory {grown[0]:+.0f} MB while they come, {grown[1]:+.0f} MB after")
        assert max(grown) * MEGABYTE <= MOST_GROWN
    threads.shutdown()
    await eventually(lambda: asyncio.to_thread(lambda: not pieces(victim)), within=20, why="pieces left")
    if FULL:
        others.assert_unharmed(calm, times=3)
    row.assert_clean()
