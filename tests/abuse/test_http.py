"""E5, E6, E7, E10: bytes that are no HTTP, methods nobody has, requests in a heap, bodies that grow."""

from __future__ import annotations

import asyncio
import gzip
import io
import random

import pytest

from tests.abuse.bench.corpus import corpus, harmless
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import FULL, SLACK_SECS, sized
from tests.abuse.bench.victim import Victim
from tests.abuse.bench.wire import Reply, exchange
from tests.support.client import API, Client
from tests.support.waiting import eventually

MEGABYTE = 1024 * 1024


def told_nothing(reply: Reply) -> bool:
    return not any(
        sign in reply.body for sign in (b"Traceback", b'File "', b"tornado", b"Tornado", b"site-packages")
    )


@pytest.mark.gen_test(timeout=300)
async def test_E5_malformed_http_gets_a_4xx_or_a_closed_connection_and_costs_little(
    victim: Victim, client: Client, row: Row
) -> None:
    cases = corpus()
    assert len(cases) >= 300
    before = victim.vitals()
    # Kept open by a server that waits for more; closed from our side they cost nobody anything.
    for start in range(0, len(cases), 20):
        batch = cases[start : start + 20]
        replies = await asyncio.gather(*(exchange(victim.port, raw, half_close=True) for _, raw in batch))
        for (name, _), reply in zip(batch, replies, strict=True):
            row.saw(reply.status, name)
            if reply.status not in (0, 501, 505) and not 400 <= reply.status < 500:
                row.violation(f"{name} was answered {reply.body[:120]!r}")
            if not told_nothing(reply):
                row.leak(f"{name}: {reply.body[:500]!r}")
    for name, raw in harmless():
        reply = await exchange(victim.port, raw)
        row.saw(reply.status, name)
        assert reply.status, name
    after = victim.vitals()
    each_ms = (after.cpu_secs - before.cpu_secs) * 1000 / row.cases
    row.show(f"{each_ms:.1f} ms of processor a case")
    if FULL:
        assert each_ms < 50
    await victim.settled(before)
    assert (await client.call("GET", "poll/test/")).status == 200
    victim.assert_clean_log()
    row.assert_clean()


@pytest.mark.gen_test
async def test_E6_invented_methods_make_no_new_series(victim: Victim, row: Row) -> None:
    count = sized(400, 10_000)
    paths = [f"{API}poll/test/", f"{API}chats/", f"{API}nothing/", "/", "/static/css/base.css", "/healthz"]

    async def flood(numbers: range) -> None:
        for number in numbers:
            target = paths[number % len(paths)]
            reply = await exchange(
                victim.port, f"M{number:X} {target} HTTP/1.0\r\nHost: chat\r\n\r\n".encode()
            )
            row.saw(reply.status, f"M{number:X} {target}")

    await flood(range(len(paths)))
    before = victim.series()
    await asyncio.gather(*(flood(range(10 + start, count, 8)) for start in range(8)))

    grown = victim.series() - before
    row.show(f"{grown} new series after {count:,} methods")
    assert grown <= 20
    assert set(row.statuses) == {"4xx"}, row.statuses
    row.assert_clean()


@pytest.mark.gen_test
async def test_E7_a_thousand_pipelined_requests_are_answered_in_order(
    victim: Victim, client: Client, row: Row
) -> None:
    ann, bob = await client.people("ann", "bob")
    await ann.sent(bob, "so that there is something")
    await bob.here()
    count = sized(200, 1000)
    kinds = {
        "test": f"GET {API}poll/test/ HTTP/1.1",
        "poll": f"GET {API}poll/events/?cursor={bob.cursor}&wait=0 HTTP/1.1",
        "held": f"GET {API}poll/events/?cursor={bob.cursor}&wait=0.05 HTTP/1.1",
        "unread": f"GET {API}chats/unread-count/ HTTP/1.1",
    }
    picked = random.Random(7).choices(list(kinds), k=count)
    before = victim.vitals()
    reader, writer = await asyncio.open_connection("127.0.0.1", victim.port)
    for number, kind in enumerate(picked):
        tagged = f"{kinds[kind]}\r\nHost: chat\r\nX-Request-Id: n{number}\r\nAuthorization: Token {bob.token}\r\n\r\n"
        writer.write(tagged.encode())
    answered = 0
    for number, kind in enumerate(picked):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            break
        length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
        await reader.readexactly(length)
        row.saw(int(head.split()[1]), kind)
        answered += 1
        if f"X-Request-Id: n{number}\r\n" not in head:
            row.violation(f"the answer to {number} is another one's: {head}")
    writer.close()
    after = await victim.settled(before)
    grown = (after.rss_bytes - before.rss_bytes) / MEGABYTE
    row.show(f"{answered} of {count} answered, memory {grown:+.1f} MB")
    if FULL:
        assert grown <= 5
    row.assert_clean()


def bomb() -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        for _ in range(50):
            file.write(b"[" * MEGABYTE)
    return packed.getvalue()


def parts(count: int) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n'
    return b"".join(part % number for number in range(count)) + b"--x--\r\n"


@pytest.mark.gen_test
async def test_E10_bodies_that_grow_are_refused_and_not_kept(
    victim: Victim, client: Client, row: Row
) -> None:
    (ann,) = await client.people("ann")
    packed, many = bomb(), parts(sized(20_000, 100_000))
    gigabyte = 1024 * MEGABYTE
    form = "Content-Type: multipart/form-data; boundary=x"
    json_type = "Content-Type: application/json"
    head = f"POST {API}chats/ HTTP/1.1\r\nHost: chat\r\nAuthorization: Token {ann.token}\r\n"
    cases = {
        "gzip bomb": f"{json_type}\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed,
        "packed and in chunks": f"{json_type}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".encode() + packed,
        "many parts": f"{form}\r\nContent-Length: {len(many)}\r\n\r\n".encode() + many,
        "1 GB of JSON": f"{json_type}\r\nContent-Length: {gigabyte}\r\n\r\n".encode() + b"[" * MEGABYTE,
        "1 GB of a file": f"{form}\r\nContent-Length: {gigabyte}\r\n\r\n".encode() + many[: MEGABYTE // 2],
        "a chunk of 1 GB": f"{json_type}\r\nTransfer-Encoding: chunked\r\n\r\n{gigabyte:x}\r\n".encode() + b"[" * 9999,
        "a body for a GET": b"",
    }  # fmt: skip
    calm = await exchange(victim.port, f"GET {API}poll/test/ HTTP/1.0\r\n\r\n".encode())
    before = victim.vitals()
    for name, rest in cases.items():
        request = head.encode() + rest
        if name == "a body for a GET":
            request = (
                f"GET {API}poll/test/ HTTP/1.1\r\nHost: chat\r\nContent-Length: {gigabyte}\r\n\r\n".encode()
            )
        reply = await exchange(victim.port, request, quiet_secs=0.2)
        row.saw(reply.status, name)
        row.show(f"{name}: {reply.status or 'closed'} after {reply.secs:.2f} s")
        if reply.status not in (0, 400, 413, 415, 501):
            row.violation(f"{name} was answered {reply.body[:200]!r}")
        assert reply.secs <= 1 + calm.secs + SLACK_SECS, name
    after = await victim.settled(before)
    grown = (after.rss_bytes - before.rss_bytes) / MEGABYTE
    row.show(f"memory {grown:+.1f} MB")
    if FULL:
        assert grown <= 10
    await eventually(lambda: told_no_error(victim))
    row.assert_clean()


def told_no_error(victim: Victim) -> bool:
    victim.assert_clean_log()
    return True
