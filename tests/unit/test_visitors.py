"""Users of the host application whose account the operator switched off or deleted."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.errors import Forbidden, NotFound
from chatserver.model import User
from tests.support.client import unique
from tests.support.host import SECRET, signed
from tests.support.waiting import together


async def come(chat: Any, sub: str, name: str | None) -> User:
    """Signed in by the host."""
    _, user, _ = await chat.services.host.sign_in(signed(sub=sub, name=name), "browser", "127.0.0.1")
    found: User = user
    return found


@pytest.mark.gen_test
async def test_the_host_cannot_sign_in_who_is_switched_off_and_makes_a_deleted_one_anew(chats: Any) -> None:
    chat = await chats(host_secret=SECRET)
    sub, accounts = unique("sub"), chat.services.accounts
    user = await come(chat, sub, "Ann")
    await accounts.set_disabled(user.username, True)
    with pytest.raises(Forbidden):
        await come(chat, sub, "Ann")
    account = await accounts.set_disabled(user.username, False)
    assert (await come(chat, sub, None)).id == user.id
    await accounts.forget(account)
    assert (await come(chat, sub, "Ann")).id != user.id


@pytest.mark.gen_test
async def test_first_sign_ins_at_two_nodes_at_once_meet_in_one_account(chats: Any) -> None:
    one, other = await chats(host_secret=SECRET), await chats(host_secret=SECRET)
    for _ in range(5):
        sub = unique("sub")
        nodes = (one, other) * 4
        found = await together(*(come(node, sub, "Ann") for node in nodes))
        assert len({user.id for user in found}) == 1


@pytest.mark.gen_test
async def test_the_end_of_a_ban_lets_nobody_in_who_was_switched_off_for_good_meanwhile(chats: Any) -> None:
    chat = await chats(host_secret=SECRET)
    sub, users, accounts = unique("sub"), chat.services.host_users, chat.services.accounts
    await come(chat, sub, "Ann")
    await users.set_active(sub, False, chat.clock.now())
    as_a_sign_in_found_it = await users.of(sub)
    await users.set_active(sub, False)

    assert (await accounts.back(as_a_sign_in_found_it)).state == "disabled"
    with pytest.raises(Forbidden):
        await come(chat, sub, None)


@pytest.mark.gen_test
async def test_who_was_forgotten_is_not_switched_on_again(chats: Any) -> None:
    chat = await chats(host_secret=SECRET)
    user, accounts = await come(chat, unique("sub"), "Ann"), chat.services.accounts
    as_it_was = await accounts.named(user.username)
    await accounts.forget(as_it_was)

    with pytest.raises(NotFound):
        await accounts.set_active(as_it_was, True)
    assert (await accounts.account(user.id)).state == "forgotten"
