"""Whether a request that came to your webhook is the chat's, by Standard Webhooks 1.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence

from chatserver_client.errors import ChatError
from chatserver_client.shapes import HostEvent

TOLERANCE_SECS = 300.0
SIGNATURES = 8  # more than any rotation needs


class NotTheChat(ChatError):
    """Answer 400 and do nothing. The text says why, and holds no secret."""


def check(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance_secs: float = TOLERANCE_SECS,
    now: float | None = None,
) -> HostEvent:
    """What is told. `body` are the bytes as they came; one of several secrets is enough.

    The case of the names in `headers` does not count. A repeat has the same `id`. Raises NotTheChat; ValueError for a
    secret that is none.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    id, at, signatures = (fields.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not id or not signatures:
        raise NotTheChat("webhook-id or webhook-signature is missing")
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        raise NotTheChat("webhook-timestamp is no time")
    if abs((time.time() if now is None else now) - int(at)) > tolerance_secs:
        raise NotTheChat("webhook-timestamp is too old, or a clock is wrong")
    content = b"%s.%s.%s" % (id.encode("utf-8", "replace"), at.encode(), body)
    given = [one.encode("utf-8", "replace") for one in signatures.split(" ", SIGNATURES)[:SIGNATURES]]
    # Every pair is compared, so that the time it takes tells nothing.
    matches = [
        hmac.compare_digest(_signature(one, content), other)
        for one in ([secret] if isinstance(secret, str) else secret)
        for other in given
    ]
    if not any(matches):
        raise NotTheChat("no signature fits: another secret, or the body was changed on its way")
    try:
        told = json.loads(body)
        return {"id": id, "type": told["type"], "timestamp": told["timestamp"], "data": told["data"]}
    except (ValueError, KeyError, TypeError):
        raise NotTheChat("the body is no event") from None


def _signature(secret: str, content: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("a secret of a webhook looks like whsec_ and base64")
    return b"v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256))
