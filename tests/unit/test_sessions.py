"""A revoked session ends everywhere, also when the database fails half way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.errors import TokenInvalid, Unavailable
from chatserver.guard.attempts import Caller
from chatserver.model import Account
from chatserver.services.sessions import TRUST_SECS
from chatserver.storage.sessions import SessionStore
from tests.support.client import PASSWORD, unique
from tests.support.host import SECRET, signed
from tests.support.waiting import eventually, held, in_time


@pytest.mark.gen_test
async def test_a_session_is_over_even_if_nobody_could_be_told_of_its_end(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await chat.person()
    sessions = chat.services.sessions
    token, _, session = await sessions.start(await chat.services.accounts.account(ann.user_id), "other")
    actor = await sessions.authenticate(token)
    poll = await held(chat.poll(actor, await chat.cursor(actor), wait=60))

    async def away(*_: Any) -> int:
        raise Unavailable("Made to fail.")

    monkeypatch.setattr(chat.storage.inboxes, "push", away)
    with pytest.raises(Unavailable):
        await sessions.revoke(ann, session.id)
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(token)
    with pytest.raises(TokenInvalid):
        await poll


@pytest.mark.gen_test
async def test_a_version_read_a_while_ago_does_not_prolong_trust_in_a_session(chat: Any) -> None:
    """Its owner's version stood still when last read; what came since is not known."""
    ann = await chat.person()
    sessions = chat.services.sessions
    token, _, session = await sessions.start(await chat.services.accounts.account(ann.user_id), "other")
    now = chat.clock.monotonic()
    chat.clock.monotonic = lambda: now
    actor = await sessions.authenticate(token)
    await chat.poll(actor, await chat.cursor(actor))
    now += 5.1
    await chat.check.check(list(chat.hub))
    await sessions.authenticate(token)  # read again, beside a version
    now += 4.9
    await chat.storage.sessions.delete(ann.user_id, session.id)  # by a node that died before it told
    now += 0.2
    chat.hub.get(ann.user_id).confirmed_at = now - 4.9
    await sessions.authenticate(token)  # the version was the same 4.9 s ago
    now += 0.2
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(token)


@pytest.mark.gen_test
async def test_all_other_sessions_end_in_one_step_on_every_node_and_push_nothing_out_of_the_inbox(
    chats: Any,
) -> None:
    one, other = await chats(), await chats()  # with a bus for each: no bell gets across
    ann = await one.person()
    account = await one.services.accounts.account(ann.user_id)
    tokens = [(await one.services.sessions.start(account, "device"))[0] for _ in range(120)]
    here = await one.services.sessions.authenticate(tokens[0])
    there = await other.services.sessions.authenticate(tokens[1])
    polls = [
        await held(one.poll(here, await one.cursor(here), wait=60)),
        await held(other.poll(there, await other.cursor(there), wait=60)),
    ]
    assert await one.services.sessions.end_all(ann.user_id, but=ann.session_id) == 120
    assert [entry.kind for entry in await one.ring(ann)] == ["sessions"]
    with pytest.raises(TokenInvalid):
        await polls[0]
    await other.check.check(list(other.hub))
    with pytest.raises(TokenInvalid):
        await polls[1]
    for token in tokens:
        with pytest.raises(TokenInvalid):
            await one.services.sessions.authenticate(token)
    again, _, session = await one.services.sessions.start(account, "device")
    actor = await one.services.sessions.authenticate(again)
    assert actor.session_id == session.id
    assert (await one.poll(actor, await one.cursor(ann))).events == []
    assert await one.services.sessions.end_all(ann.user_id) == 2


@pytest.mark.gen_test
async def test_one_person_has_a_thousand_sessions_at_most_and_loses_the_one_unused_for_longest(
    chats: Any,
) -> None:
    chat = await chats(person_sessions=3)
    sessions = chat.services.sessions
    account = await chat.services.accounts.account((await chat.person()).user_id)
    tokens = []
    for _ in range(4):
        token, _, session = await sessions.start(account, "another")
        tokens.append(token)
        await chat.storage.sessions.touch(session.id, chat.clock.now())
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(tokens[0])
    actors = [await sessions.authenticate(token) for token in tokens[1:]]
    assert len(await sessions.list(actors[0])) == 3


