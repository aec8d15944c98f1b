"""Static files under an address that changes with their content, so that browsers may keep them for ever.

The hash stands in the path and not in a query: relative imports between modules then carry it by themselves.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


class Assets:
    def __init__(self, root: Path) -> None:
        self.root = root
        digest = hashlib.sha256()
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            digest.update(str(file.relative_to(root)).encode())
            digest.update(file.read_bytes())
        self.version = digest.hexdigest()[:16]

    def url(self, path: str) -> str:
        """Raises FileNotFoundError: a template that names a missing file should not be served."""
        if not (self.root / path).is_file():
            raise FileNotFoundError(self.root / path)
        return f"/static/v-{self.version}/{path}"
