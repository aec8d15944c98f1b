"""Users of the host application whose account the operator switched off or deleted."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.errors import Forbidden
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
