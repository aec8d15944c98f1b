"""F10: what every answer tells a browser, and what pages of other origins can do here, which is nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.abuse.bench.calls import JSON, Call, Scene, calls, scene
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import Victim, running
from tests.support.client import API, Answer, Client
from tests.support.mongo import MongoNode

MINE = "https://chat.example.org"
ORIGINS = [
    "null", "", "*", "https://evil.example", "http://chat.example.org", "https://chat.example.org.evil.example",
    "https://evil.example/chat.example.org", "https://chat.example.org:444", "https://chat.example.org@evil.example",
    "https://CHAT.example.org.", "https://xchat.example.org", "https://sub.chat.example.org", "https://chat.example.orgx",
    "https://chat-example.org", "https://chatXexample.org", "https://chat.example.org/", "https://chat.example.org,https://evil.example",
    "https://chat.example.org https://evil.example", "file://", "data:", "chrome-extension://abc", "app://localhost",
    "http://localhost", "http://127.0.0.1", "http://127.0.0.1:8888", "http://[::1]", "https://chat.example.org%00.evil.example",
    "https://chat.example.org%60.evil.example", "https://chat.example.org_.evil.example", "HTTPS://EVIL.EXAMPLE",
]  # fmt: skip
SIMPLE_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
PAGES = [
    "/",
    "/docs",
    "/static/css/base.css",
    "/static/js/main.js",
    "/sw.js",
    "/favicon.svg",
    "/nowhere",
    "/static/nowhere",
    "/docs/x",
]
PAGE_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def requests(place: Scene) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each call right and wrong in every way that has a status of its own; then pages and files."""
    for call in calls():
        path, body = place.path(call), place.body(call)
        sent = json.dumps(body) if body is not None else None
        right = {"query": place.query(call), "body": sent, "headers": JSON if sent else {}}
        ways = {
            "": {},
            "without a token": {"token": None},
            "with a wrong token": {"token": "cht_wrong"},
            "from another origin": {"headers": {**right["headers"], "Origin": "https://evil.example"}},
            "over a broken body": {"body": "{", "headers": JSON},
            "over another type": {"headers": {"Content-Type": "text/csv"}},
            "over a large body": {"body": "x" * 100_000, "headers": JSON},
            "over a bad query": {"query": {"limit": "x", "wait": "x", "search": "\0"}},
        }
        for way, other in ways.items():
            options = {"token": place.token(call), **right, **other}
            if call.method == "GET":
                options["body"] = None
            yield f"{call.method} {path} {way}", path, options
        for method in ("OPTIONS", "HEAD", "PUT", "PROPFIND"):
            yield f"{method} {path}", path, {"token": place.token(call)}
        wrong = path.replace(str(place.ids.get(call.places[0])), "0") if call.places else path + "x/"
        yield f"{call.method} {wrong}", wrong, {"token": place.token(call)}
    for path, method in itertools.product(PAGES, ("GET", "HEAD", "POST", "OPTIONS", "DELETE", "PROPFIND")):
        yield f"{method} {path}", path, {}


def missing(what: str, answer: Answer) -> Iterator[str]:
    path = what.split()[1]
    headers = answer.headers
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "nosniff"
    if "Server" in headers or "X-Powered-By" in headers:
        yield "silence about the server"
    # How long the answer to a poll would be is not known before it is held.
    unknown = answer.status in (204, 304) or what.startswith("HEAD /api/v1/communication/poll/events")
    if "Content-Length" not in headers and not unknown:
        yield "Content-Length"
    if "Transfer-Encoding" in headers:
        yield "an answer in one piece"
    if path.startswith("/api/") and "no-store" not in headers.get("Cache-Control", ""):
        yield "no-store"
    kind = headers.get("Content-Type", "")
    if kind.startswith("text/html"):
        policy = headers.get("Content-Security-Policy", "")
        for part in ("default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"):
            if part not in policy:
                yield part
        if "unsafe" in policy or "*" in policy:
            yield "a strict policy"
        for name, value in PAGE_HEADERS.items():
            if headers.get(name) != value:
                yield name
    if (
        "/attachment/" in path
        and answer.status == 200
        and "sandbox" not in headers.get("Content-Security-Policy", "")
    ):
        yield "sandbox"
    for cookie in headers.get_list("Set-Cookie"):
        for part in ("HttpOnly", "SameSite=", "Path=/"):
            if part.lower() not in cookie.lower() and not cookie.startswith("_xsrf"):
                yield f"{part} of a cookie"
    public_file = path.startswith("/static/") or path in ("/sw.js", "/favicon.svg")
    if headers.get("Access-Control-Allow-Origin") is not None and not public_file:
        yield "silence towards other origins"


