"""Keys of the application's servers: what they may, how they change, and what guessing at them comes to."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import assert_problem
from tests.support import contract
from tests.support.client import Answer, Client, unique
from tests.support.command import chatserver
from tests.support.host import by_host, claims_of_host, device, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually

WELCOME = {"title": "Welcome", "message": "hello"}


async def made(client: Client, master: str, *scopes: str, **more: Any) -> Answer:
    answer = await by_host(client, master, "POST", "keys/", {"name": "a key", "scopes": scopes, **more})
    assert answer.status == 201, answer
    return answer


async def notify(client: Client, key: str, receiver_id: int) -> Answer:
    return await by_host(client, key, "POST", "notifications/", {"receiver_id": receiver_id, **WELCOME})


@pytest.mark.gen_test
async def test_a_key_does_what_its_scopes_say_and_nothing_else(shop: Client, master: str) -> None:
    (ann,) = await shop.people("ann")
    key = await made(shop, master, "notifications")
    assert re.fullmatch(rf"ck_{key['id']}_[A-Za-z0-9_-]{{43}}", key["key"])
    assert (await notify(shop, key["key"], ann.id)).status == 201
    told = assert_problem(await by_host(shop, key["key"], "GET", "keys/"), 403, "forbidden")
    assert "scope keys" in told["detail"]
    (listed,) = [k for k in (await by_host(shop, master, "GET", "keys/"))["results"] if k["id"] == key["id"]]
    assert listed["scopes"] == ["notifications"] and listed["last_used_at"] is not None
    assert "key" not in listed and "hash" not in listed


@pytest.mark.gen_test
async def test_a_token_that_the_host_signed_does_the_same_with_its_scope(shop: Client) -> None:
    assert (await by_host(shop, claims_of_host("users:read keys"), "GET", "keys/")).status == 200
    assert_problem(await by_host(shop, claims_of_host("users:read"), "GET", "keys/"), 403, "forbidden")
    for scope in ("keys", "users:write openid"):
        both = await sign_in(shop, signed(sub=unique("sub"), scope=scope))
        assert_problem(both, 401, "token_invalid")
    assert (await sign_in(shop, signed(sub=unique("sub"), scope="openid profile"))).status == 200


@pytest.mark.gen_test
async def test_a_key_signs_nobody_in_and_a_session_is_no_key(shop: Client, master: str) -> None:
    (ann,) = await shop.people("ann")
    assert_problem(await shop.call("GET", "users/me/", token=master), 401, "token_invalid")
    assert_problem(await shop.call("GET", "poll/events/", query={"token": master}), 401, "token_invalid")
    assert_problem(await sign_in(shop, master), 401, "token_invalid")
    assert_problem(await by_host(shop, ann.token, "GET", "keys/"), 401, "token_invalid")
    assert_problem(await shop.call("GET", "host/keys/"), 401, "token_missing")


@pytest.mark.gen_test
async def test_no_key_makes_rotates_or_revokes_one_that_may_do_more(shop: Client, master: str) -> None:
    small = (await made(shop, master, "keys", "notifications"))["key"]
    large = (await made(shop, master, "erase"))["id"]
    for method, path, body in (
        ("POST", "keys/", {"name": "more", "scopes": ["keys", "erase"]}),
        ("POST", f"keys/{large}/rotate/", {}),
        ("DELETE", f"keys/{large}/", None),
    ):
        told = assert_problem(await by_host(shop, small, method, path, body), 403, "forbidden")
        assert "erase" in told["detail"]
    assert (await made(shop, small, "notifications"))["scopes"] == ["notifications"]


@pytest.mark.gen_test
async def test_3_while_a_key_is_rotated_nobody_is_refused_until_the_overlap_is_over(
    shop: Client, master: str
) -> None:
    (ann,) = await shop.people("ann")
    first = await made(shop, master, "notifications")
    stop = asyncio.Event()

    async def go_on() -> set[int]:
        seen = set()
        while not stop.is_set():
            seen.add((await notify(shop, first["key"], ann.id)).status)
        return seen

    calls = [asyncio.create_task(go_on()) for _ in range(4)]
    second = await by_host(shop, master, "POST", f"keys/{first['id']}/rotate/", {"overlap_secs": 600})
    assert second.status == 200 and second["id"] == first["id"]
    for key in (first["key"], second["key"]):
        assert (await notify(shop, key, ann.id)).status == 201
    stop.set()
    assert set().union(*await asyncio.gather(*calls)) == {201}
    begun = time.monotonic()
    third = await by_host(shop, master, "POST", f"keys/{first['id']}/rotate/", {"overlap_secs": 2})
    while (answer := await notify(shop, second["key"], ann.id)).status == 201:
        assert (await notify(shop, third["key"], ann.id)).status == 201
    assert_problem(answer, 401, "token_invalid")
    assert time.monotonic() - begun >= 2
    fourth = await by_host(shop, master, "POST", f"keys/{first['id']}/rotate/", {"overlap_secs": 0})
    assert (await notify(shop, fourth["key"], ann.id)).status == 201
    for former in (first, second, third):
        assert_problem(await notify(shop, former["key"], ann.id), 401, "token_invalid")


@pytest.mark.gen_test
async def test_a_revoked_key_is_worth_nothing(shop: Client, master: str) -> None:
    (ann,) = await shop.people("ann")
    key = await made(shop, master, "notifications")
    assert (await notify(shop, key["key"], ann.id)).status == 201
    assert (await by_host(shop, master, "DELETE", f"keys/{key['id']}/")).status == 200
    assert_problem(await notify(shop, key["key"], ann.id), 401, "token_invalid")
    assert (await by_host(shop, master, "DELETE", f"keys/{key['id']}/")).status == 200, "repeated"
    assert_problem(await by_host(shop, master, "POST", f"keys/{key['id']}/rotate/", {}), 404, "not_found")


@pytest.mark.gen_test
async def test_a_key_of_some_networks_is_good_from_there_alone(shop: Client, master: str) -> None:
    (ann,) = await shop.people("ann")
    here = await made(shop, master, "notifications", networks=["192.0.2.7", "127.0.0.1/8", "127.0.0.0/8"])
    assert here["networks"] == ["192.0.2.7/32", "127.0.0.0/8"]
    assert (await notify(shop, here["key"], ann.id)).status == 201
    elsewhere = await made(shop, master, "notifications", networks=["192.0.2.0/24", "2001:db8::/32"])
    told = assert_problem(await notify(shop, elsewhere["key"], ann.id), 403, "forbidden")
    assert "127.0.0.1" in told["detail"]
    again = await by_host(shop, master, "POST", f"keys/{elsewhere['id']}/rotate/", {"overlap_secs": 0})
    assert again["networks"] == elsewhere["networks"]
    assert_problem(await notify(shop, again["key"], ann.id), 403, "forbidden")


@pytest.mark.gen_test
async def test_what_is_no_key_is_refused_by_name(shop: Client, master: str) -> None:
    good = {"name": "one", "scopes": ["users:read"]}
    for wrong, field in (
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"expires_in_secs": 1}, "expires_in_secs"),
        ({"networks": ["everywhere"]}, "networks"),
        ({"networks": ["10.0.0.0/8"] * 21}, "networks"),
    ):
        answer = await by_host(shop, master, "POST", "keys/", {**good, **wrong})
        told = assert_problem(answer, 400, "validation_error")
        assert [error["field"].partition("[")[0] for error in told["errors"]] == [field]
    for overlap in (-1, 604801):
        answer = await by_host(shop, master, "POST", "keys/1/rotate/", {"overlap_secs": overlap})
        assert_problem(answer, 400, "validation_error", "overlap_secs")


@pytest.fixture
def alone(mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {"CHATSERVER_LOGIN_RATE": "5/5 minutes", "CHATSERVER_RATE_EXEMPT": ""}
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.mark.gen_test
async def test_F7_guessing_at_a_key_is_limited_as_guessing_at_a_password_and_its_owner_never_waits(
    alone: ServerProcess,
) -> None:
    client = Client([alone.base], check=contract.check)
    where = alone.arguments[-2:]

    async def command(*words: str) -> Any:
        return (await asyncio.to_thread(chatserver, "key", *words, *where, "--json")).json

    key = await command("create", "--name", unique("key"), "--scope", "keys")
    try:
        guesses = [f"ck_{key['id']}_{'x' * 42}{n}" for n in range(8)]
        answers = [await by_host(client, guess, "GET", "keys/") for guess in guesses]
        assert [answer.status for answer in answers] == [401] * 5 + [429] * 3
        assert_problem(answers[-1], 429, "rate_limited")
        assert (await by_host(client, key["key"], "GET", "keys/")).status == 200

        rotated = await command("rotate", str(key["id"]), "--overlap", "0")
        assert (await by_host(client, rotated["key"], "GET", "keys/")).status == 200
        listed = await command("list")
        assert key["id"] in [one["id"] for one in listed] and rotated["key"] not in str(listed)
        await command("revoke", str(key["id"]))

        async def refused() -> bool:
            return (await by_host(client, rotated["key"], "GET", "keys/")).status in (401, 429)

        await eventually(refused)
        assert "ck_" not in alone.log()
    finally:
        client.close()


@pytest.mark.gen_test
async def test_a_person_of_the_host_still_signs_in_as_before(shop: Client) -> None:
    assert device(shop, await sign_in(shop, signed(sub=unique("sub")))).id
