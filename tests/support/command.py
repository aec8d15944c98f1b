"""The `chatserver` command as an operator types it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.server import ROOT, clean_environment


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self
        return json.loads(self.out)


def chatserver(
    *arguments: str | Path, env: dict[str, str] | None = None, input: str = "", within: float = 150.0
) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-m", "chatserver", *map(str, arguments)],
        cwd=ROOT,
        env=clean_environment() | (env or {}),
        input=input,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)
