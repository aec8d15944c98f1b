"""Long addresses and many cookies: served up to 32 KiB, and beyond it refused in words."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from tests.support.client import API
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

LETTERS = "x" * 20_000
TOLD = "header is longer than what is read"


def request(target: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: chat", *fields, "", ""]).encode()


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    status, *lines = head.strip().split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), fields, await reader.readexactly(int(fields["content-length"]))


SERVED = {
    "a query of 20,000 letters on the page": request(f"/?x={LETTERS}"),
    "a query of 20,000 letters on the API": request(f"{API}poll/test/?x={LETTERS}"),
    "20 KB of cookies": request("/", *(f"Cookie: c{n}={'x' * 2000}" for n in range(10))),
    "20 KB of cookies in one field": request(f"{API}server/", "Cookie: " + f"a={'x' * 100}; " * 196 + "b=c"),
    "32 KB in all": request("/", "X: " + "x" * 32_700),
}
REFUSED = {
    "a query of 40,000 letters": request(f"/?x={LETTERS * 2}"),
    "40 KB of cookies": request(f"{API}server/", *(f"Cookie: c{n}={'x' * 2000}" for n in range(20))),
    "a megabyte in one field": request("/", "X: " + "x" * 900_000),
    "a line that does not end": b"GET /" + b"x" * 70_000,
    "a poll": request(f"{API}poll/events/?wait=0", "Authorization: Token x", f"X: {LETTERS * 2}"),
}


@pytest.mark.gen_test
@pytest.mark.parametrize("sent", SERVED.values(), ids=SERVED)
async def test_a_long_request_is_served(server: ServerProcess, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.base).port)
    for _ in range(2):  # the second comes where the first was handed over
        writer.write(sent)
        assert (await answered(reader))[0] == 200
    writer.close()


@pytest.mark.gen_test
@pytest.mark.parametrize("kept", [False, True], ids=["first", "on a kept connection"])
@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
async def test_a_longer_one_is_a_431_with_a_problem_and_a_line_in_the_log(
    server: ServerProcess, sent: bytes, kept: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server.base).port)
    if kept:
        writer.write(request("/healthz"))
        assert (await answered(reader))[0] == 200
    writer.write(sent)
    status, fields, body = await answered(reader)
    problem = json.loads(body)

    assert (status, problem["status"], problem["code"]) == (431, 431, "header_too_large")
    assert fields["content-type"] == "application/problem+json"
    assert fields["connection"] == "close" and fields["x-request-id"] == problem["request_id"]
    assert "32768" in problem["detail"]
    assert await asyncio.wait_for(reader.read(), 10) == b"", "and the connection ends"
    await eventually(lambda: TOLD in server.log(), within=5)
    writer.close()