@pytest.mark.gen_test(timeout=300)
async def test_F10_every_answer_has_the_headers_it_needs(victim: Victim, client: Client, row: Row) -> None:
    client.check = None  # some of these are no calls of the API
    place = await scene(client, victim)

    async def one(what: str, path: str, options: dict[str, Any]) -> None:
        answer = await client.call(what.split()[0], path, **options)
        row.saw(answer.status, what, retry_after="Retry-After" in answer.headers)
        for lack in missing(what, answer):
            row.violation(f"{what} ({answer.status}) lacks {lack}: {dict(answer.headers.get_all())}")

    made = [*requests(place)]
    for start in range(0, len(made), 16):
        await asyncio.gather(*(one(*request) for request in made[start : start + 16]))
    row.assert_clean()


@pytest.fixture(scope="module")
def cors_victim(mongo: MongoNode) -> Iterator[Victim]:
    """One that another site may call."""
    with running(mongo, env={"CHATSERVER_CORS_ORIGINS": MINE}) as made:
        yield made


@pytest.mark.gen_test(timeout=300)
async def test_F10_no_other_origin_is_ever_let_in(cors_victim: Victim, io_loop: object, row: Row) -> None:
    client = Client([cors_victim.base])
    place = await scene(client, cors_victim)
    asked = [*itertools.product(calls(), ORIGINS)]
    step = max(1, len(asked) // sized(150, len(asked)))

    async def one(call: Call, origin: str) -> None:
        preflight = {"Origin": origin, "Access-Control-Request-Method": call.method}
        plain = {"Origin": origin}
        for method, headers in (("OPTIONS", preflight), (call.method, plain)):
            answer = await client.call(method, place.path(call), headers=headers, query=place.query(call))
            row.saw(answer.status, f"{method} {call.path}", retry_after="Retry-After" in answer.headers)
            if any(name.startswith("Access-Control-Allow") for name in answer.headers):
                row.violation(f"{origin!r} may {method} {call.path}: {dict(answer.headers.get_all())}")
            if "Access-Control-Allow-Credentials" in answer.headers:
                row.violation("credentials are let in")
            if "Origin" not in answer.headers.get("Vary", "") and call.path.startswith(API):
                row.violation(f"{method} {call.path} may be cached for another origin")

    for start in range(0, len(asked), 16 * step):
        await asyncio.gather(*(one(*case) for case in asked[start : start + 16 * step : step]))
    for call in calls():
        answer = await client.call(
            call.method, place.path(call), headers={"Origin": MINE}, query=place.query(call)
        )
        row.saw(answer.status, f"{call}", retry_after="Retry-After" in answer.headers)
        if call.path.startswith(API) and answer.headers.get("Access-Control-Allow-Origin") != MINE:
            row.violation(f"{MINE} may not {call}")
    client.close()
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F10_what_a_page_of_another_site_sends_changes_nothing(
    victim: Victim, client: Client, row: Row
) -> None:
    """With the visitor's cookie, as a form or as a script sends it; from our own page the same goes through."""
    client.check = None
    place = await scene(client, victim)
    changing = [call for call in calls() if call.signed_in and call.method != "GET" and call.id != "notify"]
    before = (await place.ann.get("snapshot/")).json

    async def send(call: Call, **headers: str) -> Answer:
        cookie = f"chat_session={place.token(call)}; __Host-chat_session={place.token(call)}"
        body = json.dumps(place.body(call) or {})
        return await client.call(
            call.method, place.path(call), headers={"Cookie": cookie, **headers}, body=body
        )

    async def refused(call: Call, **headers: str) -> None:
        answer = await send(call, **headers)
        row.saw(answer.status, str(call))
        if answer.status != 403:
            row.violation(f"{call} with {headers}: {answer}")

    for origin in ORIGINS[: sized(5, 30)]:
        for call in changing:
            kinds = [{"Content-Type": kind} if kind else {} for kind in SIMPLE_TYPES]
            await asyncio.gather(*(refused(call, Origin=origin, **kind) for kind in kinds))
            for site in ("cross-site", "same-site", "none", "nonsense"):
                await refused(call, **{**JSON, "Sec-Fetch-Site": site, "X-Requested-With": "x"})
            await refused(call, **{**JSON, "Origin": origin, "X-Requested-With": "x"})
            await refused(call, **JSON)
    after = (await place.ann.get("snapshot/")).json
    assert after["conversations"] == before["conversations"]

    own = {**JSON, "Origin": victim.base, "X-Requested-With": "x"}
    by_id = {call.id: call for call in changing}
    for id in ("send_message", "typing", "mark_read", "update_me", "logout"):
        answer = await send(by_id[id], **own)
        assert answer.status in (200, 201), (id, answer)
    row.assert_clean()
