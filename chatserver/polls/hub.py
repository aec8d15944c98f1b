"""Held polls of this process, and who is present in it: being held or lingering for a while after.

A waiter registers first, looks second, waits third: a bell between any two of these finds it registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chatserver import metrics
from chatserver.clock import Clock
from chatserver.model import Actor, Advance, Entry, KnownVersion
from chatserver.polls.present import Present
from chatserver.polls.waiter import Ended, Ephemeral, Waiter
from chatserver.ports import Bus

EPHEMERALS = 32  # kept per person for the moment between two polls
NAMES = 32  # (session, client) pairs remembered per person


class Hub:
    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        linger_secs: float,
        held_polls: int,
        turned: Callable[[int, bool], None] = lambda *_: None,
    ) -> None:
        """`turned(user_id, present)` is called when somebody comes to this node or leaves it."""
        self._bus = bus
        self._clock = clock
        self._linger_secs = linger_secs
        self._held_polls = held_polls
        self._turned = turned
        self._present: dict[int, Present] = {}
        self._lingering: dict[int, Present] = {}  # of them, who is not held, in the order in which they leave
        self.unsettled: dict[int, Present] = {}  # of them, whose bells may not come here yet
        self._serial = 0
        self._in_doubt = False
        self._draining = False

    def enter(self, actor: Actor, client: str | None) -> tuple[Present, Waiter, bool]:
        """Register a poll; always `leave` it. An older one of the same client ends.

        The flag tells whether this client's last poll was here: if not, another node may hold an older one.
        """
        present = self._present.get(actor.user_id)
        if present is None:
            present = Present(actor.user_id)
            self._present[actor.user_id] = self.unsettled[actor.user_id] = present
            self._bus.bind(actor.user_id)
            self._turned(actor.user_id, True)
        serial = present.last_serial(actor.session_id, client)
        waiter = Waiter(actor, client, self._clock.now().timestamp(), serial or 0)
        olders = present.named(actor.session_id, client) if client is not None else []
        for older in olders:
            older.end(Ended.SUPERSEDED)
        if len(present.waiters) >= self._held_polls:
            self._make_room(present)
        present.waiters.append(waiter)
        self._lingering.pop(actor.user_id, None)
        metrics.HELD_POLLS.inc()
        if self._draining:
            waiter.end(Ended.DRAINING)
        return present, waiter, serial is not None or bool(olders)

    def leave(self, present: Present, waiter: Waiter) -> None:
        try:
            present.waiters.remove(waiter)
        except ValueError:  # it was disconnected meanwhile
            return
        metrics.HELD_POLLS.dec()
        if not present.waiters and self._present.get(present.user_id) is present:
            present.leaves_at = self._clock.monotonic() + self._linger_secs
            self._lingering[present.user_id] = present
        present.forget_name(waiter.actor.session_id, waiter.client)
        if waiter.ended is not Ended.SUPERSEDED:
            present.names.append((waiter.actor.session_id, waiter.client, waiter.last_serial))
            del present.names[:-NAMES]

    def get(self, user_id: int) -> Present | None:
        return self._present.get(user_id)

    def __iter__(self) -> Iterator[Present]:
        return iter(self._present.values())

    def __len__(self) -> int:
        return len(self._present)

    def ring(self, user_ids: Iterable[int]) -> None:
        """Make these people's polls look into the inbox: at once where one is held, else with the next poll."""
        for present in self.forget_inboxes(user_ids):
            present.wake()

    def forget_inboxes(self, user_ids: Iterable[int], entry: Entry | None = None) -> list[Present]:
        """Forget what is known of the inboxes of these, and return those who are present: the caller wakes them.

        `entry` is all that has happened, where that is known. An inbox that is known to end with it is not forgotten.
        """
        presents = [present for id in user_ids if (present := self._present.get(id))]
        for present in presents:
            if entry is None or not present.knows(entry):
                present.forget()
        return presents

    def unsettle(self) -> None:
        """Bells for anybody may have been lost."""
        self.unsettled = dict(self._present)

    def doubt(self) -> None:
        """Something rang that nobody here understands: the next check looks at everyone, however often it rang."""
        self._in_doubt = True

    def take_doubt(self) -> bool:
        doubt, self._in_doubt = self._in_doubt, False
        return doubt

    def claim(self, user_ids: Iterable[int]) -> dict[int, KnownVersion]:
        """Where the inboxes of those present stand, if that is known, for a fan-out that demands to find them there."""
        now = self._clock.monotonic()
        presents = (present for id in user_ids if (present := self._present.get(id)))
        claims = ((present.user_id, present.claim(now)) for present in presents)
        return {user_id: claim for user_id, claim in claims if claim is not None}

    def moved(self, claims: Mapping[int, KnownVersion], advances: Iterable[Advance]) -> None:
        """A fan-out found all inboxes as they were claimed, and moved them by these advances.

        Claims are for direct conversations alone. One whose message was refused is left over, and says nothing of what
        moved that inbox for a group.
        """
        for advance in advances:
            for user_id in claims.keys() & advance.member_ids if advance.is_direct else ():
                present = self._present.get(user_id)
                if present is not None:
                    entry = Entry("messages", advance.conversation_id, advance.first, advance.last)
                    present.moved(claims[user_id], entry)

    def push(
        self,
        user_id: int,
        key: tuple[Any, ...],
        event: str,
        data: dict[str, Any],
        secs: float,
        extended: bool,
        but_session: int | None = None,
    ) -> None:
        """Give an ephemeral event to this person, if present, in place of an older one of the same key."""
        present = self._present.get(user_id)
        if present is None:
            return
        self.retract(user_id, key)
        if len(present.ephemerals) == EPHEMERALS:
            del present.ephemerals[0]
            metrics.EPHEMERAL_DROPPED.labels("full").inc()
        self._serial += 1
        expires = self._clock.monotonic() + secs
        present.ephemerals.append(Ephemeral(self._serial, key, event, data, expires, extended, but_session))
        present.wake(but_session)

    def retract(self, user_id: int, key: tuple[Any, ...]) -> None:
        present = self._present.get(user_id)
        if present is not None:
            present.ephemerals[:] = [known for known in present.ephemerals if known.key != key]

    def take_ephemerals(self, present: Present, waiter: Waiter, extended: bool) -> list[Ephemeral]:
        """The events that this client has not been given and that still hold, oldest first."""
        if not present.ephemerals:
            return []
        now = self._clock.monotonic()
        while present.ephemerals and present.ephemerals[0].expires < now:
            del present.ephemerals[0]
        fresh = [
            e
            for e in present.ephemerals
            if e.serial > waiter.last_serial
            and (extended or not e.extended)
            and e.but_session != waiter.actor.session_id
        ]
        if present.ephemerals:
            waiter.last_serial = present.ephemerals[-1].serial
        return fresh

    def supersede(self, user_id: int, session_id: int, client: str, started: float) -> None:
        """End this client's polls here, because another node holds a newer one. Two that started at once both stay."""
        present = self._present.get(user_id)
        if present is None:
            return
        present.forget_name(session_id, client)
        for waiter in present.named(session_id, client):
            if waiter.started < started:
                waiter.end(Ended.SUPERSEDED)

    def revoke(self, user_id: int, over: Callable[[int], bool]) -> None:
        """End the polls of sessions that are `over`."""
        for waiter in self._of_sessions(user_id, over):
            waiter.end(Ended.REVOKED)

    def prove(self, user_id: int, over: Callable[[int], bool]) -> None:
        """Sessions are said to be `over`: their polls see for themselves whether that is so."""
        for waiter in self._of_sessions(user_id, over):
            waiter.unproved = True
            waiter.wake()

    def disconnect(self, user_id: int) -> None:
        """This person is gone, at once: their polls end, and nobody lingers."""
        present = self._present.pop(user_id, None)
        if present is not None:
            for waiter in list(present.waiters):
                waiter.end(Ended.GONE)
                self.leave(present, waiter)
            self._depart(user_id)

    def expire(self) -> None:
        """Let go of those who have lingered long enough. The check calls it."""
        now = self._clock.monotonic()
        while self._lingering:
            first = next(iter(self._lingering.values()))
            if first.leaves_at > now:
                break
            del self._present[first.user_id]
            self._depart(first.user_id)
        metrics.PRESENT_USERS.set(len(self._present))

    def close(self) -> None:
        """Answer every held poll, and every later one at once."""
        self._draining = True
        for present in self._present.values():
            for waiter in present.waiters:
                waiter.end(Ended.DRAINING)

    def _make_room(self, present: Present) -> None:
        """End the oldest polls of this person, so that there is a place for one more. Those that ended leave anyway."""
        held = sorted((w for w in present.waiters if w.ended is None), key=lambda w: w.started)
        for oldest in held[: len(held) - self._held_polls + 1]:
            oldest.end(Ended.CROWDED)

    def _of_sessions(self, user_id: int, chosen: Callable[[int], bool]) -> list[Waiter]:
        present = self._present.get(user_id)
        return [w for w in present.waiters if chosen(w.actor.session_id)] if present else []

    def _depart(self, user_id: int) -> None:
        self._lingering.pop(user_id, None)
        self.unsettled.pop(user_id, None)
        self._bus.unbind(user_id)
        self._turned(user_id, False)
