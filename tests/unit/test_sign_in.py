"""What it costs to be refused, so that the time tells nobody which names there are."""

from __future__ import annotations

from typing import Any

import argon2
import pytest

from chatserver.errors import TokenInvalid
from tests.support.client import PASSWORD, unique


@pytest.mark.gen_test
async def test_an_unknown_name_costs_the_same_work_as_a_wrong_password(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, sessions = unique("ann"), chat.services.sessions
    await chat.services.accounts.register(name, PASSWORD, None)
    verify, worked = argon2.PasswordHasher.verify, []

    def counted(hasher: argon2.PasswordHasher, hash: str, password: str) -> bool:
        worked.append(argon2.extract_parameters(hash))
        return bool(verify(hasher, hash, password))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    for tried in (name, unique("nobody")):
        with pytest.raises(TokenInvalid):
            await sessions.sign_in(tried, "not the password", "test", "127.0.0.1")

    assert len(worked) == 2 and worked[0] == worked[1]
