"""A client's place in its inbox, its opaque text, and the one kept for a client that keeps none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chatserver.errors import CursorInvalid

_FORM = re.compile(r"([0-9a-f]{1,8}):(0|[1-9][0-9]{0,15})(?::([1-9][0-9]{0,7}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to `version` was given, and `offset` items of the entry after it."""

    epoch: str
    version: int
    offset: int = 0

    def __str__(self) -> str:
        text = f"{self.epoch}:{self.version}"
        return f"{text}:{self.offset}" if self.offset else text


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """`pending` is the place after an answer of which `node` does not know yet whether it got through."""

    place: Cursor
    pending: Cursor | None
    node: str


@dataclass(frozen=True, slots=True)
class PlaceClaim:
    """Before an answer: `place` becomes pending if `kept` is the place still, and nothing pending but of `pending_of`."""

    session_id: int
    kept: Cursor
    pending_of: str
    place: Cursor
    node: str

    def is_in(self, kept: KeptPlace | None) -> bool:
        return kept == KeptPlace(self.kept, self.place, self.node)


@dataclass(frozen=True, slots=True)
class PlaceMove:
    """After the answer that was to lead to `place`: nothing of it is pending any more, and it got through or not."""

    session_id: int
    answered: bool
    place: Cursor
    node: str


def parse_cursor(text: str) -> Cursor:
    """Raises CursorInvalid for anything `str(Cursor)` cannot have made."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise CursorInvalid("cursor: not one that this server gave")
    epoch, version, offset = match.groups()
    return Cursor(epoch, int(version), int(offset or 0))