async def registered(chat: Any) -> Account:
    """Somebody with a password."""
    user = await chat.services.accounts.register(unique("ann"), PASSWORD, None)
    account: Account = await chat.services.accounts.account(user.id)
    return account


async def tokens_of(chat: Any, account: Account) -> int:
    return len(await chat.storage.sessions.of_user(account.user.id))


@pytest.mark.parametrize("change", ["password", "disable", "disable and enable", "forget"])
@pytest.mark.gen_test
async def test_who_proved_who_they_are_before_all_sessions_ended_gets_none(chat: Any, change: str) -> None:
    accounts, sessions = chat.services.accounts, chat.services.sessions
    account = await registered(chat)
    name = account.user.username
    proved = await accounts.prove(name, PASSWORD, Caller("192.0.2.1"))
    if change == "password":
        await accounts.set_password(account, "quite another horse")
    elif change == "forget":
        await accounts.forget(account)
    else:
        await accounts.set_disabled(name, True)
        if change == "disable and enable":
            await accounts.set_disabled(name, False)
    with pytest.raises(TokenInvalid):
        await sessions.start(proved, "a thief's")
    assert await tokens_of(chat, account) == 0, "nothing is left behind"


@pytest.mark.gen_test
async def test_whom_the_host_vouched_for_before_they_were_switched_off_gets_no_session(chats: Any) -> None:
    chat = await chats(host_secret=SECRET)
    _, user, session = await chat.services.host.sign_in(signed(sub=unique("sub")), "browser", "127.0.0.1")
    account = await chat.services.accounts.account(user.id)
    await chat.storage.sessions.delete(user.id, session.id)
    await chat.services.accounts.set_disabled(account.user.username, True)
    with pytest.raises(TokenInvalid):
        await chat.services.sessions.start(account, "late")
    assert await tokens_of(chat, account) == 0


@pytest.mark.gen_test
async def test_a_session_that_nobody_came_to_end_is_worth_nothing_once_the_number_moved(chat: Any) -> None:
    """Whoever changed the password died before it could end the sessions."""
    account = await registered(chat)
    sessions = chat.services.sessions
    token, _, _ = await sessions.start(account, "old")
    await chat.services.accounts.set_password(account, "quite another horse")
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(token)
    assert await tokens_of(chat, account) == 1
    again, _, _ = await sessions.start(await chat.services.accounts.account(account.user.id), "new")
    await sessions.authenticate(again)


