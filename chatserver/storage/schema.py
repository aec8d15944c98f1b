"""Which shape the documents of a database have: one number, written by the release that first gave them that shape.

A release knows the steps up to its own number, and takes them when it starts. What a newer one made it leaves alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from pymongo.errors import DuplicateKeyError

from chatserver import __version__
from chatserver.errors import EX_DATAERR, StartupError
from chatserver.storage.driver import Collection, Document

MARK = "schema"  # its `_id` among the marks
Step = Callable[[Mapping[str, Collection]], Awaitable[None]]


async def _numbered(collections: Mapping[str, Collection]) -> None:
    """0.1.0 kept no number; what it wrote is read as it is."""


# Step n makes schema n of schema n - 1. Each may be repeated, also by several nodes at once, and on an empty database.
STEPS: Sequence[Step] = (_numbered,)


@dataclass(frozen=True, slots=True)
class Schema:
    number: int
    release: str  # the first that wrote it


BEFORE = Schema(0, "0.1.0")


def schema_of(mark: Document | None) -> Schema:
    """`mark` as it is stored, if it is."""
    return Schema(int(mark["number"]), str(mark["release"])) if mark else BEFORE


def refuse_newer(found: Schema, what: str) -> None:
    """Raises StartupError when this release does not know it."""
    if found.number > len(STEPS):
        raise StartupError(
            f"{what} has schema {found.number} of chatserver {found.release}, and this is {__version__}, which knows"
            f" schema {len(STEPS)}; start {found.release} or newer, or restore a backup from before it",
            EX_DATAERR,
        )


async def bring_up(collections: Mapping[str, Collection]) -> None:
    """Take the steps that are missing. Raises StartupError for a database of a newer release, Unavailable."""
    marks = collections["marks"]
    while (found := schema_of(await marks.find_one({"_id": MARK}))).number < len(STEPS):
        for step in STEPS[found.number :]:
            await step(collections)
        reached = {"number": len(STEPS), "release": __version__}
        with contextlib.suppress(DuplicateKeyError):  # another node has come at least as far
            await marks.update_one(
                {"_id": MARK, "number": {"$not": {"$gte": len(STEPS)}}}, {"$set": reached}, upsert=True
            )
    refuse_newer(found, "this database")
