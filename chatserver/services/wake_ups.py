"""A message to many who are held here: what each would look up is read once, and then all of them are woken.

While that runs further messages collect, and are read for together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from chatserver.clock import Clock
from chatserver.errors import ChatError
from chatserver.model import Entry, Message
from chatserver.polls.hub import Hub
from chatserver.polls.inbox_reads import InboxReads
from chatserver.polls.present import Present
from chatserver.services.bodies import Bodies

log = structlog.get_logger(__name__)

MANY = 8  # for fewer a read ahead is no less work than a look each, which share one read as well
AHEAD_SECS = 1.0  # a database that takes longer for it is better asked by each, who tries again
MOST_ENTRIES = 8


class WakeUps:
    def __init__(self, hub: Hub, inbox_reads: InboxReads, bodies: Bodies, clock: Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._inbox_reads = inbox_reads
        self._bodies = bodies
        # Each with the session that is left asleep: the sender's own has nothing to get from its message.
        self._stirred: dict[Present, int | None] = {}
        self._newest: dict[int, int] = {}  # conversation → message
        self._rung = 0
        self._waking: asyncio.Task[None] | None = None

    def ring(self, user_ids: tuple[int, ...], message: Message) -> None:
        """This message was put into the inboxes of these."""
        entry = Entry("messages", message.conversation_id, message.seq, message.seq)
        presents = [present for present in self._hub.forget_inboxes(user_ids, entry) if present.waiters]
        if len(presents) < MANY:
            for present in presents:
                present.wake(message.session_id)
            return
        for present in presents:
            but_session = None if present in self._stirred else message.session_id
            self._stirred[present] = but_session
        self._newest[message.conversation_id] = message.id
        self._rung += 1
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._wake())

    async def _wake(self) -> None:
        while self._stirred:
            stirred, self._stirred = self._stirred, {}
            newest, self._newest = self._newest, {}
            rung, self._rung = self._rung, 0
            # One more than that: some have also had a message of their own.
            reads = (
                self._inbox_reads.ahead(stirred, min(rung + 1, MOST_ENTRIES)),
                self._bodies.all(newest.values(), {}),
            )
            found: Sequence[object] = ()
            with contextlib.suppress(TimeoutError):
                async with self._clock.limit(AHEAD_SECS):
                    found = await asyncio.gather(*reads, return_exceptions=True)
            for error in found:
                # Each of them will see for itself.
                if isinstance(error, BaseException) and not isinstance(error, ChatError):
                    log.error("not read ahead", people=len(stirred), exc_info=error)
            for present, but_session in stirred.items():
                present.wake(but_session)

    async def close(self) -> None:
        if self._waking is not None:
            await asyncio.gather(self._waking, return_exceptions=True)
