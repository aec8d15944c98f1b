"""Passwords, devices and poll tickets: what proves who somebody is, and how it ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.support.client import PASSWORD, Answer, Client, Device, unique
from tests.support.waiting import held, in_time

NEXT = "more staples than batteries"


async def change(device: Device, password: str, new_password: str) -> Answer:
    return await device.post("users/me/password/", {"password": password, "new_password": new_password})


async def ticket_of(device: Device) -> str:
    answer = await device.post("auth/poll-ticket/")
    assert answer.status == 200, answer
    return str(answer["ticket"])


@pytest.mark.gen_test
async def test_a_new_password_ends_all_other_sessions_and_their_polls_at_once(client: Client) -> None:
    (ann,) = await client.people("ann")
    others = [await ann.another() for _ in range(3)]
    polls = [await held(other.poll(wait=45)) for other in others]
    mine = await held(ann.poll(wait=45))
    changed = await change(ann, PASSWORD, NEXT)
    assert (changed.status, changed["sessions_ended"]) == (200, 3), changed
    for poll in await in_time(asyncio.gather(*polls)):
        assert_problem(poll, 401, "token_invalid")
    for other in others:
        assert_problem(await other.get("users/me/"), 401, "token_invalid")
    assert (await ann.get("users/me/")).status == 200
    assert not mine.done()
    mine.cancel()
    assert_problem(await client.login(ann.username), 401, "token_invalid")
    assert (await client.login(ann.username, NEXT)).status == 200


@pytest.mark.gen_test
async def test_a_password_is_changed_only_by_who_knows_it(client: Client) -> None:
    (ann,) = await client.people("ann")
    assert_problem(await change(ann, "not the password", NEXT), 400, "validation_error", "password")
    for bad in ("short", "x" * 257, "Password123", ann.username):
        answer = await change(ann, PASSWORD, bad)
        assert_problem(answer, 400, "validation_error", "new_password")
    assert (await client.login(ann.username)).status == 200


@pytest.mark.gen_test
async def test_guessing_the_present_password_is_limited_like_signing_in(client: Client) -> None:
    (ann,) = await client.people("ann")
    answers = [await change(ann, f"guess number {n}", NEXT) for n in range(11)]
    assert [answer.status for answer in answers] == [400] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


@pytest.mark.parametrize("password", ["password", "PASSWORD123", "qwertyuiop", "12345678", "Iloveyou1"])
@pytest.mark.gen_test
async def test_the_passwords_that_are_tried_first_are_refused(client: Client, password: str) -> None:
    body = {"username": unique("ann"), "password": password}
    answer = await client.call("POST", "auth/register/", json_body=body)
    assert_problem(answer, 400, "validation_error", "password")


@pytest.mark.gen_test
async def test_a_password_is_taken_as_it_is(client: Client) -> None:
    """Blanks, other scripts and great length count; nothing is cut off."""
    for password in ("  twelve spaces  ", "пароль и ещё", "🙂" * 8, "x" * 256):
        name = unique("ann")
        body = {"username": name, "password": password}
        assert (await client.call("POST", "auth/register/", json_body=body)).status == 201
        assert (await client.login(name, password)).status == 200
        assert (await client.login(name, password[:-1])).status == 401


@pytest.mark.gen_test
async def test_a_device_is_called_what_it_says_or_by_its_user_agent(client: Client) -> None:
    (ann,) = await client.people("ann")
    body = {"username": ann.username, "password": PASSWORD, "device": "Ann's\u0007 phone\n\u202e"}
    named = await client.call("POST", "auth/login/", json_body=body)
    assert named["session"]["name"] == "Ann's phone"
    agent = {"User-Agent": "x" * 500}
    answer = await client.call("POST", "auth/login/", json_body={**body, "device": None}, headers=agent)
    assert answer["session"]["name"] == "x" * 200
    for bad in ("", "x" * 101):
        answer = await client.call("POST", "auth/login/", json_body={**body, "device": bad})
        assert_problem(answer, 400, "validation_error", "device")


@pytest.mark.gen_test
async def test_a_ticket_polls_and_disconnects_and_does_nothing_else(client: Client, pair: Pair) -> None:
    ann, bob = pair.ann, pair.bob
    await ann.here()
    answer = await ann.post("auth/poll-ticket/")
    assert set(answer.json) == {"ticket", "expires_at"}
    left = datetime.fromisoformat(answer["expires_at"]) - datetime.now(UTC)
    assert 590 < left.total_seconds() < 601
    ticket = answer["ticket"]
    assert ann.token not in ticket
    poll = await held(
        client.call("GET", "poll/events/", query={"token": ticket, "cursor": ann.cursor, "wait": 45})
    )
    await bob.sent(ann, "by ticket")
    assert [data["message"] for data in (await poll).of("message")] == ["by ticket"]
    gone = await client.call("POST", "poll/disconnect/", query={"token": ticket})
    assert (gone.status, gone["user_id"]) == (200, ann.id)
    calls: list[tuple[str, str, Any]] = [
        ("GET", "users/me/", None),
        ("GET", "snapshot/", None),
        ("POST", "chats/", {"receiver_id": bob.id, "message": "no"}),
        ("POST", "auth/poll-ticket/", None),
        ("POST", "auth/logout/", None),
    ]
    for method, path, body in calls:
        refused = await client.call(method, path, token=ticket, json_body=body)
        assert_problem(refused, 401, "token_invalid")
        refused = await client.call(method, path, query={"token": ticket}, json_body=body)
        assert_problem(refused, 401, "token_missing")


@pytest.mark.gen_test
async def test_a_ticket_ends_with_its_session_and_so_does_its_poll(client: Client) -> None:
    (ann,) = await client.people("ann")
    other = await ann.another()
    ticket, mine = await ticket_of(other), await ticket_of(ann)
    poll = await held(client.call("GET", "poll/events/", query={"token": ticket, "wait": 45}))
    assert (await other.logout()).status == 200
    assert_problem(await in_time(poll), 401, "token_invalid")
    again = await client.call("GET", "poll/events/", query={"token": ticket, "wait": 0})
    assert_problem(again, 401, "token_invalid")
    assert (await client.call("GET", "poll/events/", query={"token": mine, "wait": 0})).status == 200


@pytest.mark.gen_test
async def test_a_made_up_ticket_is_worth_nothing(client: Client) -> None:
    for made_up in ("chp_", "chp_" + "a" * 43, "chp_🙂"):
        answer = await client.call("GET", "poll/events/", query={"token": made_up})
        assert_problem(answer, 401, "token_invalid")
