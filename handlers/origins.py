"""Which other sites may call from a browser: those in `cors_origins`, by exact name, without cookies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from handlers import rate_fields

EXPOSED = ", ".join(
    (
        *(
            "Retry-After",
            "Idempotency-Replayed",
            "X-Request-Id",
            "X-Ignored-Parameters",
            "Link",
            *rate_fields.NAMES,
        ),
        *("Accept-Ranges", "Content-Range", "ETag"),
    )
)
TAKEN = (
    "Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id", "Range", "If-Range", "If-None-Match",
)  # fmt: skip
ASKED = 32  # header names that one preflight may ask for, and how long they may be together
ASKED_CHARS = 2048
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def allow_origin(handler: Any, methods: Sequence[str]) -> None:
    allowed = handler.runtime.settings.cors_origins
    if not allowed:
        return
    handler.add_header("Vary", "Origin")
    origin = handler.request.headers.get("Origin")
    if origin not in allowed:
        return
    handler.set_header("Access-Control-Allow-Origin", origin)
    handler.set_header("Access-Control-Expose-Headers", EXPOSED)
    if handler.request.method == "OPTIONS":
        handler.set_header("Access-Control-Allow-Methods", ", ".join(methods))
        handler.add_header("Vary", "Access-Control-Request-Headers")
        asked = handler.request.headers.get("Access-Control-Request-Headers", "")
        handler.set_header("Access-Control-Allow-Headers", ", ".join(taken(asked)))
        handler.set_header("Access-Control-Max-Age", "600")


def taken(asked: str) -> list[str]:
    """The header names that a page may send: ours, and whatever else it asks for, such as the tenant of its own system.

    They are echoed and never a `*`, which browsers do not take for Authorization.
    """
    names = [name.strip() for name in asked[:ASKED_CHARS].split(",")[:ASKED]]
    ours = {name.lower() for name in TAKEN}
    return [*TAKEN, *(name for name in names if _NAME.fullmatch(name) and name.lower() not in ours)]
