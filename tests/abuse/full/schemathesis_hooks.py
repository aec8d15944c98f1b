"""For Schemathesis: each call with a session that no earlier call has ended, or the host's token, and bodies of lines."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import schemathesis

HOST = "/api/v1/communication/host/"

_tokens = itertools.cycle(Path(os.environ["ABUSE_TOKENS"]).read_text().split())


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    token = os.environ["ABUSE_HOST_TOKEN"] if case.path.startswith(HOST) else next(_tokens)
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.serializer("application/jsonl")
def lines(context: Any, value: Any) -> bytes:
    return str(value).encode("utf-8", "replace")
