"""One token is enough: a JWT that the host signed is taken on every call, without a sign-in before it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import ORIGIN, assert_problem
from tests.api.test_host import REFUSED
from tests.support import contract
from tests.support.client import Answer, Client, Device, unique
from tests.support.command import chatserver
from tests.support.host import SECRET, sign_in, signed
from tests.support.mongo import MongoNode
from tests.support.server import ServerProcess
from tests.support.waiting import eventually, together


async def bearer(client: Client, token: str, path: str = "users/me/", **more: Any) -> Answer:
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return await client.call(more.pop("method", "GET"), path, headers=headers, **more)


async def somebody(client: Client, **claims: Any) -> Device:
    token = signed(**{"sub": unique("sub"), "name": "Somebody", **claims})
    answer = await bearer(client, token)
    assert answer.status == 200, answer
    return Device(client, token, answer["user"], None)


@pytest.mark.gen_test
async def test_people_of_the_host_talk_with_nothing_but_its_token(shop: Client) -> None:
    ann, bob = await somebody(shop, name="Ann Arden"), await somebody(shop)
    assert ann.user["full_name"] == "Ann Arden"
    held = bob.poll()  # without a cursor, and nothing before it: its place is kept for it
    sent = await ann.sent(bob, "hello")
    got = (await held).of("message") or (await bob.poll()).of("message")
    assert [(m["id"], m["sender"], m["sender_name"]) for m in got] == [(sent["id"], ann.id, "Ann Arden")]
    assert (await bob.poll(wait=0)).of("message") == [], "given once"
    by_query = await shop.call("GET", "poll/events/", query={"token": bob.token, "wait": 0})
    assert by_query.status == 200, by_query
    assert (await ann.poll(wait=0)).of("message") == [], "who sent it knows it"
    assert (await bob.mark_read(sender_id=ann.id))["marked_count"] == 1
    same = await sign_in(shop, signed(sub=_sub(ann.token)))
    assert same["user"]["id"] == ann.id, "the account that signing in finds"


def _sub(token: str) -> str:
    import jwt

    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


@pytest.mark.gen_test
async def test_a_session_belongs_to_a_sub_and_jti_or_else_to_the_token(shop: Client) -> None:
    sub, jti = unique("sub"), unique("jti")

    async def session(token: str) -> int:
        answer = await bearer(shop, token, "auth/sessions/")
        (current,) = [one["id"] for one in answer["sessions"] if one["current"]]
        return int(current)

    now = int(time.time())
    first = await session(signed(sub=sub, jti=jti))
    assert await session(signed(sub=sub, jti=jti, exp=now + 900)) == first
    others = [
        await session(signed(sub=sub, jti=unique("jti"))),
        await session(signed(sub=sub)),
        await session(signed(sub=sub, exp=now + 901)),
        await session(signed(sub=unique("sub"), jti=jti)),
    ]
    assert len({first, *others}) == 5


@pytest.mark.gen_test
async def test_many_first_calls_at_once_are_one_session(shop: Client) -> None:
    token = signed(sub=unique("sub"))
    answers = await together(*(bearer(shop, token, "auth/sessions/") for _ in range(12)))
    assert {answer.status for answer in answers} == {200}, answers
    assert len({one["id"] for answer in answers for one in answer["sessions"]}) == 1


@pytest.mark.gen_test
@pytest.mark.parametrize("why", [why for why in REFUSED if why not in ("nothing", "beyond ASCII")])
async def test_a_token_that_signs_nobody_in_is_worth_nothing_as_a_bearer(shop: Client, why: str) -> None:
    assert_problem(await bearer(shop, REFUSED[why]), 401, "token_invalid")
    poll = await bearer(shop, REFUSED[why], "poll/events/?wait=0")
    assert_problem(poll, 401, "token_invalid")


@pytest.mark.gen_test
async def test_a_token_with_a_scope_of_the_host_signs_nobody_in(shop: Client, client: Client) -> None:
    answer = await bearer(shop, signed(sub=unique("sub"), scope="notifications"))
    assert_problem(answer, 401, "token_invalid")
    assert_problem(await bearer(client, signed(sub=unique("sub"))), 401, "token_invalid")


@pytest.mark.gen_test
async def test_a_name_that_cannot_be_shown_keeps_nobody_out(shop: Client) -> None:
    for name in ("\u202e", "x" * 150):
        assert (await bearer(shop, signed(sub=unique("sub"), name=name))).status == 200


@pytest.mark.gen_test
async def test_a_token_is_good_until_it_ends(shop: Client) -> None:
    ends = int(time.time()) - 30 + 3  # with the leeway for two clocks
    token = signed(sub=unique("sub"), exp=ends)
    assert (await bearer(shop, token)).status == 200

    async def is_over() -> bool:
        answer = await bearer(shop, token)
        return answer.status == 401 and time.time() >= ends + 30

    await eventually(is_over)


@pytest.mark.gen_test
async def test_a_session_that_was_ended_does_not_begin_again_with_the_same_token(shop: Client) -> None:
    sub = unique("sub")
    one, other = signed(sub=sub, jti="1"), signed(sub=sub, jti="2")
    ann = (await bearer(shop, one))["user"]
    assert (await bearer(shop, other)).status == 200
    sessions = (await bearer(shop, one, "auth/sessions/"))["sessions"]
    (elsewhere,) = [each["id"] for each in sessions if not each["current"]]
    ended = await bearer(shop, one, f"auth/sessions/{elsewhere}/", method="DELETE")
    assert ended.status == 200, ended
    held = await bearer(shop, other, "poll/events/?wait=20")
    assert_problem(held, 401, "token_invalid")
    for _ in range(2):
        assert_problem(await bearer(shop, other), 401, "token_invalid")
    again = await bearer(shop, signed(sub=sub, jti="3"))
    assert again["user"]["id"] == ann["id"], "another token begins another one"
    assert len((await bearer(shop, one, "auth/sessions/"))["sessions"]) == 2
    assert (await bearer(shop, one, "auth/logout/", method="POST")).status == 200
    assert_problem(await bearer(shop, one), 401, "token_invalid")


@pytest.mark.gen_test
async def test_a_poll_ticket_of_such_a_session_polls(shop: Client) -> None:
    ann = await somebody(shop)
    ticket = (await ann.post("auth/poll-ticket/"))["ticket"]
    assert (await shop.call("GET", "poll/events/", query={"token": ticket, "wait": 0})).status == 200


@pytest.mark.gen_test
async def test_pages_of_other_origins_use_it_with_headers_of_their_own(shop: Client) -> None:
    token = signed(sub=unique("sub"))
    answer = await bearer(shop, token, headers={"Origin": ORIGIN, "X-Tenant-Id": "7"})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert (await shop.call("GET", "server/"))["sign_in"]["host_tokens"] is True


@pytest.fixture(scope="module")
def limited(mongo: MongoNode) -> Iterator[ServerProcess]:
    env = {
        "CHATSERVER_MONGODB_DATABASE": unique("vouched"),
        "CHATSERVER_HOST_SECRET": SECRET,
        "CHATSERVER_HOST_RATE": "3/minute",
    }
    made = ServerProcess(mongodb_uri=mongo.uri, env=env).start()
    yield made
    made.stop()
    made.forget()


@pytest.mark.gen_test
async def test_new_sessions_count_as_sign_ins_and_calls_do_not(limited: ServerProcess, io_loop: Any) -> None:
    client = Client([limited.base], check=contract.check)
    sub = unique("sub")
    tokens = [signed(sub=sub, jti=str(n)) for n in range(4)]
    for token in tokens[:3]:
        for _ in range(3):
            assert (await bearer(client, token)).status == 200
    assert_problem(await bearer(client, tokens[3]), 429, "rate_limited")
    assert (await bearer(client, tokens[0])).status == 200
    client.close()


@pytest.mark.gen_test
async def test_an_account_that_is_switched_off_takes_its_tokens_along(
    limited: ServerProcess, mongo: MongoNode, io_loop: Any
) -> None:
    client = Client([limited.base], check=contract.check)
    token = signed(sub=unique("sub"))
    username = (await bearer(client, token))["user"]["username"]
    database = limited.env["CHATSERVER_MONGODB_DATABASE"]
    where = ("--mongodb-uri", mongo.uri, "--mongodb-database", database)
    assert chatserver("user", "disable", username, *where).code == 0

    async def is_over() -> bool:
        return (await bearer(client, token)).status == 401

    await eventually(is_over)
    assert chatserver("user", "enable", username, *where).code == 0
    assert_problem(await bearer(client, token), 401, "token_invalid")
    assert (await bearer(client, signed(sub=_sub(token)))).status == 200, "a token signed since"
    client.close()
