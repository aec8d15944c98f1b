"""Tokens that the host application signs with the key both sides know: a JWT, HS256 and nothing else.

The algorithm is ours to say, never the token's: `none`, or a public key taken for a secret, are how such checks fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import jwt

from chatserver.errors import TokenInvalid

AUDIENCE = "chatserver"
LONGEST_SECS = 24 * 3600
LEEWAY_SECS = 30  # what the clocks of two machines may differ
SUB_CHARS = 200
NOTIFICATIONS = "notifications"
OWN_SCOPES = frozenset({NOTIFICATIONS})  # of tokens for what the host does by itself


@dataclass(frozen=True, slots=True)
class HostToken:
    """`sub` is the host's own id of a user ("" where none is needed), `scope` what the host may do by itself."""

    sub: str
    name: str | None
    scope: str | None

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset((self.scope or "").split())


def read_host_token(token: str, secret: str, now: datetime) -> HostToken:
    """Raises TokenInvalid that says why: whoever holds the key may know, and nobody else gets further than the first."""
    try:
        claims = jwt.decode(
            token,
            secret.encode(),
            algorithms=["HS256"],
            audience=AUDIENCE,
            leeway=LEEWAY_SECS,
            options={"require": ["exp", "aud"]},
        )
        ahead = float(claims["exp"]) - now.timestamp()
    except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
        reason = str(error) if isinstance(error, jwt.PyJWTError) else "it cannot be read"
        raise TokenInvalid(f"The host's token is not accepted: {reason.rstrip('.')}.") from None
    if ahead > LONGEST_SECS + LEEWAY_SECS:
        raise TokenInvalid("The host's token is not accepted: it must expire within 24 hours.")
    return HostToken(_text(claims, "sub") or "", _text(claims, "name") or None, _text(claims, "scope"))


def _text(claims: dict[str, object], name: str) -> str | None:
    """Raises TokenInvalid for what is no text, or no text that can be stored."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > SUB_CHARS or not _storable(value):
        raise TokenInvalid(
            f"The host's token is not accepted: {name} must be a text of at most {SUB_CHARS} characters."
        )
    return value


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
