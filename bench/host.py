"""What the application around the chat asks a server for."""

from __future__ import annotations

import asyncio
from typing import Any

from bench.load import BASE, call_once, post
from bench.targets import Target
from tests.support.host import claims_of_host

ANSWER_SECS = 600.0


async def by_host(target: Target, scope: str, method: str, path: str, body: bytes = b"") -> Any:
    """With a token for this scope. Raises RuntimeError for a refusal."""
    head = (
        f"{method} {BASE}host/{path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {claims_of_host(scope)}\r\nContent-Length: "
    )
    async with asyncio.timeout(ANSWER_SECS):
        status, answer = await call_once(target.port, post(head.encode(), body))
    if status not in (200, 201, 202):
        raise RuntimeError(f"{method} {path}: {status} {answer}")
    return answer
