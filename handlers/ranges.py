"""Parts of a file that never changes: what `Range`, `If-Range` and `If-None-Match` ask for (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tornado.httputil import HTTPHeaders

from chatserver.errors import RangeNotSatisfiable

# One span of bytes. Of several at once, and of what is no such field, the whole file may be given instead.
_SPAN = re.compile(r"bytes=[ \t]?([0-9]{0,19})-([0-9]{0,19})", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]{0,128}"')


@dataclass(frozen=True, slots=True)
class Span:
    """`start` up to, but without, `end`."""

    start: int
    end: int

    def content_range(self, size_bytes: int) -> str:
        return f"bytes {self.start}-{self.end - 1}/{size_bytes}"


def is_known(headers: HTTPHeaders, etag: str) -> bool:
    """Whether the client says that it has the file with this `etag` already."""
    asked = headers.get("If-None-Match", "").strip()
    return asked == "*" or etag in _TAG.findall(asked)


def asked_span(headers: HTTPHeaders, etag: str, size_bytes: int) -> Span | None:
    """The part that is asked for; None for the whole file. Raises RangeNotSatisfiable."""
    found = _SPAN.fullmatch(headers.get("Range", ""))
    # A date cannot be meant: we give none.
    if found is None or headers.get("If-Range", etag).strip() != etag:
        return None
    first, last = found[1], found[2]
    if first:
        start, end = int(first), int(last) + 1 if last else size_bytes
        if end <= start and last:
            return None  # is no span at all
    elif last:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        return None
    if start >= min(end, size_bytes):
        raise RangeNotSatisfiable(size_bytes)
    return Span(start, min(end, size_bytes))
