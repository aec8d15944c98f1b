"""A person who is present on this node, and what this node knows of their inbox.

| what is known        | fields            | it holds until                                      |
|----------------------|-------------------|-----------------------------------------------------|
| nothing              |                   | somebody looks                                      |
| the version          | `version`         | the next bell, or until a fan-out of ours claims it |
| the newest entries   | `tail`, `version` | the same                                            |
| no session was ended | `calm_from`       | a version that arrives unread                       |

Every bell makes this node forget the version and gives it a new `stamp`. A read that began before the bell brings an
old stamp with it, and is not believed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import count

from chatserver.cursor import Cursor
from chatserver.model import UNKNOWN, Entry, KnownVersion, Owed, Tail
from chatserver.polls.waiter import Ephemeral, Waiter

ENDS = ("session", "sessions", UNKNOWN)  # entries that end sessions, or may
_stamps = count()


@dataclass(slots=True, eq=False)
class Present:
    user_id: int
    waiters: list[Waiter] = field(default_factory=list)  # lists: sets and deques are larger
    epoch: str = ""
    version: int | None = None  # where the inbox stands, None when something has rung since it was read
    confirmed_at: float = 0.0  # monotonic time of the read that said so
    stamp: int = field(default_factory=partial(next, _stamps))  # changes with every bell
    tail: Tail | None = None  # the newest entries, when this node wrote them or read them ahead
    highest_version: int = -1  # of all that were ever known here
    calm_from: int = 0  # no entry after this version, up to `highest_version`, ended a session
    leaves_at: float = 0.0
    owed: tuple[Owed, ...] = ()  # the notifications that are owed, as last read
    given: frozenset[int] = frozenset()  # of those, what a device was given just now
    ephemerals: list[Ephemeral] = field(default_factory=list)
    # (session, client, serial of the last ephemeral event that this client was given)
    names: list[tuple[int, str | None, int]] = field(default_factory=list)

    def named(self, session_id: int, client: str | None) -> list[Waiter]:
        return [w for w in self.waiters if w.actor.session_id == session_id and w.client == client]

    def last_serial(self, session_id: int, client: str | None) -> int | None:
        """The serial of the last ephemeral event that the client has got; None when it never polled here."""
        return next((serial for s, c, serial in self.names if s == session_id and c == client), None)

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
        """A read that began at `at` found the inbox at `version`; `stamp` is the one from before that read."""
        if version > self.highest_version:  # nobody has looked at the entries that came with it
            self.highest_version = self.calm_from = version
        if stamp == self.stamp and at >= self.confirmed_at:
            self.version, self.confirmed_at = version, at

    def read(self, tail: Tail, at: float, stamp: int) -> None:
        """The same for a read that brought the newest entries as well."""
        if tail.epoch != self.epoch:
            self.epoch, self.highest_version = tail.epoch, -1
        if tail.version >= self.highest_version:  # not one that was read before and comes late
            self.owed = tail.owed
            if self.given:
                self.given &= {one.id for one in tail.owed}
        if tail.version > self.highest_version:
            missed = tail.version - self.highest_version
            if missed <= len(tail.entries) and not any(e.kind in ENDS for e in tail.entries[-missed:]):
                self.highest_version = tail.version
        self.confirm(tail.version, at, stamp)

    def foresee(self, tail: Tail, at: float, stamp: int) -> None:
        """The same, and the entries are kept: whoever is woken now finds them here and reads nothing."""
        self.read(tail, at, stamp)
        if tail.entries and tail.version == self.version:
            self.tail = tail

    def calm_since(self, version: int) -> bool:
        """Whether it is known that no entry after `version` ended a session."""
        return self.version is not None and self.calm_from <= version <= self.version

    def forget(self) -> None:
        """A bell rang: the inbox may have moved."""
        self.version = self.tail = None
        self.stamp = next(_stamps)

    def claim(self, now: float) -> KnownVersion | None:
        """Where the inbox stands, for a fan-out of ours that demands to find it there; None when that is not known.

        From then on nothing is known here, until the fan-out says that it `moved` the inbox or somebody looks.
        """
        version = self.version
        if version is None or not self.epoch:
            return None
        self.forget()
        return KnownVersion(self.epoch, version, now, self.stamp)

    def moved(self, before: KnownVersion, entry: Entry) -> None:
        """The fan-out found the inbox as it was claimed. So `entry` is its next one, and nobody has to read it."""
        if (before.epoch, before.version) == (self.epoch, self.highest_version):
            self.highest_version += 1
        if before.stamp == self.stamp and (self.version or 0) <= before.version:
            self.stamp = next(_stamps)  # a read that is under way may have found the inbox as it was before
            self.version, self.confirmed_at = before.version + 1, before.at
            self.tail = Tail(before.epoch, self.version, (entry,))

    def knows(self, entry: Entry) -> bool:
        """Whether a bell for this entry says nothing that is not known here."""
        return self.tail is not None and self.tail.entries[-1] == entry and self.tail.version == self.version

    def after(self, place: Cursor) -> Tail | None:
        """The entries that follow `place`, when they are here; None when they have to be read."""
        tail = self.tail
        if tail is None or tail.version != self.version or tail.epoch != place.epoch or place.offset:
            return None
        return tail if tail.oldest_version <= place.version < tail.version else None
