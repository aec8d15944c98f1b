"""Keys that the application around the chat signs its tokens with, as the operator named them.

Each is bound to its algorithm here: what a token says of it is never believed, so no public key is taken for a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chatserver.errors import EX_CONFIG, StartupError
from chatserver.setting_values import at_home
from chatserver.settings import HOST_SECRET_BYTES

MOST_KEYS = 20  # at one address
KID_CHARS = 200
RSA_BITS = (2048, 8192)  # what is shorter can be broken, what is longer keeps the process busy

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignInKey:
    algorithm: str
    key: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """Where public keys stand as a JWKS, all for one algorithm."""

    algorithm: str
    url: str


def named(settings: Iterable[str]) -> tuple[dict[str, SignInKey], list[KeyAddress]]:
    """Keys by their `kid`, and addresses of more. Reads the files. Raises StartupError."""
    keys: dict[str, SignInKey] = {}
    addresses: list[KeyAddress] = []
    for setting in settings:
        first, _, rest = setting.partition(":")
        if rest.startswith(("http://", "https://")):
            addresses.append(KeyAddress(first, rest))
            continue
        algorithm, _, path = rest.partition(":")
        if first in keys:
            raise StartupError(f"--host-keys: {first} is there twice", EX_CONFIG)
        keys[first] = SignInKey(algorithm, _from_file(first, algorithm, at_home(path)))
    return keys, addresses


def _from_file(kid: str, algorithm: str, path: str) -> Any:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise StartupError(
            f"--host-keys: {kid}: {path} cannot be read: {error.strerror}", EX_CONFIG
        ) from None
    if algorithm == "HS256":
        secret = content.strip()
        if len(secret) < HOST_SECRET_BYTES:
            problem = f"must hold at least {HOST_SECRET_BYTES} bytes"
            raise StartupError(f"--host-keys: {kid}: {path} {problem}", EX_CONFIG)
        return secret
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not _suits(algorithm, key):
        raise StartupError(f"--host-keys: {kid}: {path} is no public key (PEM) for {algorithm}", EX_CONFIG)
    return key


def _suits(algorithm: str, key: Any) -> bool:
    if algorithm == "RS256":
        return isinstance(key, RSAPublicKey) and RSA_BITS[0] <= key.key_size <= RSA_BITS[1]
    if algorithm == "ES256":
        return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    return algorithm == "EdDSA" and isinstance(key, Ed25519PublicKey)


def keys_in(jwks: bytes, algorithm: str) -> dict[str, SignInKey]:
    """The first MOST_KEYS of a JWKS by their `kid`; what is none for this algorithm is left out.

    Raises ValueError for what is no JWKS.
    """
    try:
        listed = json.loads(jwks)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("it is no JWKS") from None
    if not isinstance(listed, list):
        raise ValueError("it is no JWKS")
    found: dict[str, SignInKey] = {}
    for one in listed[:MOST_KEYS]:
        key = _public(one, algorithm)
        if key is not None:
            found[one["kid"]] = SignInKey(algorithm, key)
    return found


def _public(listed: Any, algorithm: str) -> Any:
    """None for a key without a name, of another algorithm, or for something other than signatures."""
    if not isinstance(listed, dict) or listed.get("alg", algorithm) != algorithm:
        return None
    kid = listed.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_CHARS or listed.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(listed, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
        key = None
    if not _suits(algorithm, key):
        log.warning("a key of the application around this chat cannot be used", kid=kid, algorithm=algorithm)
        return None
    return key
