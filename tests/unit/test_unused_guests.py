"""Guests who do not come back are deleted, a few at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chatserver.errors import TokenInvalid, Unavailable
from chatserver.model import User
from chatserver.services import unused_guests
from chatserver.services.accounts import GUEST
from tests.support.client import unique
from tests.support.host import SECRET, signed

MONTH = timedelta(days=30, minutes=1)


@pytest.fixture
def chat(chats: Any, io_loop: Any) -> Any:
    """A node that takes guests and users of the host."""
    return io_loop.run_sync(lambda: chats(guests=True, host_secret=SECRET))


async def guest(chat: Any) -> tuple[User, str, Any]:
    """The person, their token and its session."""
    token, user, session = await chat.services.host.guest(unique("Guest "), "browser", "127.0.0.1")
    return user, token, session


async def guest_without_session(chat: Any, database: Any, monkeypatch: pytest.MonkeyPatch) -> User:
    """Whose first session is still on its way."""
    name = unique("Guest ")
    with monkeypatch.context() as meanwhile, pytest.raises(Unavailable):
        meanwhile.setattr(chat.storage.sessions, "create", away)
        await chat.services.host.guest(name, "browser", "127.0.0.1")
    id = database["users"].find_one({"full_name": name})["_id"]
    user: User = await chat.services.accounts.user(id)
    return user


async def away(*_: Any, **__: Any) -> bool:
    raise Unavailable("Made to fail.")


async def state(chat: Any, user: User) -> str:
    return str((await chat.services.accounts.account(user.id)).state)


@pytest.mark.gen_test
async def test_a_guest_unused_for_thirty_days_is_deleted_and_others_stay(
    chat: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gone, token, _), (back, _, session) = await guest(chat), await guest(chat)
    _, hosted, _ = await chat.services.host.sign_in(signed(sub=unique("sub")), "browser", "127.0.0.1")
    person = await chat.services.accounts.user((await chat.person()).user_id)
    now = chat.clock.now()
    chat.clock.now = lambda: now + MONTH
    new, _, _ = await guest(chat)
    coming = await guest_without_session(chat, database, monkeypatch)
    await chat.storage.sessions.touch(session.id, chat.clock.now())
    await chat.storage.marks.see_guests("")

    await chat.sweeper().sweep()

    assert await state(chat, gone) == "forgotten"
    for user in (back, new, coming, hosted, person):
        assert await state(chat, user) == "active"
    with pytest.raises(TokenInvalid):
        await chat.services.sessions.authenticate(token)
    assert await chat.storage.sessions.of_user(gone.id) == []


@pytest.mark.gen_test
async def test_each_sweep_looks_at_a_few_guests_and_the_last_begins_anew(
    chat: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database["users"].delete_many({"username_key": {"$regex": f"^{GUEST}"}})
    monkeypatch.setattr(unused_guests, "LOOKED_AT", 2)
    guests = [(await guest(chat))[0] for _ in range(5)]
    await chat.storage.marks.see_guests("")
    step = chat.services.unused_guests.forget
    now = chat.clock.now()
    for seen in (2, 4):
        await step()
        names = sorted(user.username for user in guests)
        assert await chat.storage.marks.guests_seen() == names[seen - 1]
    await step()
    assert await chat.storage.marks.guests_seen() == ""
    chat.clock.now = lambda: now + MONTH
    for left in (3, 1, 0):
        await step()
        assert [await state(chat, user) for user in guests].count("active") == left


@pytest.mark.gen_test
async def test_guests_stay_where_the_setting_says_so(chats: Any) -> None:
    chat = await chats(guests=True, guest_days=0)
    kept, _, _ = await guest(chat)
    now = chat.clock.now()
    chat.clock.now = lambda: now + MONTH
    await chat.storage.marks.see_guests("")
    await chat.sweeper().sweep()
    assert await state(chat, kept) == "active"
