"""People, what they sign in with, and what they may still use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chatserver.cursor import Cursor, KeptPlace, PlaceClaim, PlaceMove
from chatserver.model import Session, User
from chatserver.storage import Storage
from tests.contracts.stores.conftest import NOW, new
from tests.support.client import unique
from tests.support.waiting import together

START = Cursor("e", 0)


async def person(stores: Storage, sub: str | None = None) -> User:
    user = User(await new(stores, "user"), unique("u"), "Somebody", None, sub)
    assert await stores.users.create(user, "a hash", NOW)
    return user


async def session(stores: Storage, user_id: int, **more: Any) -> tuple[Session, bytes]:
    made, key = Session(await new(stores, "session"), user_id, "here", NOW, NOW), unique("t").encode()
    assert await stores.sessions.create(made, key, START, **more)
    return made, key


@pytest.mark.gen_test
async def test_of_all_who_take_a_name_at_once_in_any_spelling_one_gets_it(stores: Storage) -> None:
    name = unique("Ann")
    ids = [await new(stores, "user") for _ in range(8)]
    names = [name.upper() if id % 2 else name for id in ids]
    users = [User(id, name, "Ann", None) for id, name in zip(ids, names, strict=True)]
    created = await together(*(stores.users.create(user, "a hash", NOW) for user in users))
    assert created.count(True) == 1
    account = await stores.users.account(name.lower())
    assert account and account.user == users[created.index(True)]


@pytest.mark.gen_test
async def test_a_user_of_the_host_has_one_account(stores: Storage) -> None:
    sub = unique("sub")
    user = await person(stores, sub)
    again = User(await new(stores, "user"), unique("u"), "Somebody", None, sub)
    assert not await stores.users.create(again, "", NOW)
    found = await stores.users.by_host_sub(sub)
    assert found and found.user == user


@pytest.mark.gen_test
async def test_a_password_is_changed_by_one_of_those_who_proved_the_same_one(stores: Storage) -> None:
    user = await person(stores)
    changed = await together(
        *(stores.users.set_password_hash(user.id, f"hash {n}", proved=0) for n in range(6))
    )
    assert changed.count(True) == 1
    known = await stores.users.for_sign_in(user.username)
    assert known and known[1] == f"hash {changed.index(True)}" and known[0].credential == 1
    await stores.users.rehash(user.id, "a hash", "a better one")
    assert (await stores.users.for_sign_in(user.username) or ("", ""))[1] == known[1], "of the old password"


@pytest.mark.gen_test
async def test_a_session_is_worth_something_until_it_ends_or_its_owners_number_moves(stores: Storage) -> None:
    user = await person(stores)
    (one, key), (two, _) = await session(stores, user.id), await session(stores, user.id)
    assert await stores.sessions.by_token_hashes([key, b"of nobody"]) == {key: one}
    assert await stores.sessions.delete(user.id, two.id)
    assert not await stores.sessions.delete(user.id, two.id)
    assert not await stores.sessions.delete(user.id + 1, one.id), "somebody else's"
    assert await stores.sessions.by_ids([one.id, two.id]) == {one.id: one}
    await stores.users.set_password_hash(user.id, "another")
    assert await stores.sessions.by_ids([one.id]) == {}
    assert await stores.sessions.delete_all(user.id, but=0) == (1, one.id)
    assert await stores.sessions.delete_all(user.id, but=0) == (0, 0)


@pytest.mark.gen_test
async def test_a_session_that_the_host_vouched_for_begins_once_and_not_again_after_its_end(
    stores: Storage,
) -> None:
    user = await person(stores)
    made, key = await session(stores, user.id, vouched=True)
    again = Session(await new(stores, "session"), user.id, "there", NOW, NOW)
    assert not await stores.sessions.create(again, key, START, vouched=True)
    assert await stores.sessions.delete(user.id, made.id)
    assert not await stores.sessions.create(again, key, START, vouched=True)
    assert await stores.sessions.is_known(key) and await stores.sessions.by_token_hashes([key]) == {}


@pytest.mark.gen_test
async def test_a_place_never_moves_back_but_into_another_epoch(stores: Storage) -> None:
    made, _ = await session(stores, 1)
    for place, stands in (
        (Cursor("e", 9, 2), Cursor("e", 9, 2)),
        (Cursor("e", 9, 1), Cursor("e", 9, 2)),
        (Cursor("e", 8, 5), Cursor("e", 9, 2)),
        (Cursor("e", 9, 3), Cursor("e", 9, 3)),
        (Cursor("e", 10), Cursor("e", 10)),
        (Cursor("another", 1), Cursor("another", 1)),
    ):
        await stores.sessions.move_places([PlaceMove(made.id, True, place, "one")])
        assert (await stores.sessions.kept_places([made.id]))[made.id].place == stands


@pytest.mark.gen_test
async def test_of_places_that_are_claimed_together_those_are_noted_that_stand_as_claimed(
    stores: Storage,
) -> None:
    (one, _), (moved, _), (gone, _) = [await session(stores, 1) for _ in range(3)]
    claims = [
        PlaceClaim(one.id, START, "", Cursor("e", 1), "here"),
        PlaceClaim(moved.id, Cursor("e", 7), "", Cursor("e", 8), "here"),
        PlaceClaim(gone.id, START, "", Cursor("e", 1), "here"),
    ]
    await stores.sessions.delete(1, gone.id)
    assert not await stores.sessions.claim_places(claims)
    kept = await stores.sessions.kept_places([claim.session_id for claim in claims])
    assert kept == {one.id: KeptPlace(START, Cursor("e", 1), "here"), moved.id: KeptPlace(START, None, "")}
    assert [claim.is_in(kept.get(claim.session_id)) for claim in claims] == [True, False, False]
    assert await stores.sessions.claim_places(claims[:1]), "the same node may claim it again"
    other = PlaceClaim(one.id, START, "", Cursor("e", 2), "another node")
    assert not await stores.sessions.claim_places([other]), "but no other that does not know of it"


@pytest.mark.gen_test
async def test_a_ticket_stands_for_a_token_while_its_session_is_there(stores: Storage) -> None:
    made, key = await session(stores, 1)
    ticket = unique("ticket").encode()
    assert await stores.tickets.create(ticket, made.id, NOW)
    assert await stores.tickets.by_hashes([ticket, b"none"]) == {ticket: (key, NOW)}
    await stores.sessions.delete(1, made.id)
    assert not await stores.tickets.create(unique("ticket").encode(), made.id, NOW)


@pytest.mark.gen_test
async def test_a_quota_is_used_up_to_its_end_by_all_at_once_and_no_further(stores: Storage) -> None:
    key = unique("quota")
    used = await together(*(stores.quotas.use(key, 2, 9, NOW) for _ in range(8)))
    assert used.count(True) == 4
    assert await stores.quotas.use(key, 1, 9, NOW) and not await stores.quotas.use(key, 1, 9, NOW)
    await stores.quotas.give_back(key, 3)
    assert not await stores.quotas.use(key, 4, 9, NOW) and await stores.quotas.use(key, 3, 9, NOW)


@pytest.mark.gen_test
async def test_what_one_holds_nobody_else_does_until_it_is_let_go_or_its_time_is_over(
    stores: Storage,
) -> None:
    key, later = unique("held"), NOW + timedelta(minutes=1)
    assert (await together(*(stores.quotas.hold(key, NOW, later) for _ in range(6)))).count(True) == 1
    assert await stores.quotas.hold(key, later, later + timedelta(minutes=1))
    await stores.quotas.let_go(key)
    await stores.quotas.let_go(key)
    assert await stores.quotas.hold(key, NOW, later)


@pytest.mark.gen_test
async def test_those_who_come_first_all_at_once_are_let_in_up_to_the_limit(stores: Storage) -> None:
    for _ in range(100):
        key = unique("window")
        entered = await together(*(stores.attempts.acquire_entry(key, 6, 60) for _ in range(9)))
        assert entered.count(True) == 6


@pytest.mark.gen_test
async def test_what_nodes_tell_of_calls_adds_up_and_old_slots_are_left_out(stores: Storage) -> None:
    user_id = await new(stores, "user")
    await stores.rates.exchange("send", {user_id: {10: 2, 11: 1}}, 12, 0, 60.0)
    told = await stores.rates.exchange("send", {user_id: {11: 4}}, 12, 0, 60.0)
    assert told == {user_id: {10: 2, 11: 5}}
    assert await stores.rates.exchange("send", {user_id: {12: 1}}, 12, 10, 60.0) == {user_id: {11: 5, 12: 1}}
    assert await stores.rates.exchange("typing", {user_id: {11: 1}}, 12, 0, 60.0) == {user_id: {11: 1}}


@pytest.mark.gen_test
async def test_the_callers_remembered_last_are_known_and_each_once(stores: Storage) -> None:
    account, later = unique("account"), NOW + timedelta(seconds=1)
    for at, mark in ((NOW, "home"), (NOW, "home"), (later, "work"), (later, "home")):
        await stores.known_callers.remember(account, {"addresses": mark}, at, 2, later)
    assert await stores.known_callers.of([account]) == {account: {"home": later, "work": later}}
    await stores.known_callers.remember(account, {"addresses": "train"}, later + timedelta(1), 2, later)
    assert len((await stores.known_callers.of([account]))[account]) == 2
    for _ in range(2):
        await stores.known_callers.forget(account)
    assert await stores.known_callers.of([account]) == {}
