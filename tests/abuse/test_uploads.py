"""E11: files and other bodies that are begun and never finished, again and again: what they cost, and what is left."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.others import Others
from tests.abuse.bench.size import FULL, sized
from tests.abuse.bench.victim import HOST_SECRET, Victim, running
from tests.support.client import API, Client, Device
from tests.support.host import by_host, claims_of_host
from tests.support.mongo import MongoNode
from tests.support.waiting import eventually

MEGABYTE = 1024 * 1024
FILE_BYTES = 9 * MEGABYTE
MOST_GROWN = 80 * MEGABYTE  # of the process; 60 such files are 540, and 2,500 bodies of strangers 150
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


def left(victim: Victim, head: str, size_bytes: int) -> socket.socket:
    """A body of which all but the end was sent, or as much as the server took."""
    made = socket.create_connection(("127.0.0.1", victim.port), timeout=60)
    with suppress(OSError):
        made.sendall(f"{head}\r\nHost: chat\r\nContent-Length: {size_bytes + 10}\r\n\r\n".encode())
        for start in range(0, size_bytes, 65536):
            made.sendall(b" " * min(65536, size_bytes - start))
    return made


@pytest.mark.gen_test(timeout=200)
async def test_E11_bodies_of_strangers_that_were_left_are_let_go_of(victim: Victim, row: Row) -> None:
    head = f"POST {API}auth/register/ HTTP/1.1\r\nContent-Type: application/json"
    loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor(20)

    async def leave(count: int) -> int:
        for _ in range(count // 20):
            opened = (loop.run_in_executor(threads, left, victim, head, 60_000) for _ in range(20))
            for made in await asyncio.gather(*opened):
                made.close()
                row.saw(0)
        await victim.settled(before)
        return victim.vitals().rss_bytes

    before = victim.vitals()
    begun = await leave(200)
    count = sized(2_500, 10_000)
    grown = (await leave(count) - begun) / MEGABYTE
    threads.shutdown()
    row.show(f"{count:,} bodies of 60 KB were left: memory {grown:+.1f} MB")
    if grown > MOST_GROWN / MEGABYTE:
        row.leak(f"{grown:.1f} MB of {count:,} bodies that were left")
    row.assert_clean()


@pytest.mark.gen_test(timeout=200)
async def test_E11_parts_of_an_import_on_their_way_take_bounded_memory(
    victim: Victim, client: Client, row: Row
) -> None:
    key = claims_of_host("import", secret=HOST_SECRET)
    job = await by_host(client, key, "POST", "jobs/", {"kind": "import"})
    head = f"PUT {API}host/jobs/{job['id']}/parts/%d/ HTTP/1.1\r\nAuthorization: Bearer {key}"
    loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor(40)
    before = victim.vitals()

    opened = (loop.run_in_executor(threads, left, victim, head % n, 7 * MEGABYTE) for n in range(1, 41))
    parts = await asyncio.gather(*opened)
    grown = (victim.vitals().rss_bytes - before.rss_bytes) / MEGABYTE
    for made in parts:
        made.close()
        row.saw(0)
    await victim.settled(before)
    threads.shutdown()

    row.show(f"40 parts of 7 MB on their way: memory {grown:+.0f} MB")
    if grown > 120:
        row.leak(f"{grown:.0f} MB of 40 unfinished parts")
    taken = await client.call("PUT", f"host/jobs/{job['id']}/parts/1/", token=key, body=b"{}")
    assert taken.status == 201, taken
    row.assert_clean()
