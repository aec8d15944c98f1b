"""The pages of a conversation's log, which list the words of its messages: what search looks at first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chatserver.model import MAX_SEQ

PAGE = 64  # messages; a power of 2 that MAX_SEQ + 1 is a multiple of, so that no page belongs to two conversations


@dataclass(frozen=True, slots=True)
class WordPage:
    """Messages `number * PAGE + 1` to `(number + 1) * PAGE` of a conversation."""

    conversation_id: int
    number: int
    newest_at: datetime

    @property
    def span(self) -> tuple[int, int, int]:
        return span_of(self.conversation_id, self.number)


def span_of(conversation_id: int, number: int) -> tuple[int, int, int]:
    """(conversation, after, last) of a page's messages."""
    return conversation_id, number * PAGE, min(MAX_SEQ, (number + 1) * PAGE)


def page_of(seq: int) -> int:
    return (seq - 1) // PAGE
