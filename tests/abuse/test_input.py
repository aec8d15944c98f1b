"""F1 (short), F2, F3, F4: whatever a field is given, it is refused or given back unchanged, and never a fault of ours."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.abuse.bench.calls import JSON, Call, Scene, calls, scene, strictly, with_raw
from tests.abuse.bench.ledger import Row
from tests.abuse.bench.others import percentile
from tests.abuse.bench.size import SLACK_SECS, sized
from tests.abuse.bench.values import BODIES, INJECTIONS, OPERATORS, POISON, QUERY_TEXTS, TEXTS, WRONG, spoofs
from tests.abuse.bench.victim import Victim
from tests.support.client import Answer, Client

TOGETHER = 16


@dataclass(frozen=True)
class Case:
    call: Call
    what: str
    body: str | bytes | None = None
    raw_query: str = ""
    path: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    refused: bool = False  # nothing but a 4xx will do


async def make(place: Scene, case: Case) -> Answer:
    call = case.call
    given = [
        f"{name}={value}" for name, value in place.query(call).items() if f"{name}=" not in case.raw_query
    ]
    query = "&".join(filter(None, [*given, case.raw_query]))
    body = case.body
    if body is None and call.example is not None:
        body = json.dumps(place.body(call))
    headers = (JSON if body is not None else {}) | case.headers
    path = place.path(call, **case.path) + (f"?{query}" if query else "")
    return await place.client.call(call.method, path, token=place.token(call), body=body, headers=headers)


async def try_all(place: Scene, row: Row, cases: list[Case]) -> None:
    """Each answer is held against the OpenAPI document by the client."""

    async def one(case: Case) -> None:
        what = f"{case.call} {case.what}"[:300]
        try:
            answer = await make(place, case)
        except AssertionError as error:
            row.saw(400)
            row.violation(f"{what}: {error}")
            return
        row.saw(answer.status, f"{what}: {answer}", retry_after="Retry-After" in answer.headers)
        if case.refused and not 400 <= answer.status < 500:
            row.violation(f"{what} was accepted: {answer}")
        if answer.headers["Content-Type"].split(";")[0].endswith("json") and answer.body:
            try:
                strictly(answer.body)
            except ValueError as error:
                row.violation(f"{what}: {error}")

    for start in range(0, len(cases), TOGETHER):
        await asyncio.gather(*(one(case) for case in cases[start : start + TOGETHER]))


async def assert_still_whole(place: Scene, row: Row) -> None:
    """What is stored comes back as JSON that any parser takes, and the two can still talk."""
    for device in (place.ann, place.bob):
        for path in ("snapshot/", f"chats/conversation/{place.ids['user_id']}/?limit=200", "users/me/"):
            answer = await device.get(path)
            assert answer.status in (200, 404), answer
            strictly(answer.body)
    await place.bob.here()
    await place.ann.sent(place.bob, "still here")
    assert (await place.bob.until(1))[0]["message"] == "still here"
    place.victim.assert_clean_log()
    row.assert_clean()


def sample(cases: list[Case], count: int, seed: int = 5) -> list[Case]:
    return cases if count >= len(cases) else random.Random(seed).sample(cases, count)


def torture(place: Scene) -> Iterator[Case]:
    for call in calls():
        good = place.body(call)
        if good is not None:
            for name in (*call.fields, "nobody_asked"):
                for raw in POISON:
                    yield Case(call, f"{name}={raw[:60]}", with_raw(good, name, raw), refused=True)
                for raw in WRONG:
                    yield Case(call, f"{name}={raw[:60]}", with_raw(good, name, raw))
            key = r"\ud800"
            yield Case(call, "a half surrogate as a name", f'{{"{key}": 1}}', refused=True)
        for body in BODIES:
            if call.method != "GET":
                yield Case(call, f"body {body[:40]!r}", body)
        yield from texts(call, QUERY_TEXTS)


def texts(call: Call, values: list[str]) -> Iterator[Case]:
    for name in (*call.query, "nobody_asked"):
        for text in values:
            yield Case(call, f"?{name}={text[:60]}", raw_query=f"{name}={text}")
    for name in call.places:
        for text in values:
            yield Case(call, f"{name}={text[:60]} in the path", path={name: text})
    for name in call.headers:
        for text in TEXTS:
            if text.isprintable() and text.isascii():
                yield Case(call, f"{name}: {text[:60]}", headers={name: text})


@pytest.mark.gen_test(timeout=600)
async def test_F1_answers_are_as_documented_whatever_is_combined(
    victim: Victim, client: Client, row: Row
) -> None:
    """Random mixtures of good, wrong, missing and unknown fields; `make abuse` adds what Schemathesis thinks of."""
    place = await scene(client, victim)
    chance = random.Random(11)
    bodies = [*WRONG, *INJECTIONS, *POISON[:12]]
    cases = []
    for _ in range(sized(300, 3000)):
        call = chance.choice(calls())
        query = "&".join(
            f"{name}={chance.choice(QUERY_TEXTS)}" for name in call.query if chance.random() < 0.4
        )
        body = None
        if call.example is not None:
            good = {key: json.dumps(value) for key, value in (place.body(call) or {}).items()}
            for name in chance.sample(call.fields, chance.randrange(len(call.fields) + 1)):
                good[name] = chance.choice(bodies)
            for name in [name for name in good if chance.random() < 0.1]:
                del good[name]
            body = "{" + ", ".join(f'"{name}": {raw}' for name, raw in good.items()) + "}"
        cases.append(Case(call, f"{query} {body}", body, query))
    await try_all(place, row, cases)
    await assert_still_whole(place, row)


@pytest.mark.gen_test(timeout=600)
async def test_F2_what_breaks_parsers_breaks_nothing_here(victim: Victim, client: Client, row: Row) -> None:
    place = await scene(client, victim)
    cases = list(torture(place))
    assert len(cases) >= 2000
    await try_all(place, row, sample(cases, sized(400, len(cases))))
    row.show(f"{len(cases):,} cases generated")
    await assert_still_whole(place, row)


@pytest.mark.gen_test(timeout=300)
async def test_F3_text_comes_back_as_it_was_sent_and_names_cannot_pretend(
    victim: Victim, client: Client, row: Row
) -> None:
    place = await scene(client, victim)
    await place.bob.here()
    texts = random.Random(3).sample(spoofs(), sized(60, len(spoofs())))
    for start in range(0, len(texts), 50):  # as many as a ring surely holds
        sent = []
        for text in texts[start : start + 50]:
            answer = await place.ann.send(place.bob, text)
            row.saw(answer.status, ascii(text[:40]))
            if answer.status not in (201, 400):
                row.violation(f"{text[:40]!a}: {answer}")
            if answer.status == 201:
                sent.append(text)
        got = [data["message"] for data in await place.bob.until(len(sent), within=60)]
        for text, back in zip(sent, got, strict=True):
            if text != back:
                row.violation(f"{text[:40]!a} came back as {back[:40]!a}")
    for text in texts:
        shown = text[:60]
        for call in (
            place.ann.client.call(
                "PATCH", "users/me/", token=place.ann.token, json_body={"full_name": shown}
            ),
            place.ann.client.register(shown[:30]),
        ):
            answer = await call
            row.saw(answer.status, ascii(shown))
            kept = answer["user"]["full_name"] + answer["user"]["username"] if answer.status < 300 else ""
            if any(sign in kept for sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"):
                row.violation(f"a name turns the text around it: {kept!a}")
            if answer.status == 201 and not answer["user"]["username"].isascii():
                row.violation(f"a username of other letters: {kept!a}")
    word = await place.ann.send(place.bob, "x" * 65_536)
    assert word.status in (400, 413), word
    row.assert_clean()


@pytest.mark.gen_test(timeout=600)
async def test_F4_no_operator_reaches_the_database_and_searches_stay_quick(
    victim: Victim, client: Client, row: Row
) -> None:
    place = await scene(client, victim)
    cases = []
    for call in calls():
        good = place.body(call)
        for name in call.fields if good is not None else ():
            # `data` is the integrator's own, kept as it is; of a policy, names that it does not know are ignored.
            is_refused = name not in ("data", "policy")
            cases += [
                Case(call, f"{name}={raw[:60]}", with_raw(good or {}, name, raw), refused=is_refused)
                for raw in INJECTIONS
            ]
        for operator in OPERATORS:
            cases += [
                Case(call, f"?{name}[{operator}]=", raw_query=f"{name}[{operator}]=1") for name in call.query
            ]
            cases += [
                Case(call, f"{name}={operator} in the path", path={name: operator}, refused=True)
                for name in call.places
            ]  # fmt: skip
    await try_all(place, row, sample(cases, sized(300, len(cases))))
    row.show(f"{len(cases):,} injections generated")

    # Some of these would match everybody if they were taken for an expression.
    with_search = [call for call in calls() if "search" in call.query or "q" in call.query]
    took = []
    for call in with_search:
        name = "search" if "search" in call.query else "q"
        for text in QUERY_TEXTS:
            answer = await make(place, Case(call, text, raw_query=f"{name}={text}"))
            row.saw(answer.status, f"{call} {text[:60]}")
            took.append(answer.took)
    p99 = percentile(took, 0.99)
    row.show(f"{len(took)} searches, p99 {p99 * 1000:.0f} ms")
    assert with_search and p99 <= 0.5 + SLACK_SECS
    await assert_still_whole(place, row)
