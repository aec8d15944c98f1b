"""What a new password must be: long enough, and none of those that everybody tries first. No rules of composition."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from chatserver.errors import Invalid

PASSWORD_CHARS = (8, 256)
COMMON = Path(__file__).parent.parent / "data" / "common_passwords.txt"


def check_password(password: str, username: str, field: str = "password") -> None:
    """Raises Invalid that names `field`."""
    if not PASSWORD_CHARS[0] <= len(password) <= PASSWORD_CHARS[1]:
        raise Invalid.field(field, f"must have {PASSWORD_CHARS[0]} to {PASSWORD_CHARS[1]} characters")
    if password.lower() in common_passwords():
        raise Invalid.field(field, "is one of the passwords that are tried first; choose another")
    if password.lower() == username.lower():
        raise Invalid.field(field, "must not be the username")


@cache
def common_passwords() -> frozenset[str]:
    lines = COMMON.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
