"""What a node keeps of messages to tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from chatserver.clock import Clock
from chatserver.model import Conversation, Message, User
from chatserver.services.bodies import KEPT, SHORT_CHARS, Bodies

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Everybody:
    """Knows whoever wrote a message and the conversation that it is in, and has no messages to read."""

    by_ids = None

    def known(self, asked: Any) -> Any:
        return {1: User(1, "ann", "Ann", None)} if asked == [1] else Conversation(asked, "direct", (1, 2))


def bodies() -> Bodies:
    everybody: Any = Everybody()
    return Bodies(everybody, everybody, everybody, cast(Clock, None))


def known(kept: Bodies, last: int) -> list[Message]:
    """What of the messages 1 … `last` can be told without a read."""
    return [body.message for id in range(1, last + 1) if (body := kept.known(id))]


def message(id: int, text: str) -> Message:
    return Message(id, 1, id, 1, 1, id, text, None, NOW)


def test_long_messages_take_the_place_of_several_short_ones() -> None:
    short, kept = bodies(), bodies()
    for id in range(1, KEPT + 101):
        short.remember(message(id, "short"))
        kept.remember(message(id, "short"))
    assert len(known(short, KEPT + 100)) == KEPT

    for id in range(KEPT + 101, 2 * KEPT):
        kept.remember(message(id, "x" * 64_000))
    found = known(kept, 2 * KEPT)
    assert found and sum(len(one.text) for one in found) <= KEPT * SHORT_CHARS


def test_a_message_of_any_length_is_kept() -> None:
    kept = bodies()
    kept.remember(message(1, "x" * (KEPT * SHORT_CHARS * 2)))
    assert [one.id for one in known(kept, 1)] == [1]
