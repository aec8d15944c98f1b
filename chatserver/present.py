"""A person who is present on this node, and what is known of their inbox.

What a version is known to be is forgotten at every bell, so "known" always means "nothing has rung since".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import count

from chatserver.cursor import Cursor
from chatserver.model import Entry, Owed, Tail
from chatserver.standing import Standing
from chatserver.waiter import Ephemeral, Waiter

ENDS = ("session", "sessions")  # entries that end sessions
_stamps = count()


@dataclass(slots=True, eq=False)
class Present:
    user_id: int
    waiters: list[Waiter] = field(default_factory=list)  # lists: sets and deques are larger
    epoch: str = ""
    version: int | None = None  # of the inbox, if nothing has rung since it was read
    confirmed_at: float = 0.0
    stamp: int = field(default_factory=partial(next, _stamps))  # another one after every bell
    tail: Tail | None = None  # the end of the inbox, if this node wrote it or read it ahead
    seen: int = -1  # the highest version known at any time
    calm_from: int = 0  # no entry after this one and up to `seen` ended a session
    leaves_at: float = 0.0
    settled: bool = False  # looked at since its bells surely come here
    owed: tuple[Owed, ...] = ()  # as last read
    given: frozenset[int] = frozenset()  # of those, what a device was given just now
    ephemerals: list[Ephemeral] = field(default_factory=list)
    # Session, client, and the serial it has last seen.
    names: list[tuple[int, str | None, int]] = field(default_factory=list)

    def named(self, session_id: int, client: str | None) -> list[Waiter]:
        return [w for w in self.waiters if w.actor.session_id == session_id and w.client == client]

    def last_seen(self, session_id: int, client: str | None) -> int | None:
        """The serial of the last ephemeral event that the client has got; None when it never polled here."""
        return next((seen for s, c, seen in self.names if s == session_id and c == client), None)

    def forget_name(self, session_id: int, client: str | None) -> None:
        self.names = [name for name in self.names if name[0] != session_id or name[1] != client]

    def wake(self, but_session: int | None = None) -> None:
        for waiter in self.waiters:
            if waiter.actor.session_id != but_session:
                waiter.wake()

    def asleep_at(self) -> int | None:
        """The lowest version up to which anybody who is held has looked."""
        versions = [w.version for w in self.waiters if w.version is not None]
        return min(versions) if versions else None

    def confirm(self, version: int, at: float, stamp: int) -> None:
        """The inbox was at `version` at `at`."""
        if version > self.seen:  # what came with it was not looked at
            self.seen = self.calm_from = version
        if stamp == self.stamp and at >= self.confirmed_at:
            self.version, self.confirmed_at = version, at

    def read(self, tail: Tail, at: float, stamp: int) -> None:
        """The same, with the newest entries."""
        if tail.epoch != self.epoch:
            self.epoch, self.seen = tail.epoch, -1
        if tail.version >= self.seen:  # not one that was read before and comes late
            self.owed = tail.owed
            if self.given:
                self.given &= {one.id for one in tail.owed}
        if tail.version > self.seen:
            missed = tail.version - self.seen
            if missed <= len(tail.entries) and not any(e.kind in ENDS for e in tail.entries[-missed:]):
                self.seen = tail.version
        self.confirm(tail.version, at, stamp)

    def foresee(self, tail: Tail, at: float, stamp: int) -> None:
        """The same, and whoever is woken now needs no look."""
        self.read(tail, at, stamp)
        if tail.entries and tail.version == self.version:
            self.tail = tail

    def calm_since(self, version: int) -> bool:
        """Whether it is known that no session was ended after that."""
        return self.version is not None and self.calm_from <= version <= self.version

    def forget(self) -> None:
        """Something has happened."""
        self.version = self.tail = None
        self.stamp = next(_stamps)

    def claim(self, now: float) -> Standing | None:
        """Where the inbox stands, for a fan-out that is to find it there; None when that is not known.

        Until it has `moved` or somebody has looked nothing is known of it any more.
        """
        version = self.version
        if version is None or not self.epoch:
            return None
        self.forget()
        return Standing(self.epoch, version, now, self.stamp)

    def moved(self, before: Standing, entry: Entry) -> None:
        """A fan-out found the inbox as claimed: so `entry` is the one that follows, without a read."""
        if (before.epoch, before.version) == (self.epoch, self.seen):
            self.seen += 1
        if before.stamp == self.stamp and (self.version or 0) <= before.version:
            self.stamp = next(_stamps)  # a read under way may have seen the inbox as it was
            self.version, self.confirmed_at = before.version + 1, before.at
            self.tail = Tail(before.epoch, self.version, (entry,))

    def knows(self, entry: Entry) -> bool:
        """Whether a bell for this entry says nothing new."""
        return self.tail is not None and self.tail.entries[-1] == entry and self.tail.version == self.version

    def after(self, place: Cursor) -> Tail | None:
        """What follows, when that needs no read."""
        tail = self.tail
        if tail is None or tail.version != self.version or tail.epoch != place.epoch or place.offset:
            return None
        return tail if tail.oldest_version <= place.version < tail.version else None
