"""The words of messages, and the pages of a conversation's log that list them: what search looks at first."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from chatserver.model import MAX_SEQ

PAGE = 64  # messages; a power of 2 that MAX_SEQ + 1 is a multiple of, so that no page belongs to two conversations
# Of a message, and of a word: beyond any ordinary text, so that nobody makes pages that take seconds to list.
MOST_WORDS = 512
WORD_CHARS = 64
_WORD = re.compile(rf"(\w{{1,{WORD_CHARS}}})\w{{0,100000}}")
# To bring marks into their order takes the square of how many there are, so that is done for so many characters at once.
SLICE = 64


@dataclass(frozen=True, slots=True)
class Page:
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


def words(text: str) -> list[str]:
    """Each word once, in the form in which words are compared: without case and accents."""
    if not text.isascii():
        slices = (text[at : at + SLICE] for at in range(0, len(text), SLICE))
        apart = (unicodedata.normalize("NFKD", part) for part in slices)
        text = "".join(c for part in apart for c in part if not unicodedata.combining(c))
    return list(dict.fromkeys(_WORD.findall(text.casefold())))[:MOST_WORDS]
