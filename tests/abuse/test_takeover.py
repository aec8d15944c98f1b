"""F8 with a thief who knows the password and is on the way in while the owner locks them out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.abuse.bench.ledger import Row
from tests.abuse.bench.size import sized
from tests.abuse.bench.victim import HOST_SECRET, Victim
from tests.support.client import PASSWORD, Answer, Client, Device, unique
from tests.support.command import chatserver
from tests.support.host import by_host, claims_of_host, device, sign_in, signed
from tests.support.waiting import eventually

AT_ONCE = 4
TRUST_SECS = 10.0  # another process ended the sessions: a server may trust what it knows for five seconds

SignIn = Callable[[], Awaitable[Answer]]


async def break_in(sign_in: SignIn, shut_out: Awaitable[Any]) -> list[str]:
    """Every token that a thief got who went on signing in until `shut_out` was over, and a moment longer."""
    tokens: list[str] = []
    over = asyncio.Event()

    async def thief() -> None:
        while not over.is_set():
            answer = await sign_in()
            if answer.status == 200:
                tokens.append(answer["token"])

    thieves = [asyncio.create_task(thief()) for _ in range(AT_ONCE)]
    await eventually(lambda: tokens)
    await shut_out
    over.set()
    await asyncio.gather(*thieves)
    return tokens


async def assert_worthless(
    client: Client, tokens: list[str], to: Device, row: Row, within: float = 0.0
) -> None:
    """None of them reads, and none of them writes."""
    for token in tokens:

        async def refused(token: str = token) -> bool:
            return (await client.call("GET", "users/me/", token=token)).status == 401

        if within:
            await eventually(refused, within)
        body = {"receiver_id": to.id, "message": "it is me, send money"}
        for method, path, content in (
            ("GET", "users/me/", None),
            ("POST", "auth/poll-ticket/", None),
            ("POST", "chats/", body),
        ):
            answer = await client.call(method, path, token=token, json_body=content)
            row.saw(answer.status, f"{method} {path} of a thief who was shut out")
            if answer.status != 401:
                row.leak(f"a session that began before is worth something: {path} {answer}")


@pytest.mark.gen_test(timeout=300)
async def test_F8_no_sign_in_with_the_old_password_outlives_the_new_one(
    victim: Victim, client: Client, row: Row
) -> None:
    (bob,) = await client.people("bob")
    got = 0
    for _ in range(sized(12, 50)):
        (ann,) = await client.people("ann")
        new = {"password": PASSWORD, "new_password": unique("another one ")}
        change = ann.post("users/me/password/", new)
        tokens = await break_in(lambda ann=ann: client.login(ann.username), change)  # type: ignore[misc]
        got += len(tokens)
        await assert_worthless(client, tokens, bob, row)
        assert (await ann.get("users/me/")).status == 200, "who made the change stays"
        assert [one["id"] for one in (await ann.get("auth/sessions/"))["sessions"]] == [ann.session["id"]]
    row.show(f"{got} sign-ins by a thief around {sized(12, 50)} new passwords")
    row.assert_clean()


@pytest.mark.gen_test(timeout=300)
async def test_F8_no_sign_in_outlives_the_account(victim: Victim, client: Client, row: Row) -> None:
    (bob,) = await client.people("bob")
    got = 0
    for _ in range(sized(4, 30)):
        (ann,) = await client.people("ann")
        leaving = client.call("DELETE", "users/me/", token=ann.token, json_body={"password": PASSWORD})
        tokens = await break_in(lambda ann=ann: client.login(ann.username), leaving)  # type: ignore[misc]
        got += len(tokens)
        await assert_worthless(client, [*tokens, ann.token], bob, row)
    row.show(f"{got} sign-ins by a thief around {sized(4, 30)} deleted accounts")
    row.assert_clean()


@pytest.mark.parametrize("way", ["password", "host"])
@pytest.mark.gen_test(timeout=300)
async def test_F8_no_sign_in_outlives_being_switched_off(
    victim: Victim, client: Client, row: Row, way: str
) -> None:
    """By a command, in a process of its own, that no bell of ours reaches."""
    (bob,) = await client.people("bob")
    env = {"CHATSERVER_MONGODB_URI": victim.mongodb_uri, "CHATSERVER_MONGODB_DATABASE": victim.database}
    got = 0
    for _ in range(sized(3, 10)):
        if way == "host":
            token = signed(HOST_SECRET, sub=unique("sub"))

            async def sign_in(token: str = token) -> Answer:
                return await client.call("POST", "auth/host/", json_body={"token": token})

            ann = device(client, await sign_in())
        else:
            (ann,) = await client.people("ann")

            async def sign_in(ann: Device = ann) -> Answer:  # type: ignore[misc]
                return await client.login(ann.username)

        disable = asyncio.to_thread(chatserver, "user", "disable", ann.username, "--json", env=env)
        tokens = await break_in(sign_in, disable)
        got += len(tokens)
        await assert_worthless(client, tokens[-2 * AT_ONCE :], bob, row, TRUST_SECS)
        assert (await sign_in()).status in (401, 403)
    row.show(f"{got} sign-ins around {sized(3, 10)} accounts that were switched off")
    row.assert_clean()


@pytest.mark.parametrize("end", ["logout", "host", "erase"])
@pytest.mark.parametrize("first", ["used", "exchanged"])
@pytest.mark.gen_test
async def test_F8_a_token_of_the_host_whose_session_was_ended_gets_no_other(
    victim: Victim, client: Client, row: Row, first: str, end: str
) -> None:
    sub = unique("sub")
    token = signed(HOST_SECRET, sub=sub)
    key = claims_of_host("users:write erase", secret=HOST_SECRET)
    begun = token if first == "used" else (await sign_in(client, token))["token"]
    assert (await client.call("GET", "users/me/", token=begun)).status == 200

    if end == "logout":
        ended = await client.call("POST", "auth/logout/", token=begun)
    elif end == "host":
        ended = await by_host(client, key, "DELETE", f"users/{sub}/sessions/")
    else:
        ended = await by_host(client, key, "DELETE", f"users/{sub}/?messages=erase")
    assert ended.status in (200, 202), ended

    for way, answer in (
        ("used", await client.call("GET", "users/me/", token=token)),
        ("exchanged", await sign_in(client, token)),
    ):
        row.saw(answer.status, f"{way} after {end}")
        if answer.status != 401:
            row.violation(f"a token whose session was ended by {end} was {way} again: {answer}")
    fresh = await sign_in(client, signed(HOST_SECRET, sub=sub, jti=unique("jti")))
    assert fresh.status == 200, "another token is as good as ever"
    row.assert_clean()
