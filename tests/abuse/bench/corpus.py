"""HTTP as it must not be: each entry a name and the bytes. What may come back is a 4xx, 501, 505 or a closed connection."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tests.support.client import API

TEST = f"{API}poll/test/"
HOST = b"Host: chat\r\n"
CONTROLS = [*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]


def corpus() -> list[tuple[str, bytes]]:
    return [
        *_start_lines(),
        *_lengths(),
        *_chunks(),
        *_headers(),
        *_line_ends(),
        *_targets(),
    ]


def harmless() -> list[tuple[str, bytes]]:
    """Odd but legal, or tolerated everywhere: whatever is answered, it is no 5xx and the connection stays in step."""
    get = f"GET {TEST}".encode()
    return [
        ("absolute URI", f"GET http://chat{TEST} HTTP/1.1\r\n".encode() + HOST + b"\r\n"),
        ("empty header value", get + b" HTTP/1.1\r\n" + HOST + b"X-Empty:\r\n\r\n"),
        ("empty lines first", b"\r\n\r\n" + get + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
        ("a thousand arguments", get + b"?" + b"&".join(b"a%d=1" % n for n in range(1000)) + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
        ("percent flood", get + b"?a=" + b"%" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
        ("percent encoded flood", get + b"?a=" + b"%41" * 4000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
        ("HTTP/1.0 without a host", get + b" HTTP/1.0\r\n\r\n"),
        ("TRACE", f"TRACE {TEST} HTTP/1.1\r\n".encode() + HOST + b"\r\n"),
        ("HEAD", f"HEAD {TEST} HTTP/1.1\r\n".encode() + HOST + b"\r\n"),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n"),
        ("Expect: 200-maybe", f"POST {API}chats/ HTTP/1.1\r\n".encode() + HOST + b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}"),
        ("Upgrade: websocket", get + b" HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"),
        ("Upgrade: h2c", get + b" HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
        ("Range of a page", b"GET / HTTP/1.1\r\n" + HOST + b"Range: bytes=0-,0-,0-,5-2\r\n\r\n"),
        ("range flood", b"GET /static/css/base.css HTTP/1.1\r\n" + HOST + b"Range: bytes=" + b",".join(b"%d-" % n for n in range(1000)) + b"\r\n\r\n"),
    ]  # fmt: skip


def _start_lines() -> Iterator[tuple[str, bytes]]:
    for line in (
        "", "GET", f"GET {TEST}", f"GET  {TEST}  HTTP/1.1", f"GET\t{TEST}\tHTTP/1.1", f" GET {TEST} HTTP/1.1",
        f"GET {TEST} HTTP/1.1 more", f"GET {TEST} HTTP/0.9", f"GET {TEST} HTTP/2.0", f"GET {TEST} HTTP/3",
        f"GET {TEST} HTTP/1.2x", f"GET {TEST} HTTP/11", f"GET {TEST} HTTP/1.", f"GET {TEST} HTTP/.1",
        f"GET {TEST} http/1.1", f"GET {TEST} HTTPS/1.1", f"GET {TEST} ICY/1.0", f"GET {TEST} HTTP/-1.1",
        f"GET {TEST} HTTP/1.1\x00", "HTTP/1.1 200 OK", "PRI * HTTP/2.0", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        "GET / HTTP/1.1 / HTTP/1.1", "\x00\x00\x00\x00", "{\"message\": 1}", "SSH-2.0-OpenSSH_9.2", "*1\\r\\n$4\\r\\nPING",
    ):  # fmt: skip
        yield f"start line {line[:40]!r}", line.encode("latin-1") + b"\r\n" + HOST + b"\r\n"
    for code in CONTROLS:
        yield (
            f"control {code:#04x} in the method",
            b"G%cT %s HTTP/1.1\r\n" % (code, TEST.encode()) + HOST + b"\r\n",
        )
        yield (
            f"control {code:#04x} in the path",
            b"GET %s%c HTTP/1.1\r\n" % (TEST.encode(), code) + HOST + b"\r\n",
        )
    for sign in '()<>@,;:\\"/[]?={}':
        yield f"{sign} in the method", f"GE{sign}T {TEST} HTTP/1.1\r\n".encode() + HOST + b"\r\n"


def _lengths() -> Iterator[tuple[str, bytes]]:
    post = f"POST {API}auth/login/ HTTP/1.1\r\n".encode() + HOST + b"Content-Type: application/json\r\n"
    for value in (
        "-1", "+2", "0x2", "2.0", "2e0", "two", "", " ", "2,3", "2 2", "2;", "\x002", "2\x00", "9" * 30, "9" * 400, "1_0",
        "\u0662".encode().decode("latin-1"), "2\t3", "--2", "NaN", "Infinity", "0b10", "2\x0b",
    ):  # fmt: skip
        yield (
            f"Content-Length {value[:20]!r}",
            post + f"Content-Length: {value}\r\n\r\n".encode("latin-1") + b"{}",
        )
    for first, second in itertools.permutations(("0", "2", "3", "x"), 2):
        lines = f"Content-Length: {first}\r\nContent-Length: {second}\r\n\r\n".encode()
        yield f"Content-Length {first} and {second}", post + lines + b"{}x"
    for coding in (
        "chunked", "Chunked", " chunked", "chunked ", "identity, chunked", "gzip, chunked", "chunked, identity",
        "xchunked", "chunked\x00", "chunked,", "\x0bchunked", "chunk", "chunked, chunked", "cow",
    ):  # fmt: skip
        both = f"Content-Length: 6\r\nTransfer-Encoding: {coding}\r\n\r\n".encode("latin-1")
        yield f"Content-Length and Transfer-Encoding {coding!r}", post + both + b"0\r\n\r\nG"
        turned = f"Transfer-Encoding: {coding}\r\nContent-Length: 6\r\n\r\n".encode("latin-1")
        yield f"Transfer-Encoding {coding!r} and Content-Length", post + turned + b"0\r\n\r\nG"
    for coding in (
        "gzip",
        "identity",
        "xchunked",
        "chunked, gzip",
        "chunk",
        "cow",
        "gzip, chunked",
        "deflate",
    ):
        yield (
            f"Transfer-Encoding {coding} alone",
            post + f"Transfer-Encoding: {coding}\r\n\r\n".encode() + b"2\r\n{}\r\n0\r\n\r\n",
        )
    for name in (
        "Transfer-Encoding ",
        "Transfer_Encoding",
        "Content-Length ",
        " Content-Length",
        "Content Length",
    ):
        yield f"{name!r} as a name", post + f"{name}: 4\r\nContent-Length: 2\r\n\r\n".encode() + b"{}"


def _chunks() -> Iterator[tuple[str, bytes]]:
    head = f"POST {API}auth/login/ HTTP/1.1\r\n".encode() + HOST
    head += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for size in (
        b"zz", b"-2", b"+2", b"0x2", b"2.", b"", b" ", b"2 2", b" 2", b"\x002", b"2\x00", b"g", b"1" * 70, b"f" * 17, b"2_0",
        b"2;" + b"x" * 5000, b"\xb2", b"2\x0b", b"FFFFFFFFFFFFFFFF", b"7fffffffffffffff",
    ):  # fmt: skip
        yield f"chunk size {size[:20]!r}", head + size + b"\r\n{}\r\n0\r\n\r\n"
    for name, body in {
        "chunk longer than told": b"2\r\n{}x\r\n0\r\n\r\n",
        "chunk without its line end": b"2\r\n{}0\r\n\r\n",
        "chunk ended by LF": b"2\n{}\n0\n\n",
        "chunk ended by CR": b"2\r{}\r0\r\r",
        "junk after the last chunk": b"2\r\n{}\r\n0\r\njunk\r\n\r\n",
        "junk where a chunk should be": b"junk junk junk\r\n" * 5,
        "trailer flood": b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    }.items():
        yield name, head + body


def _headers() -> Iterator[tuple[str, bytes]]:
    get = f"GET {TEST} HTTP/1.1\r\n".encode()
    for name, lines in {
        "two hosts": HOST + b"Host: other\r\n",
        "host with a space": b"Host: a b\r\n",
        "host with a path": b"Host: chat/evil\r\n",
        "host with a NUL": b"Host: chat\x00\r\n",
        "host with a comma": b"Host: chat,evil\r\n",
        "no host": b"",
        "header without a colon": HOST + b"nonsense\r\n",
        "header of a colon": HOST + b":\r\n",
        "header without a name": HOST + b": value\r\n",
        "folded header": HOST + b"X-Long: a\r\n b\r\n",
        "folded with a tab": HOST + b"X-Long: a\r\n\tb\r\n",
        "folded first line": b" X: y\r\n" + HOST,
        "40 KiB header": HOST + b"X-Long: " + b"x" * 40_960 + b"\r\n",
        "70 KB header": HOST + b"X-Long: " + b"x" * 70_000 + b"\r\n",
        "4,000 headers": HOST + b"".join(b"X-%d: y\r\n" % n for n in range(4000)),
        "4,000 times one header": HOST + b"X: y1234\r\n" * 4000,
        "40 KB of cookies": HOST + b"Cookie: " + b"a=b; " * 8000 + b"\r\n",
    }.items():
        yield name, get + lines + b"\r\n"
    for code in CONTROLS:
        yield f"control {code:#04x} in a header's name", get + HOST + b"X%cY: z\r\n\r\n" % code
        if code not in (0x09,):
            yield f"control {code:#04x} in a header's value", get + HOST + b"X: a%cb\r\n\r\n" % code
    for sign in '()<>@,;\\"/[]?={} ':
        yield f"{sign!r} in a header's name", get + HOST + f"X{sign}Y: z\r\n\r\n".encode()


def _line_ends() -> Iterator[tuple[str, bytes]]:
    head = f"GET {TEST} HTTP/1.1|Host: chat|X: y||".encode()
    for end in (b"\r", b"\n\r", b"\r\r\n", b"\x0b", b"\x85", b"\x0c"):
        yield f"lines ended by {end!r}", head.replace(b"|", end) + b"\r\n\r\n"
    yield "CR inside a value", f"GET {TEST} HTTP/1.1\r\n".encode() + HOST + b"X: a\rY: b\r\n\r\n"
    yield "LF inside a value", f"GET {TEST} HTTP/1.1\r\n".encode() + HOST + b"X: a\n Y: b\r\n\r\n"


def _targets() -> Iterator[tuple[str, bytes]]:
    for target in (
        "chat", "chat:80", "//evil.example/", "ftp://chat/", "javascript:alert(1)", "/../../etc/passwd",
        "/static/../run.py", "/static/..%2f..%2frun.py", "/static/%2e%2e/%2e%2e/run.py", "/static/%00", "/static/" + "a" * 5000, "/static/" + "a/" * 2000, "/static//etc/passwd",
        "/static/css/base.css%00.js", "/..%5c..%5crun.py", "/%ff%fe", "/%", "/%zz", "/%u0041", "/%c0%ae%c0%ae/run.py",
        f"{API}chats/conversation/%00/", f"{API}chats/conversation/1%2f2/", f"{API}chats/conversation/{'9' * 5000}/",
        f"{API}%2e%2e/server/", f"{API}chats;a=b/", f"{API}chats/attachment/-1/", "/" + "a/" * 3000, "/" + "%2f" * 2000,
        "/.env", "/.git/config", "/metrics", "/debug", "/admin", "/server-status", "/api/", "/api/v1/", "/actuator/env",
    ):  # fmt: skip
        yield f"target {target[:40]!r}", f"GET {target} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    for method in ("CONNECT", "PUT", "PROPFIND", "LOCK", "SEARCH", "get", "Post", "A" * 200):
        yield f"method {method[:20]}", f"{method} {TEST} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    yield "CONNECT to elsewhere", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"
