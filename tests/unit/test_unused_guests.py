"""Guests who do not come back are deleted, a few at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chatserver.errors import TokenInvalid
from chatserver.services import unused_guests
from chatserver.services.accounts import GUEST
from tests.support.client import unique

MONTH = timedelta(days=30, minutes=1)


async def guest(chat: Any) -> tuple[Any, str, Any]:
    """Account, token, session."""
    account = await chat.services.host._visitors.guest(unique("Guest "), "127.0.0.1")
    token, _, session = await chat.services.sessions.start(account, "browser")
    return account, token, session


async def state(chat: Any, account: Any) -> str:
    return str((await chat.services.accounts.account(account.user.id)).state)


@pytest.mark.gen_test
async def test_a_guest_unused_for_thirty_days_is_deleted_and_others_stay(chat: Any) -> None:
    (gone, token, _), (back, _, session) = await guest(chat), await guest(chat)
    hosted = await chat.services.host._visitors.of_host(unique("sub"), "Ann")
    person = await chat.person()
    now = chat.clock.now()
    chat.clock.now = lambda: now + MONTH
    new, _, _ = await guest(chat)
    coming = await chat.services.host._visitors.guest(None, "127.0.0.1")  # whose session is not yet there
    await chat.storage.sessions.touch(session.id, chat.clock.now())
    await chat.storage.marks.see_guests("")

    await chat.sweeper().sweep()

    assert await state(chat, gone) == "forgotten"
    for account in (back, new, coming, hosted, await chat.services.accounts.account(person.user_id)):
        assert await state(chat, account) == "active"
    with pytest.raises(TokenInvalid):
        await chat.services.sessions.authenticate(token)
    assert await chat.storage.sessions.of_user(gone.user.id) == []


@pytest.mark.gen_test
async def test_each_sweep_looks_at_a_few_guests_and_the_last_begins_anew(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.storage.users._users.delete_many({"username_key": {"$regex": f"^{GUEST}"}})
    monkeypatch.setattr(unused_guests, "LOOKED_AT", 2)
    guests = [(await guest(chat))[0] for _ in range(5)]
    await chat.storage.marks.see_guests("")
    step = chat.services.unused_guests.forget
    now = chat.clock.now()
    for seen in (2, 4):
        await step()
        names = sorted(account.user.username for account in guests)
        assert await chat.storage.marks.guests_seen() == names[seen - 1]
    await step()
    assert await chat.storage.marks.guests_seen() == ""
    chat.clock.now = lambda: now + MONTH
    for left in (3, 1, 0):
        await step()
        assert [await state(chat, account) for account in guests].count("active") == left


@pytest.mark.gen_test
async def test_guests_stay_where_the_setting_says_so(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _, _ = await guest(chat)
    now = chat.clock.now()
    chat.clock.now = lambda: now + MONTH
    await chat.storage.marks.see_guests("")
    monkeypatch.setattr(chat.services.unused_guests, "_days", 0)
    await chat.sweeper().sweep()
    assert await state(chat, kept) == "active"
