"""Static files under an address that changes with their content, so that browsers may keep them for ever.

The hash stands in the path and not in a query: relative imports between modules then carry it by themselves.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
from pathlib import Path

TEXT = {".js", ".css", ".svg", ".json", ".webmanifest"}


class Assets:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._files: dict[str, Path] = {}
        self._compressed: dict[Path, bytes] = {}
        digest = hashlib.sha256()
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            self._files[file.relative_to(root).as_posix()] = file
            digest.update(str(file.relative_to(root)).encode())
            digest.update(file.read_bytes())
        self.version = digest.hexdigest()[:16]

    def url(self, path: str) -> str:
        """Raises FileNotFoundError: a template that names a missing file should not be served."""
        if not (self.root / path).is_file():
            raise FileNotFoundError(self.root / path)
        return f"/static/v-{self.version}/{path}"

    def compressed(self, path: str) -> bytes | None:
        """The file as gzip, made once however its path is spelled; None where that saves nothing, and for no file."""
        file = self._files.get(posixpath.normpath(path))
        if file is None or file.suffix not in TEXT:
            return None
        if file not in self._compressed:
            self._compressed[file] = gzip.compress(file.read_bytes(), mtime=0)
        return self._compressed[file]