@pytest.mark.gen_test
async def test_of_two_who_change_the_password_at_once_one_does_and_only_their_session_stays(
    chat: Any,
) -> None:
    account = await registered(chat)
    sessions = chat.services.sessions
    tokens = [(await sessions.start(account, "device"))[0] for _ in range(2)]
    actors = [await sessions.authenticate(token) for token in tokens]
    outcomes = await asyncio.gather(
        *(
            sessions.change_password(actor, PASSWORD, f"new password {actor.session_id}", Caller("192.0.2.1"))
            for actor in actors
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Invalid", "int"]
    (winner,) = (n for n, outcome in enumerate(outcomes) if isinstance(outcome, int))
    chat.clock.run_ahead(TRUST_SECS + 0.1)
    await sessions.authenticate(tokens[winner])
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(tokens[1 - winner])


@pytest.mark.gen_test
async def test_sessions_and_accounts_of_before_there_were_numbers_go_on(chat: Any, database: Any) -> None:
    account = await registered(chat)
    sessions = chat.services.sessions
    token, _, session = await sessions.start(account, "old")
    database["sessions"].update_one({"_id": session.id}, {"$unset": {"credential": ""}})
    assert "credential" not in database["users"].find_one({"_id": account.user.id})
    actor = await sessions.authenticate(token)
    await sessions.change_password(actor, PASSWORD, "quite another horse", Caller("192.0.2.1"))
    chat.clock.run_ahead(TRUST_SECS + 0.1)
    assert await sessions.authenticate(token) == actor, "who made the change stays"
    await chat.services.accounts.set_disabled(account.user.username, True)
    chat.clock.run_ahead(TRUST_SECS + 0.1)
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(token)


@pytest.mark.gen_test
async def test_a_session_that_ends_while_it_is_looked_up_is_not_trusted_afterwards(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, ends = SessionStore.by_token_hashes, True

    async def slow(store: SessionStore, keys: list[bytes]) -> Any:
        nonlocal ends
        found = await look_up(store, keys)
        if ends:
            ends = False
            await sessions.end_all(account.user.id)
        return found

    monkeypatch.setattr(SessionStore, "by_token_hashes", slow)
    chat = await chats()
    account = await registered(chat)
    sessions = chat.services.sessions
    token, _, _ = await sessions.start(account, "other")
    await sessions.authenticate(token)  # as it was when it was asked
    assert not ends
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(token)


@pytest.mark.gen_test
async def test_a_better_hash_of_the_old_password_does_not_undo_a_new_one(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await registered(chat)
    accounts, name = chat.services.accounts, account.user.username
    make, verify = chat.passwords.hash, chat.passwords.verify

    async def find_outdated(password_hash: str | None, password: str) -> tuple[bool, bool]:
        return (await verify(password_hash, password))[0], True

    async def hash_after_a_change(password: str) -> str:
        monkeypatch.setattr(chat.passwords, "hash", make)
        monkeypatch.setattr(chat.passwords, "verify", verify)
        await accounts.set_password(account, "quite another horse")
        made: str = await make(password)
        return made

    monkeypatch.setattr(chat.passwords, "hash", hash_after_a_change)
    monkeypatch.setattr(chat.passwords, "verify", find_outdated)
    await accounts.prove(name, PASSWORD, Caller("192.0.2.1"))
    assert await accounts.prove(name, PASSWORD, Caller("192.0.2.1")) is None
    assert await accounts.prove(name, "quite another horse", Caller("192.0.2.1"))


@pytest.mark.gen_test
async def test_the_sessions_of_people_who_poll_are_read_again_together_before_anybody_waits_for_it(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reads = SessionStore.by_token_hashes, []

    async def noted(store: SessionStore, hashes: list[bytes]) -> Any:
        reads.append(len(hashes))
        return await read(store, hashes)

    monkeypatch.setattr(SessionStore, "by_token_hashes", noted)
    chat, node = await chats(), await chats()
    people = [await chat.person() for _ in range(5)]
    accounts = [await chat.services.accounts.account(one.user_id) for one in people]
    tokens = [(await chat.services.sessions.start(account, "other"))[0] for account in accounts]
    now = node.clock.monotonic()
    node.clock.monotonic = lambda: now
    for token in tokens:
        actor = await node.services.sessions.authenticate(token, polling=True)
        await node.poll(actor, await node.cursor(actor))
    ids = {one.user_id for one in people}
    await eventually(lambda: set(node.services.accounts.known(ids)) == ids)
    assert reads[-1] == 5 and sum(reads) == 10, "one read for all of them"
    reads.clear()
    for later in (4.0, 4.0, 4.0, 34.0):
        now += later
        await node.check.check(list(node.hub))
        for token in tokens:
            await node.services.sessions.authenticate(token)
    await eventually(lambda: bool(reads))
    assert reads == [5], "and again before they are to be read anew"


@pytest.mark.gen_test
async def test_a_session_that_ends_while_it_is_read_ahead_stays_ended(
    chats: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, polled, is_read = SessionStore.by_token_hashes, False, asyncio.Event()

    async def and_then_it_ends(store: SessionStore, hashes: list[bytes]) -> Any:
        found = await read(store, hashes)
        if polled and found:
            await sessions.revoke(ann, session.id)
        return found

    monkeypatch.setattr(SessionStore, "by_token_hashes", and_then_it_ends)
    chat = await chats()
    ann, sessions = await chat.person(), chat.services.sessions
    token, _, session = await sessions.start(await chat.services.accounts.account(ann.user_id), "other")
    actor = await sessions.authenticate(token, polling=True)
    look_again = chat.services.accounts.look_again

    async def last_step(ids: Any) -> Any:
        is_read.set()
        return await look_again(ids)

    monkeypatch.setattr(chat.services.accounts, "look_again", last_step)
    polled = True
    await chat.poll(actor, await chat.cursor(actor))
    await in_time(is_read.wait())
    with pytest.raises(TokenInvalid):
        await sessions.authenticate(token)
