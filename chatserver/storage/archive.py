"""The file that a backup is: a zip with the documents of each collection as `NAME.bson`, and `manifest.json`.

The .bson files are what MongoDB's own tools read, should this program ever not be at hand. The manifest comes last, so
that a file cut short has none.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from chatserver.errors import EX_DATAERR, StartupError

FORMAT = 1
MANIFEST = "manifest.json"
LEVEL = 3  # of compression: text shrinks well already, and the reading database waits for us
READ_BYTES = 1 << 20
LARGEST_DOCUMENT_BYTES = 17 << 20

Progress = Callable[[int], None]


@dataclass(slots=True)
class Part:
    """One collection. `indexes` in MongoDB's extended JSON."""

    documents: int
    sha256: str
    indexes: list[Any]


@dataclass(slots=True)
class Manifest:
    version: str  # of the server that wrote it
    mongodb: str
    created_at: str
    cluster_time: (
        int | None
    )  # the moment, in seconds of the database's own clock, at which all of it was true
    format: int = FORMAT
    collections: dict[str, Part] = field(default_factory=dict)

    @property
    def documents(self) -> int:
        return sum(part.documents for part in self.collections.values())


class Writing:
    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)

    def member(self, name: str) -> WritingMember:
        return WritingMember(self._zip.open(f"{name}.bson", "w", force_zip64=True))

    def finish(self, manifest: Manifest) -> None:
        self._zip.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        self._zip.close()


class WritingMember:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.documents = 0

    def write(self, batch: bytes) -> int:
        """Whole documents, one after the other. How many there were."""
        self._file.write(batch)
        self._digest.update(batch)
        count = position = 0
        while position < len(batch):
            position += int.from_bytes(batch[position : position + 4], "little")
            count += 1
        self.documents += count
        return count

    def close(self, indexes: list[Any]) -> Part:
        self._file.close()
        return Part(self.documents, self._digest.hexdigest(), indexes)


class Reading:
    """Raises StartupError for a file that is not, or not wholly, a backup."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = _manifest(json.loads(self._zip.read(MANIFEST)))
        except OSError as error:
            raise StartupError(f"{path}: {error.strerror or error}", EX_DATAERR) from None
        except (zipfile.BadZipFile, KeyError):
            raise self._damaged("it is no backup of this server, or not all of one") from None
        except (ValueError, TypeError):
            raise self._damaged("its manifest is not understood") from None
        if self.manifest.format > FORMAT:
            raise self._damaged(
                f"it is of chatserver {self.manifest.version}; restore with that or a newer one"
            )

    def check(self, progressed: Progress) -> None:
        """Read all of it and compare with the manifest."""
        for name, part in self.manifest.collections.items():
            digest, count = hashlib.sha256(), 0
            for document in self.documents(name):
                digest.update(document)
                count += 1
                progressed(1)
            if (count, digest.hexdigest()) != (part.documents, part.sha256):
                raise self._damaged(f"{name} is not what was written")

    def documents(self, name: str) -> Iterator[bytes]:
        try:
            with self._zip.open(f"{name}.bson") as file:
                while head := file.read(4):
                    size = int.from_bytes(head, "little")
                    if not 5 <= size <= LARGEST_DOCUMENT_BYTES:
                        raise self._damaged(f"{name} holds what is no document")
                    yield head + file.read(size - 4)
        except (zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
            raise self._damaged(f"{name} cannot be read ({error})") from None
        except Exception as error:
            if type(error).__module__ != "zlib":
                raise
            raise self._damaged(f"{name} cannot be read ({error})") from None

    def close(self) -> None:
        self._zip.close()

    def _damaged(self, why: str) -> StartupError:
        return StartupError(f"{self._path} cannot be used: {why}", EX_DATAERR)


def _manifest(found: dict[str, Any]) -> Manifest:
    parts = {name: Part(**part) for name, part in found.pop("collections").items()}
    return Manifest(collections=parts, **found)
