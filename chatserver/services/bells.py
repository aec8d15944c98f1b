"""What a node does when a bell rings. A malformed bell is another node's mistake: counted, never fatal.

What a bell says may be long over: it ends no session and no poll that cannot be proved to be over, and stands for
nothing that is not written down.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from chatserver import metrics, wire
from chatserver.model import STRANGE, Bell, Message
from chatserver.polls.hub import Hub
from chatserver.sending.feed import BELL as FEED
from chatserver.sending.feed import Feed
from chatserver.services.bodies import Bodies
from chatserver.services.hooks import BELL as HOOKS
from chatserver.services.hooks import Hooks
from chatserver.services.presence import Presence
from chatserver.services.sessions import Sessions
from chatserver.services.typing import Typing
from chatserver.services.wake_ups import WakeUps

log = structlog.get_logger(__name__)

PRESENCE_SECS = 10.0  # how long a change of presence or delivery waits for the next poll


class Bells:
    def __init__(
        self,
        hub: Hub,
        wake_ups: WakeUps,
        bodies: Bodies,
        sessions: Sessions,
        typing: Typing,
        presence: Presence,
        feed: Feed,
        hooks: Hooks,
        overtaken: Callable[[Message], None],
    ) -> None:
        """`overtaken` is told of every message that another node stored."""
        self._hub = hub
        self._wake_ups = wake_ups
        self._bodies = bodies
        self._sessions = sessions
        self._typing = typing
        self._presence = presence
        self._overtaken = overtaken
        self._on: dict[str, Callable[[Bell], None]] = {
            "message": self._message,
            "inbox": lambda bell: hub.ring(bell.user_ids),
            "session": self._session,
            "sessions": self._many_sessions,
            "supersede": self._supersede,
            "disconnect": lambda bell: hub.disconnect(bell.body["user_id"]),
            "typing": typing.heard,
            "group_typing": typing.heard,
            "receipts": self._receipts,
            "draft": self._draft,
            "presence": self._ephemeral,
            "delivery_receipt": self._ephemeral,
            "nodes": presence.heard,
            FEED: feed.heard,
            HOOKS: hooks.heard,
            STRANGE: lambda bell: hub.doubt(),
        }

    def heard(self, bell: Bell) -> None:
        """Never raises. Kinds of newer nodes are ignored."""
        try:
            handle = self._on.get(bell.kind)
            if handle is not None:
                handle(bell)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            metrics.MALFORMED_BELLS.inc()
            self._hub.doubt()
            log.debug("malformed bell", kind=bell.kind, error=repr(error))  # there may be ten thousand

    def _message(self, bell: Bell) -> None:
        message = bell.message
        if message is None:
            message = wire.hinted_message(bell.body)
            self._overtaken(message)
        self._bodies.remember(message)
        self._wake_ups.ring(bell.user_ids, message)
        self._typing.ended(message)

    def _session(self, bell: Bell) -> None:
        user_id = bell.body["user_id"]
        self._hub.ring([user_id])
        self._sessions.distrust(user_id, bell.body["session_id"])

    def _many_sessions(self, bell: Bell) -> None:
        user_id = bell.body["user_id"]
        self._hub.ring([user_id])
        self._sessions.distrust_all(user_id, bell.body["but"], bell.body["last"])

    def _supersede(self, bell: Bell) -> None:
        for user_id in bell.user_ids:
            self._hub.supersede(user_id, bell.body["session_id"], bell.body["client"], bell.body["started"])

    def _receipts(self, bell: Bell) -> None:
        about = ("receipts", bell.body["conversation_id"], *bell.body["read"])
        for user_id in bell.user_ids:
            self._hub.push(user_id, about, "receipts", bell.body, PRESENCE_SECS, extended=True)

    def _draft(self, bell: Bell) -> None:
        body, session_id = bell.body["event"], bell.body["session_id"]
        about = ("draft", body["conversation_id"])
        for user_id in bell.user_ids:
            self._hub.push(user_id, about, "draft", body, PRESENCE_SECS, True, session_id)

    def _ephemeral(self, bell: Bell) -> None:
        about = (bell.kind, bell.body["user_id"], bell.body.get("conversation_id"))
        for user_id in bell.user_ids:
            self._hub.push(user_id, about, bell.kind, bell.body, PRESENCE_SECS, extended=True)
