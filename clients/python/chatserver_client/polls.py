"""A place among the events of one person, and how it moves."""

from __future__ import annotations

import uuid
from typing import Any

from chatserver_client.core import Answer, Call, json_of, refusal
from chatserver_client.shapes import Event

WAIT_SECS = 25  # what proxies let through as a rule; the server's own default is 5.5
ANSWER_SECS = 10.0


class Poll:
    """Give it to `Chat.poll` or `AsyncChat.poll`.

    `cursor` is where to begin: as a snapshot gave it, or as you kept it; without one, with what the token has not had.
    It moves behind a batch of events when the next is asked for: what you keep after each event is never ahead of your
    work, and after a crash some come again, with the same `id`. `client` names this place; of two polls with one name the
    newer lives. When you were away for too long an event `missed` comes: load afresh what you show.
    """

    def __init__(
        self, cursor: str | None = None, *, client: str | None = None, wait: int = WAIT_SECS
    ) -> None:
        self.cursor = cursor
        self.superseded = False
        self._next = cursor
        self._client = client or f"py-{uuid.uuid4()}"
        self._wait = wait

    def call(self) -> Call[list[Event]]:
        """One question, repeated for as long as nobody answers."""
        self.cursor = self._next
        return Call(
            "GET",
            "poll/events/",
            query={"cursor": self.cursor, "client": self._client, "wait": self._wait},
            patient=True,
            timeout_secs=self._wait * 1.1 + ANSWER_SECS,
            read=self._read,
        )

    def _read(self, answer: Answer) -> list[Event]:
        if answer.status == 410:
            self._next = str(refusal(answer).problem["cursor"])
            return [{"id": None, "event": "missed", "data": {"cursor": self._next}, "timestamp": None}]
        given: dict[str, Any] = json_of(answer)
        self._next, self.superseded = given["cursor"], given["superseded"]
        return list(given["events"])
