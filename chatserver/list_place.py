"""How far a client got in its list of conversations. Opaque to it: keep it, give it back as `after`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chatserver.errors import Invalid

_TEXT = re.compile(r"([0-9]{1,14})-([0-9]{1,16})", re.ASCII)
_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Behind the conversation whose newest message was this one then."""

    at: datetime
    message_id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MILLISECOND}-{self.message_id}"

    @classmethod
    def parse(cls, text: str) -> ListPlace:
        """Raises Invalid."""
        found = _TEXT.fullmatch(text)
        try:
            if found is not None:
                return cls(_EPOCH + int(found[1]) * _MILLISECOND, int(found[2]))
        except OverflowError:
            pass
        raise Invalid.field("after", "is no place in this list that the server gave")
