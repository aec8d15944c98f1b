"""What a node keeps of messages to tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from chatserver.clock import Clock
from chatserver.model import Message
from chatserver.services.bodies import KEPT, SHORT_CHARS, Bodies

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Nobody:
    """Knows neither people nor conversations, and has no messages."""

    by_ids = None


def bodies() -> Bodies:
    nobody: Any = Nobody()
    return Bodies(nobody, nobody, nobody, cast(Clock, None))


def message(id: int, text: str) -> Message:
    return Message(id, 1, id, 1, 1, id, text, None, NOW)


def test_long_messages_take_the_place_of_several_short_ones() -> None:
    kept = bodies()
    for id in range(1, KEPT + 101):
        kept.remember(message(id, "short"))
    assert len(kept._messages) == KEPT

    for id in range(KEPT + 101, 2 * KEPT):
        kept.remember(message(id, "x" * 64_000))
    assert sum(len(one.text) for one in kept._messages.values()) <= KEPT * SHORT_CHARS


def test_a_message_of_any_length_is_kept() -> None:
    kept = bodies()
    kept.remember(message(1, "x" * (KEPT * SHORT_CHARS * 2)))
    assert list(kept._messages) == [1]
