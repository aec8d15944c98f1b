"""Users of the host application whose account the operator switched off or deleted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.errors import Forbidden
from tests.support.client import unique


@pytest.mark.gen_test
async def test_the_host_cannot_sign_in_who_is_switched_off_and_makes_a_deleted_one_anew(chat: Any) -> None:
    sub = unique("sub")
    services = chat.services
    visitors = services.host._visitors
    user = (await visitors.of_host(sub, {"name": "Ann"})).user
    await services.accounts.set_disabled(user.username, True)
    with pytest.raises(Forbidden):
        await visitors.of_host(sub, {"name": "Ann"})
    account = await services.accounts.set_disabled(user.username, False)
    assert (await visitors.of_host(sub, {})).user.id == user.id
    await services.accounts.forget(account)
    again = await visitors.of_host(sub, {"name": "Ann"})
    assert again.user.id != user.id


@pytest.mark.gen_test
async def test_first_sign_ins_at_two_nodes_at_once_meet_in_one_account(chats: Any) -> None:
    one, other = await chats(), await chats()
    for _ in range(5):
        sub = unique("sub")
        nodes = (one, other) * 4
        found = await asyncio.gather(
            *(node.services.host._visitors.of_host(sub, {"name": "Ann"}) for node in nodes)
        )
        assert len({account.user.id for account in found}) == 1
