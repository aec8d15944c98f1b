"""A revoked session ends everywhere, also when the database fails half way."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.errors import TokenInvalid, Unavailable
from tests.support.waiting import held


@pytest.mark.gen_test
async def test_a_session_is_over_even_if_nobody_could_be_told_of_its_end(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await chat.person()
    sessions = chat.services.sessions
    token, _, session = await sessions.start(await chat.services.accounts.account(ann.user_id), "other")
    actor = await sessions.authenticate(token)
    poll = await held(chat.poll(actor, await chat.cursor(actor), wait=20))

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
        await held(one.poll(here, await one.cursor(here), wait=20)),
        await held(other.poll(there, await other.cursor(there), wait=20)),
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
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = chat.services.sessions
    monkeypatch.setattr(sessions, "_most", 3)
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
