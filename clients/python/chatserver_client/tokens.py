"""Tokens that your server signs: for a person to sign in with, or for its own calls in place of a key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

AUDIENCE = "chatserver"
SECRET_BYTES = 32
DAY_SECS = 86400


class Claims(TypedDict, total=False):
    """What is left out stays as it is, None clears it."""

    name: str | None
    avatar: str | None
    email: str | None
    locale: str | None
    role: str | None
    may_contact: list[str] | Literal["everyone"] | None


class Signer:
    """A key, bound to its algorithm.

    HS256 takes the server's `host_secret` (32 bytes or more). RS256, ES256 and EdDSA take a private key as PEM, need the
    extra `keys` (`pip install chatserver-client[keys]`), and a `kid`, by which `host_keys` know its public half.
    Raises ValueError.
    """

    def __init__(
        self,
        key: str,
        algorithm: Literal["HS256", "RS256", "ES256", "EdDSA"] = "HS256",
        kid: str | None = None,
        audience: str = AUDIENCE,
    ) -> None:
        if algorithm == "HS256" and len(key.encode()) < SECRET_BYTES:
            raise ValueError(f"the secret must have {SECRET_BYTES} bytes or more")
        if algorithm != "HS256" and kid is None:
            raise ValueError(f"{algorithm} needs a kid: the server knows the key by it")
        self._key, self._algorithm, self._kid, self._audience = key, algorithm, kid, audience

    def mint(self, sub: str, *, lifetime_secs: int = 300, **claims: Unpack[Claims]) -> str:
        """For one of your people to sign in with, soon: until it ends, whoever has it is them. Raises ValueError."""
        if not sub:
            raise ValueError("sub must not be empty")
        return self._sign({**claims, "sub": sub, "jti": str(uuid.uuid4())}, lifetime_secs)

    def for_person(
        self, sub: str, *, lifetime_secs: int = 3600, **claims: Unpack[Claims]
    ) -> Callable[[], str]:
        """What `Chat` takes as its token, to speak for one of your people. Each token begins a session of theirs, so one
        is kept until a tenth of its life is left. Raises ValueError.
        """
        token = self.mint(sub, lifetime_secs=lifetime_secs, **claims)
        until = time.time() + lifetime_secs * 0.9

        def kept() -> str:
            nonlocal token, until
            if time.time() >= until:
                token = self.mint(sub, lifetime_secs=lifetime_secs, **claims)
                until = time.time() + lifetime_secs * 0.9
            return token

        return kept

    def mint_scoped(self, scopes: Sequence[str], *, lifetime_secs: int = 300) -> str:
        """For calls of a server of yours, in place of a key. Raises ValueError."""
        return self._sign({"scope": " ".join(scopes)}, lifetime_secs)

    def _sign(self, claims: Mapping[str, Any], lifetime_secs: int) -> str:
        if not 0 < lifetime_secs <= DAY_SECS:
            raise ValueError("lifetime_secs must be within a day")
        payload = {**claims, "aud": self._audience, "exp": int(time.time()) + lifetime_secs}
        kid = {} if self._kid is None else {"kid": self._kid}
        if self._algorithm != "HS256":
            import jwt  # here, because HS256 does without it

            return jwt.encode(payload, self._key, algorithm=self._algorithm, headers=kid)
        content = _part({"alg": "HS256", "typ": "JWT", **kid}) + b"." + _part(payload)
        return (content + b"." + _base64(hmac.digest(self._key.encode(), content, hashlib.sha256))).decode()


def _part(value: Mapping[str, Any]) -> bytes:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")
