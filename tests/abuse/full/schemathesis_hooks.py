"""For Schemathesis: each call with a session that no earlier call has ended."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import schemathesis

_tokens = itertools.cycle(Path(os.environ["ABUSE_TOKENS"]).read_text().split())


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {next(_tokens)}"}
