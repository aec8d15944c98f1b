"""E1, E2, E4: clients that send or take their bytes one by one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.others import Others, percentile
from tests.abuse.bench.size import FULL, SLACK_SECS, sized
from tests.abuse.bench.victim import Victim, running
from tests.abuse.bench.wire import LONG_SECS, Reply, connect, exchange
from tests.support.client import API, Client, Device
from tests.support.mongo import MongoNode
from tests.support.waiting import eventually

MEGABYTE = 1024 * 1024
# The limits of the test plan; the short form waits for shorter ones.
HEAD_SECS, BODY_SECS, TAKE_SECS = (20, 10, 10) if FULL else (3, 2, 2)
LIMITS = {
    "CHATSERVER_HEADERS_SECS": str(HEAD_SECS),
    "CHATSERVER_BODY_SECS": str(BODY_SECS),
    "CHATSERVER_TAKING_SECS": str(TAKE_SECS),
}
FILE_BYTES = 8 * MEGABYTE  # more than the kernel takes off the server's hands
POST = (
    f"POST {API}chats/ HTTP/1.1\r\nHost: chat\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n"
)


@pytest.fixture(scope="module")
def victim(mongo: MongoNode) -> Iterator[Victim]:
    with running(mongo, env=LIMITS) as made:
        yield made


async def trickle(made: socket.socket, every_secs: float, most_secs: float) -> float | None:
    """A byte now and then until the server has had enough: after how long; None if it bears it."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() - begun < most_secs:
        try:
            async with asyncio.timeout(every_secs):
                while await loop.sock_recv(made, 4096):
                    pass
            return loop.time() - begun
        except TimeoutError:
            pass
        except OSError:
            return loop.time() - begun
        try:
            await loop.sock_sendall(made, b"a")
        except OSError:
            return loop.time() - begun
    return None


