"""What the server of the application around the chat tells its users."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from tests.api.conftest import assert_problem
from tests.support.client import Answer, Client, unique
from tests.support.host import SECRET, device, sign_in, signed
from tests.support.waiting import together

CONTENT = {"title": "Order 7", "message": "is on its way", "notification_type": "order"}


def host_token(**claims: Any) -> str:
    given = {"aud": "chatserver", "exp": int(time.time()) + 60, "scope": "notifications", **claims}
    return jwt.encode({k: v for k, v in given.items() if v is not None}, SECRET, algorithm="HS256")


async def notify(client: Client, token: str | None = None, **body: Any) -> Answer:
    headers = {"Authorization": f"Bearer {token or host_token()}"}
    return await client.call("POST", "host/notifications/", json_body=body, headers=headers)


@pytest.mark.gen_test
async def test_a_notification_reaches_every_device_by_id_or_by_the_hosts_own_id(shop: Client) -> None:
    sub = unique("sub")
    ann = await device(shop, await sign_in(shop, signed(sub=sub))).here()
    original = device(shop, await sign_in(shop, signed(sub=sub)))
    by_sub = await notify(shop, receiver_sub=sub, **CONTENT)
    by_id = await notify(shop, receiver_id=ann.id, title="Plain", message="x")
    for answer in (by_sub, by_id):
        assert answer.status == 201, answer
        assert answer["receiver_id"] == ann.id
    told = await ann.until(2, "notification")
    assert [{name: n[name] for name in CONTENT} for n in told] == [
        CONTENT,
        {"title": "Plain", "message": "x", "notification_type": "info"},
    ]
    assert [n["id"] for n in told] == [by_sub["id"], by_id["id"]]
    assert [n["id"] for n in (await original.poll()).of("notification")] == [by_sub["id"], by_id["id"]]


@pytest.mark.gen_test
async def test_a_repeat_by_client_id_is_told_once(shop: Client) -> None:
    (ann,) = await shop.people("ann")
    await ann.here()
    key = unique("key")
    answers = await together(*(notify(shop, receiver_id=ann.id, client_id=key, **CONTENT) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201], answers
    assert len({answer["id"] for answer in answers}) == 1
    assert all(a.headers.get("Idempotency-Replayed") == "true" for a in answers if a.status == 200)
    other = await notify(shop, receiver_id=ann.id, client_id=key, **{**CONTENT, "title": "Order 8"})
    assert_problem(other, 422, "idempotency_conflict")
    assert [n["title"] for n in (await ann.next(wait=1)).of("notification")] == ["Order 7"]
    assert (await ann.next(wait=0.2)).of("notification") == []


@pytest.mark.gen_test
async def test_only_the_host_with_the_scope_may(shop: Client, client: Client) -> None:
    (ann,) = await shop.people("ann")
    body = {"receiver_id": ann.id, **CONTENT}
    assert_problem(await shop.call("POST", "host/notifications/", json_body=body), 401, "token_missing")
    for token in (ann.token, host_token(exp=1), host_token(aud="another")):
        assert_problem(await notify(shop, token, **body), 401, "token_invalid")
    for scope in (None, "", "notification", "notificationsx read"):
        assert_problem(await notify(shop, host_token(scope=scope), **body), 403, "forbidden")
    assert (await notify(shop, host_token(scope="read notifications"), **body)).status == 201
    assert_problem(await notify(client, **body), 403, "forbidden")


@pytest.mark.gen_test
async def test_what_cannot_be_told_is_refused_by_name(shop: Client) -> None:
    (ann,) = await shop.people("ann")
    both = {"receiver_id": ann.id, "receiver_sub": "42"}
    problems = [
        (CONTENT, ("receiver_id", "receiver_sub")),
        ({**CONTENT, **both}, ("receiver_id", "receiver_sub")),
        ({**CONTENT, "receiver_id": ann.id, "title": " "}, ("title",)),
        ({**CONTENT, "receiver_id": ann.id, "title": "x" * 201}, ("title",)),
        ({**CONTENT, "receiver_id": ann.id, "message": ""}, ("message",)),
        ({**CONTENT, "receiver_id": ann.id, "message": {"$gt": ""}}, ("message",)),
        ({**CONTENT, "receiver_id": ann.id, "client_id": "x" * 65}, ("client_id",)),
        ({**CONTENT, "receiver_sub": {"$ne": 1}}, ("receiver_sub",)),
        ({"receiver_id": ann.id, "message": "x"}, ("title",)),
    ]
    for body, fields in problems:
        assert_problem(await notify(shop, **body), 400, "validation_error", *fields)
    for nobody in ({"receiver_id": 2**40}, {"receiver_sub": "nobody"}):
        assert_problem(await notify(shop, **nobody, **CONTENT), 404, "not_found")
