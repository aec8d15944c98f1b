"""The product's own Python files, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def sources() -> dict[str, str]:
    """Every product file by its path from the root, with forward slashes."""
    packages = ("chatserver", "commands", "handlers")
    files = [ROOT / "run.py", *(file for package in packages for file in ROOT.glob(f"{package}/**/*.py"))]
    return {file.relative_to(ROOT).as_posix(): file.read_text() for file in files if file.exists()}