@pytest.mark.gen_test(timeout=200)
async def test_E1_who_sends_byte_by_byte_is_cut_off_and_keeps_nobody_waiting(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, bob = await client.people("ann", "bob")
    others = Others(bob, row)
    calm = await others.calm(sized(1, 5))
    before = victim.vitals()
    loop = asyncio.get_running_loop()
    slow: list[tuple[str, socket.socket, float, float]] = []
    for number in range(sized(30, 1000)):
        made = await connect(victim.port)
        begin = f"GET {API}poll/test/ HTTP/1.1\r\nHost: chat\r\nX-Slow: " if number % 2 else "G"
        await loop.sock_sendall(made, begin.encode())
        slow.append(("head", made, 5.0, HEAD_SECS))
    for number in range(sized(15, 500)):
        made = await connect(victim.port)
        token = f"Authorization: Token {ann.token}\r\n" if number % 2 else ""
        await loop.sock_sendall(made, f"{POST}{token}\r\n{{".encode())
        slow.append(("body", made, 0.1, BODY_SECS))

    async def one(part: str, made: socket.socket, every_secs: float, most_secs: float) -> float | None:
        took = await trickle(made, every_secs, most_secs + 1 + 2 * SLACK_SECS)
        row.saw(0, part)
        if took is None:
            row.violation(f"a {part} byte by byte is still waited for after {most_secs} s")
        made.close()
        return took

    async with others.meanwhile():
        took = await asyncio.gather(*(one(*each) for each in slow))
    for part in ("head", "body"):
        times = [
            secs for (kind, *_), secs in zip(slow, took, strict=True) if kind == part and secs is not None
        ]
        row.show(f"{len(times)} slow {part}s cut off, the last after {max(times, default=0):.1f} s")
    others.assert_unharmed(calm, times=1.2)
    await victim.settled(before)
    row.assert_clean()


@pytest.mark.gen_test(timeout=200)
async def test_E2_who_takes_byte_by_byte_is_cut_off_and_costs_little_memory(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, bob, eve = await client.people("ann", "bob", "eve")
    await bob.here()
    for number in range(70):  # 4,000 characters each: an answer of more than 256 KiB
        await ann.sent(bob, f"{number}".ljust(4000, "x"))
    file = await upload(ann, bob)
    others = Others(eve, row)
    calm = await others.calm(sized(1, 5))
    before = victim.vitals()
    loop = asyncio.get_running_loop()
    slow = []
    targets = f"poll/events/?cursor={bob.cursor}&limit=100&wait=0", f"chats/attachment/{file}/"
    peak = before.rss_bytes
    for number in range(sized(10, 200)):
        made = await connect(victim.port, receive_bytes=2048)
        head = f"GET {API}{targets[number % 2]} HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {bob.token}\r\n\r\n"
        await loop.sock_sendall(made, head.encode())
        # Its answer has begun: what comes is about taking it slowly, not about two hundred large ones at once.
        await loop.sock_recv(made, 1)
        slow.append(made)
        peak = max(peak, victim.vitals().rss_bytes)

    async def sip(made: socket.socket) -> None:
        while True:
            await asyncio.sleep(1)
            with contextlib.suppress(OSError):
                await loop.sock_recv(made, 1)

    # That it was closed shows only when all that was sent before is taken; so the server is asked.
    cut_before, begun = cut_off(victim), loop.time()
    async with others.meanwhile():
        sipping = [asyncio.create_task(sip(made)) for made in slow]
        downloads = len(slow) // 2
        await eventually(
            lambda: asyncio.to_thread(lambda: cut_off(victim) - cut_before >= downloads),
            within=TAKE_SECS + 3 + 3 * SLACK_SECS,
            why=f"{downloads} downloads cut off",
        )
        took = loop.time() - begun
        peak = max(peak, victim.vitals().rss_bytes)
        for task in sipping:
            task.cancel()
        await asyncio.gather(*sipping, return_exceptions=True)
    for made in slow:
        row.saw(0)
        made.close()
    grown = (peak - before.rss_bytes) / MEGABYTE
    row.show(f"{downloads} downloads cut off after {took:.1f} s; memory {grown:+.1f} MB at most")
    row.show(f"{len(slow) - downloads} answers of 280 KB, which the kernel takes at once")
    assert grown <= 60
    others.assert_unharmed(calm, times=1.2)
    await victim.settled(before)
    row.assert_clean()


def cut_off(victim: Victim) -> float:
    return victim.metric("chat_connections_closed_total")


async def upload(sender: Device, receiver: Device) -> int:
    edge = "edge-of-a-part"
    part = f'--{edge}\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    head = part % ("receiver_id", "") + f"{receiver.id}\r\n" + part % ("attachment", '; filename="long.txt"')
    body = head.encode() + b"x" * FILE_BYTES + f"\r\n--{edge}--\r\n".encode()
    form = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    answer = await sender.post("chats/", body=body, headers=form)
    assert answer.status == 201, answer
    return int(answer["id"])


@pytest.mark.gen_test(timeout=200)
async def test_E4_a_body_of_tiny_chunks_is_cut_at_its_limit_and_keeps_nobody_waiting(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, bob = await client.people("ann", "bob")
    others = Others(bob, row)
    calm = await others.calm(sized(1, 5))
    before = victim.vitals()
    lags: list[float] = []
    sent_bytes: list[int] = []
    head = f"POST {API}chats/ HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {ann.token}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def pour() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", victim.port)
        poured = 0
        try:
            writer.write(head.encode())
            while poured < MEGABYTE:
                writer.write(b"1\r\nx\r\n" * 1024)
                await writer.drain()
                poured += 1024
                if reader.at_eof():
                    break
            reply = await asyncio.wait_for(reader.read(), 30)
        except ConnectionError:
            reply = b""
        finally:
            writer.close()
        sent_bytes.append(poured)
        row.saw(int(reply.split()[1]) if reply else 0, "tiny chunks")

    async def watch() -> None:
        while True:
            lags.append(await asyncio.to_thread(victim.metric, "chat_loop_lag_seconds"))
            await asyncio.sleep(0.1)

    async with others.meanwhile():
        watching = asyncio.create_task(watch())
        for _ in range(sized(1, 10)):
            await asyncio.gather(*(pour() for _ in range(sized(4, 20))))
            seen = len(others.took)
            await eventually(lambda seen=seen: len(others.took) >= seen + 10, within=30 + SLACK_SECS)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    after = await victim.settled(before)
    lag = percentile(lags, 0.99) if lags else 0.0
    row.show(f"cut after {max(sent_bytes) // 1024} KiB at most, loop late by {lag * 1000:.0f} ms (p99)")
    row.show(f"{after.cpu_secs - before.cpu_secs:.1f} s of processor")
    assert max(sent_bytes) < MEGABYTE, "never cut"
    if FULL:
        assert lag < 0.1
    others.assert_unharmed(calm, times=2)
    row.assert_clean()


def in_chunks(body: bytes, chunk_bytes: int) -> bytes:
    pieces = [body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.gen_test
@pytest.mark.parametrize("chunk_bytes", [200, 1000])
async def test_E4_a_file_in_the_chunks_of_a_modest_client_is_taken(
    victim: Victim, client: Client, row: Row, chunk_bytes: int
) -> None:
    ann, bob = await client.people("ann", "bob")
    part = '--X\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    file = '--X\r\nContent-Disposition: form-data; name="attachment"; filename="a.txt"\r\n\r\n'
    body = (part % ("receiver_id", bob.id) + file).encode() + b"x" * MEGABYTE + b"\r\n--X--\r\n"

    reply = await in_pieces(victim, ann, "multipart/form-data; boundary=X", in_chunks(body, chunk_bytes))
    row.saw(reply.status, f"a file in chunks of {chunk_bytes}")
    if reply.status != 201:
        row.violation(f"a file in chunks of {chunk_bytes} bytes was answered {reply.body[:200]!r}")
    row.assert_clean()


@pytest.mark.gen_test
async def test_E4_a_text_written_word_by_word_is_taken_and_letter_by_letter_is_not(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, bob = await client.people("ann", "bob")
    body = json.dumps({"receiver_id": bob.id, "message": "a word " * 40}).encode()

    for chunk_bytes, status in ((7, 201), (1, 400)):
        reply = await in_pieces(victim, ann, "application/json", in_chunks(body, chunk_bytes))
        row.saw(reply.status, f"chunks of {chunk_bytes}")
        if reply.status != status:
            row.violation(f"a text in chunks of {chunk_bytes} was answered {reply.body[:200]!r}")
    row.assert_clean()


async def in_pieces(victim: Victim, sender: Device, type: str, chunks: bytes) -> Reply:
    head = f"POST {API}chats/ HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {sender.token}\r\nConnection: close\r\n"
    head += f"Content-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return await exchange(victim.port, head.encode() + chunks, quiet_secs=LONG_SECS)
