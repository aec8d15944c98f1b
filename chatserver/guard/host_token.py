"""Tokens that the host application signs: a JWT, by the algorithm that its key is bound to and no other.

The algorithm is ours to say, never the token's: `none`, or a public key taken for a secret, are how such checks fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from chatserver.errors import TokenInvalid
from chatserver.guard.scopes import SCOPES
from chatserver.guard.sign_in_keys import SignInKey
from chatserver.model import SUB_CHARS, is_storable

AUDIENCE = "chatserver"
LONGEST_SECS = 24 * 3600
PROFILE = ("name", "avatar", "email", "locale", "role", "may_contact")
LEEWAY_SECS = 30  # what the clocks of two machines may differ


@dataclass(frozen=True, slots=True)
class HostToken:
    """`sub` is the host's own id of a user ("" where none is needed), `scope` what the host may do by itself.

    `profile` is what it says of the user, not yet looked at: the claims of PROFILE that are there.

    `jti` names the token, where the host does; it is not taken any more at `expires_at`.
    """

    sub: str
    profile: Mapping[str, Any]
    scope: str | None
    jti: str | None
    expires_at: datetime

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset((self.scope or "").split())

    def signed_in(self) -> str:
        """The sub of the user whom it signs in. Raises TokenInvalid when it signs nobody in."""
        if not self.sub:
            raise TokenInvalid("The host's token is not accepted: sub must name the user.")
        if scopes := sorted(self.scopes & SCOPES.keys()):
            raise TokenInvalid(
                f"The host's token is not accepted: scope {', '.join(scopes)} is the host's own and signs nobody in."
            )
        return self.sub


def kid_of(token: str) -> str | None:
    """The key that a token says it was signed with: only for looking that up. Raises TokenInvalid."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _refused(error) from None
    return kid if isinstance(kid, str) else None


def read_host_token(token: str, key: SignInKey, now: datetime) -> HostToken:
    """Raises TokenInvalid that says why: whoever holds the key may know, and nobody else gets further than the first."""
    try:
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            audience=AUDIENCE,
            leeway=LEEWAY_SECS,
            options={"require": ["exp", "aud"]},
        )
        expires = float(claims["exp"])
        ahead = expires - now.timestamp()
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise _refused(error) from None
    if ahead > LONGEST_SECS + LEEWAY_SECS:
        raise TokenInvalid("The host's token is not accepted: it must expire within 24 hours.")
    profile = {name: claims[name] for name in PROFILE if name in claims}
    if not (_text(claims, "name") or "").strip():
        profile.pop("name", None)  # whoever has none there has none to say
    return HostToken(
        _text(claims, "sub") or "",
        profile,
        _text(claims, "scope"),
        _text(claims, "jti") or None,
        datetime.fromtimestamp(expires, UTC) + timedelta(seconds=LEEWAY_SECS),
    )


def _refused(error: Exception) -> TokenInvalid:
    reason = str(error) if isinstance(error, jwt.PyJWTError) else "it cannot be read"
    return TokenInvalid(f"The host's token is not accepted: {reason.rstrip('.')}.")


def _text(claims: dict[str, object], name: str) -> str | None:
    """Raises TokenInvalid for what is no text, or no text that can be stored."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > SUB_CHARS or not is_storable(value):
        raise TokenInvalid(
            f"The host's token is not accepted: {name} must be a text of at most {SUB_CHARS} characters."
        )
    return value
