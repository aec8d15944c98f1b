"""Where tests keep what nobody reads after them: in memory where there is room, so that no stalled disk fails one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 8 << 30  # a dozen databases are there at a time, each with a journal of 300 MB


def roomy_directory() -> Path:
    """The journal of a mongod waits for the disk: three seconds, now and then, on a virtual machine."""
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > ENOUGH_BYTES:
        return SHARED_MEMORY
    return Path(tempfile.gettempdir())
