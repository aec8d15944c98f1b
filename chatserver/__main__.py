"""`python -m chatserver` and the installed `chatserver` command: `commands`, wherever this installation has it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path


def main() -> None:
    package = Path(__file__).resolve().parent
    installed = package / "site"  # where a wheel carries it; a checkout has it beside this package
    root = installed if installed.is_dir() else package.parent
    sys.path.insert(0, str(root))
    runpy.run_module("commands", run_name="__main__")


if __name__ == "__main__":
    main()
