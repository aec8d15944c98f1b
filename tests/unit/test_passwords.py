"""Passwords that were hashed as they were typed, before they were composed."""

from __future__ import annotations

import unicodedata
from typing import Any

import argon2
import pytest

from chatserver.guard.attempts import Caller
from tests.support.client import unique

DECOMPOSED = unicodedata.normalize("NFD", "pässwört é one")
COMPOSED = unicodedata.normalize("NFC", DECOMPOSED)


@pytest.mark.gen_test
async def test_an_old_hash_keeps_working_as_it_was_typed_and_is_made_anew_with_the_first_sign_in(
    chat: Any,
) -> None:
    accounts = chat.services.accounts
    user = await accounts.register(unique("ann"), "another password", None)
    old = argon2.PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1).hash(DECOMPOSED)
    await chat.storage.users.set_password_hash(user.id, old)
    assert await accounts.prove(user.username, COMPOSED, Caller("192.0.2.1")) is None
    assert await accounts.prove(user.username, DECOMPOSED, Caller("192.0.2.1"))
    assert await accounts.prove(user.username, COMPOSED, Caller("192.0.2.1")), "it was made anew"
    found = await chat.storage.users.for_sign_in(user.username)
    assert found is not None and await chat.passwords.verify(found[1], DECOMPOSED) == (True, False)


@pytest.mark.gen_test
async def test_an_endless_password_is_wrong_and_nobody_puts_its_marks_in_order(chat: Any) -> None:
    endless = "a" + "\u0301\u0316" * 200_000  # by Unicode's rules: minutes
    assert await chat.passwords.verify(None, endless) == (False, False)
