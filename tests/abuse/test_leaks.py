"""F9: tokens sent everywhere, and then looked for everywhere: answers, log at its most talkative, metrics, database."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from bson import encode
from pymongo import MongoClient

from tests.abuse.bench.calls import JSON, Call, Scene, calls, scene
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import Victim, running
from tests.abuse.bench.wire import exchange
from tests.support.client import Client
from tests.support.mongo import MongoNode

# Where a token ends up by mistake: (name, path's tail, headers, body field or whole body). {t} is the token.
MISTAKES: dict[str, tuple[str, dict[str, str], str]] = {
    "as it should be": ("", {"Authorization": "Token {t}"}, ""),
    "with another scheme": ("", {"Authorization": "Basic {t}"}, ""),
    "without a scheme": ("", {"Authorization": "{t}"}, ""),
    "twice": ("", {"Authorization": "Bearer {t} {t}"}, ""),
    "in the query": ("?token={t}", {}, ""),
    "in the query, encoded": ("?to%6ben={e}", {}, ""),
    "in the query twice": ("?token={t}&token={t}", {}, ""),
    "as another parameter": ("?search={t}&cursor={t}&wait={t}&limit={t}&before_id={t}&{t}=1", {}, ""),
    "as a link to a file": ("?link={t}", {}, ""),
    "in the fragment": ("#token={t}", {}, ""),
    "in the path": ("{t}/", {}, ""),
    "as a cookie": ("", {"Cookie": "token={t}; {t}=1; __Host-session={t}"}, ""),
    "as an origin": ("", {"Origin": "https://{t}.example"}, ""),
    "as the page before": ("", {"Referer": "https://chat.example/?token={t}"}, ""),
    "as a content type": ("", {"Content-Type": "application/{t}"}, "{{}}"),
    "as a language": ("", {"Accept-Language": "{t}", "Accept": "{t}"}, ""),
    "as an idempotency key that is too long": ("", {"Idempotency-Key": "{t}{t}"}, ""),
    "in a body that is no JSON": ("", JSON, '{{"token": {t}'),
    "as a field nobody asked for": ("", JSON, '{{"{t}": "{t}"}}'),
    "as every field": ("", JSON, '{{"receiver_id": "{t}", "message_ids": ["{t}"], "username": "{t}{t}", "password": 5}}'),
    "as a wrong password": ("", JSON, '{{"username": "nobody", "password": "{t}"}}'),
    "as the name to sign in by": ("", JSON, '{{"username": "{t}", "password": "wrong, but long enough"}}'),
    "as a token of the host": ("", JSON, '{{"token": "{t}", "ticket": "{t}"}}'),
    "as a form": ("", {"Content-Type": "application/x-www-form-urlencoded"}, "token={t}"),
    "as a multipart boundary": ("", {"Content-Type": "multipart/form-data; boundary={t}"}, "--{t}\r\n{t}\r\n--{t}--"),
}  # fmt: skip


@pytest.fixture(scope="module", params=["debug", "info"])
def victim(mongo: MongoNode, request: pytest.FixtureRequest) -> Iterator[Victim]:
    """Talkative, and as it usually is: that one takes the short way for some calls."""
    with running(mongo, env={"CHATSERVER_LOG_LEVEL": request.param}) as made:
        yield made


async def plant(place: Scene, row: Row, call: Call, name: str, token: str) -> None:
    tail, headers, body = MISTAKES[name]
    known = {"t": token, "e": quote(token.replace("_", "%5F"), safe="%")}
    answer = await place.client.call(
        call.method,
        place.path(call) + tail.format(**known),
        headers={key: value.format(**known) for key, value in headers.items()},
        body=body.format(**known) if body and call.method != "GET" else None,
        query=place.query(call) if "?" not in tail else None,
    )
    row.saw(answer.status, f"{call} {name}", retry_after="Retry-After" in answer.headers)
    shown = json.dumps(dict(answer.headers.get_all())).encode() + answer.body
    if token.encode() in shown:
        row.leak(f"{call}, {name}, gives the token back: {shown[:400]!r}")


@pytest.mark.gen_test(timeout=300)
async def test_F9_no_token_is_seen_again(victim: Victim, client: Client, row: Row) -> None:
    place = await scene(client, victim)
    known = victim.plant_sessions(place.ann, sized(200, 1000))
    chance = random.Random(9)
    # Every mistake with every call; a GET may hold a poll, which without waiting it does not.
    cases = [(call, name) for call in calls() for name in MISTAKES]
    chance.shuffle(cases)
    cases = cases[: sized(250, len(cases))]
    tokens = iter([*known, *known, *known, *known])
    for start in range(0, len(cases), 16):
        batch = cases[start : start + 16]
        await asyncio.gather(*(plant(place, row, call, name, next(tokens)) for call, name in batch))
    # Where no handler of ours is, or not even HTTP.
    for token in known[:20]:
        for raw in (
            f"GET /nowhere?token={token} HTTP/1.1\r\nHost: chat\r\n\r\n",
            f"GET /static/{token}?token={token} HTTP/1.1\r\nHost: chat\r\n\r\n",
            f"GET /static/%00?to%6ben={token.replace('_', '%5F')} HTTP/1.1\r\nHost: chat\r\n\r\n",
            f"GET /?token={token} HTTP/1.1\r\nHost: chat\r\nBroken {token}\r\n\r\n",
            f"{token} / HTTP/1.1\r\nHost: chat\r\n\r\n",
            f"GET / {token}\r\n\r\n",
            f"POST / HTTP/1.1\r\nHost: chat\r\nContent-Length: {token}\r\n\r\n",
        ):
            reply = await exchange(victim.port, raw.encode(), half_close=True)
            row.saw(reply.status, raw)
            if token.encode() in reply.body:
                row.leak(f"{raw!r}: {reply.body[:300]!r}")
    look_for(row, known, "the log", victim.log())
    look_for(row, known, "the metrics", victim.metrics())
    with MongoClient(victim.mongodb_uri) as mongo:
        for name in mongo[victim.database].list_collection_names():
            for document in mongo[victim.database][name].find():
                for token in found_in(known, encode(document).decode("latin-1")):
                    row.leak(f"{name} of the database holds {token}")
    row.show(f"{len(known)} tokens, {len(MISTAKES)} ways, {len(calls())} calls")
    victim.assert_clean_log()
    row.assert_clean()


def look_for(row: Row, tokens: list[str], where: str, text: str) -> None:
    assert text
    for token in found_in(tokens, text):
        at = text.index(token) if token in text else text.index(token.replace("_", "%5F"))
        row.leak(f"{where}: …{text[max(0, at - 200) : at + 60]}…")


def found_in(tokens: list[str], text: str) -> list[str]:
    return [token for token in tokens if token in text or token.replace("_", "%5F") in text]
