"""What everything that this server signs for others comes from: one secret, kept outside of the database.

Each webhook and each hook has its own, made of it by a derivation that cannot be turned round. So a stolen backup signs
nothing. It is made at the first start into the data directory; several machines are given the same by the setting.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE = "server.secret"
SECRET_BYTES = 32


class ServerSecret:
    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        # Tells two secrets apart, and nothing else of them.
        self.mark = self.derived("mark", "", 0)[:6].hex()

    def derived(self, purpose: str, id: object, version: int) -> bytes:
        info = f"{purpose}:{id}:{version}".encode()
        return HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=info).derive(self._secret)


def read_or_make(path: Path) -> bytes:
    """Of several that start at once all have the same; what root makes is of whom the directory is. Raises OSError."""
    with suppress(FileNotFoundError):
        return _read(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, secrets.token_urlsafe(SECRET_BYTES).encode() + b"\n")
        os.fsync(file)
        if sys.platform != "win32" and os.geteuid() == 0:
            home = path.parent.stat()
            os.fchown(file, home.st_uid, home.st_gid)
        with suppress(FileExistsError):  # another was first
            os.link(made, path)
    finally:
        os.close(file)
        made.unlink()
    return _read(path)


def _read(path: Path) -> bytes:
    found = path.read_bytes().strip()
    if len(found) < SECRET_BYTES:
        raise OSError(f"{path} holds less than {SECRET_BYTES} bytes")
    return found


def shown(secret: bytes) -> str:
    """As Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secret).decode()


def signed_fields(id: str, at: datetime, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """The header fields of Standard Webhooks 1.0: a signature by each key, over exactly these bytes."""
    stamp = str(int(at.timestamp()))
    content = b"%s.%s.%s" % (id.encode(), stamp.encode(), body)
    signatures = (base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
