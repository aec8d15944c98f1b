"""Which other sites may call from a browser: those in `cors_origins`, by exact name, without cookies."""

from __future__ import annotations

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
TAKEN = "Authorization, Content-Type, Idempotency-Key, X-Request-Id, Range, If-Range, If-None-Match"


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
        handler.set_header("Access-Control-Allow-Headers", TAKEN)
        handler.set_header("Access-Control-Max-Age", "600")
