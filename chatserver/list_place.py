"""How far a client got in its list of conversations. Opaque to it: keep it, give it back as `after`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chatserver.errors import Invalid

_TEXT = re.compile(r"(p?)([0-9]{1,14})-([0-9]{1,16})", re.ASCII)
NEVER = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Behind the conversation whose newest message was this one then; one without a message comes behind all others."""

    at: datetime
    message_id: int
    pinned: bool = False  # where pinned ones come first: among those

    def __str__(self) -> str:
        return f"{'p' * self.pinned}{(self.at - NEVER) // _MILLISECOND}-{self.message_id}"

    @classmethod
    def parse(cls, text: str) -> ListPlace:
        """Raises Invalid."""
        found = _TEXT.fullmatch(text)
        try:
            if found is not None:
                return cls(NEVER + int(found[2]) * _MILLISECOND, int(found[3]), bool(found[1]))
        except OverflowError:
            pass
        raise Invalid.field("after", "is no place in this list that the server gave")
