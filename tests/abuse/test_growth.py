"""F14, F15: a request costs what its bytes are worth and no more, in time and in memory, whatever they say."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

from tests.abuse.bench.calls import JSON
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import Victim
from tests.support.client import API, PASSWORD, Answer, Client

TIMES = 4  # requests of a kind, so that the clock of a process sees them
MOST_TIMES = 8  # what one may cost more than a harmless one of the same length
SLACK_SECS = 0.2  # of the processor, in which a server does other things as well
MEGABYTE = 1 << 20
HEADER_CHARS = 11_500
BODY_CHARS = 60_000
PAIRS = 7_000


@dataclass(frozen=True)
class Attack:
    """A request with a text that costs, and the same with one that does not."""

    path: str
    hostile: str
    harmless: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    signed_in: bool = False


def register(**more: object) -> str:
    return json.dumps({"username": "a", "password": PASSWORD, **more}, ensure_ascii=False)


def filled(part: str, chars: int) -> str:
    return part * (chars // len(part))


def named(name: str) -> str:
    return register(**{name: 1})


FORM = {"Content-Type": "multipart/form-data; boundary=X"}
PART = '--X\r\nContent-Disposition: form-data; name="a{}"\r\n\r\na\r\n--X--\r\n'
ATTACKS = {
    "a parameter nobody knows": Attack("poll/test/?", filled("://:", HEADER_CHARS), "a" * HEADER_CHARS),
    "a field nobody knows": Attack(
        "auth/register/", named(filled("://:", BODY_CHARS)), named("a" * BODY_CHARS), "POST", JSON
    ),
    "a name given twice": Attack(
        "auth/register/",
        "{" + ",".join(f'"{n:x}":1' for n in range(PAIRS)) + ',"z":1,"z":1}',
        "{" + ",".join(f'"{n:x}":1' for n in range(PAIRS)) + ',"y":1,"z":1}',
        "POST",
        JSON,
    ),
    "marks in a name": Attack(
        "auth/register/",
        register(username="ann", full_name="a" + filled("\u0315\u0300", BODY_CHARS // 2)),
        register(username="ann", full_name="a" * BODY_CHARS),
        "POST",
        JSON,
    ),
    "marks in a message": Attack(
        "chats/", filled("\u0f73", 4000), filled("a", 4000), "POST", JSON, signed_in=True
    ),
    "a form's header": Attack("chats/", PART.format('"' + ";" * 4000), PART.format("b" * 4000), "POST", FORM, True),
    "a form's edges": Attack(
        "chats/", PART.format("") + filled("\r\n--", BODY_CHARS), PART.format("") + "a" * BODY_CHARS, "POST", FORM, True
    ),
}  # fmt: skip


async def make(client: Client, attack: Attack, text: str, token: str | None, to: int) -> Answer:
    path, body = attack.path, None
    if attack.method == "GET":
        path += quote(text, safe=":/")
    elif attack.signed_in and attack.headers == JSON:
        body = json.dumps({"receiver_id": to, "message": text}, ensure_ascii=False)
    else:
        body = text
    return await client.call(attack.method, path, token=token, body=body, headers=attack.headers)


@pytest.mark.gen_test(timeout=300)
@pytest.mark.parametrize("name", ATTACKS)
async def test_F14_no_request_costs_more_than_its_bytes(
    victim: Victim, client: Client, row: Row, name: str
) -> None:
    attack, client.check = ATTACKS[name], None
    ann, bob = await client.people("ann", "bob")
    token = ann.token if attack.signed_in else None

    async def cost(text: str) -> float:
        before = victim.vitals().cpu_secs
        for _ in range(TIMES):
            answer = await make(client, attack, text, token, bob.id)
            row.saw(answer.status, f"{name}: {answer}")
        return victim.vitals().cpu_secs - before

    harmless = await cost(attack.harmless)
    hostile = await cost(attack.hostile)

    row.show(f"{name}: {hostile:.2f} s of the processor, and {harmless:.2f} s for what is harmless")
    if hostile > harmless * MOST_TIMES + SLACK_SECS:
        row.violation(f"{name} costs {hostile:.2f} s, where {harmless:.2f} s would do")
    row.assert_clean()


@pytest.mark.gen_test(timeout=600)
async def test_F15_one_file_under_endless_names_is_kept_once(
    victim: Victim, client: Client, row: Row
) -> None:
    client.check = None
    page = await client.call("GET", "/")
    version = re.search(rb"/static/(v-[0-9a-f]+)/", page.body)
    assert version is not None

    async def ask(number: int) -> None:
        steps = f"{number:b}".replace("0", "./").replace("1", "js/../")
        path = f"/static/{version[1].decode()}/{steps}js/i18n/ar.js"
        answer = await client.call("GET", path, headers={"Accept-Encoding": "gzip"})
        row.saw(answer.status, path)
        if answer.status != 200 or answer.headers.get("Content-Encoding") != "gzip":
            row.violation(f"{path} was answered {answer.status} {answer.headers.get('Content-Encoding')}")

    async def ask_all(numbers: range) -> None:
        for start in range(numbers.start, numbers.stop, 50):
            await asyncio.gather(*(ask(number) for number in numbers[start - numbers.start :][:50]))

    await ask_all(range(1, 500))
    before = victim.vitals().rss_bytes
    count = sized(6_000, 20_000)
    await ask_all(range(500, 500 + count))
    grown = victim.vitals().rss_bytes - before

    row.show(f"{count:,} spellings of one file: {grown / MEGABYTE:.1f} MB")
    if grown > 8 * MEGABYTE:
        row.leak(f"{grown / MEGABYTE:.1f} MB for {count:,} spellings of one file")
    row.assert_clean()


@pytest.mark.parametrize(
    "path", ["/static/x", "/static/js/main.js", "/sw.js", "/nowhere", "/", API + "nowhere/"]
)
def test_F15_what_nobody_wants_is_not_kept(victim: Victim, row: Row, path: str) -> None:
    before = victim.vitals().rss_bytes
    highest = before
    with socket.create_connection(("127.0.0.1", victim.port), timeout=20) as connection, suppress(OSError):
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        connection.sendall(f"{head}Content-Length: {1 << 30}\r\n\r\n".encode())
        for _ in range(96):
            connection.sendall(b"a=b&" * (MEGABYTE // 4))
            highest = max(highest, victim.vitals().rss_bytes)

    row.saw(0)
    row.show(f"{path}: {(highest - before) / MEGABYTE:.1f} MB while 96 MB were sent")
    if highest - before > 24 * MEGABYTE:
        row.leak(f"{path} keeps {(highest - before) / MEGABYTE:.1f} MB of what nobody asked for")
    row.assert_clean()
