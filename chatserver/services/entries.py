"""From inbox entries to events. An event's id is its place in the inbox, so it is the same whenever it is given.

Which messages are wanted is for the entries alone to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import msgspec

from chatserver import metrics, wire
from chatserver.clock import Clock
from chatserver.cursor import Cursor
from chatserver.model import (
    MAX_SEQ,
    SEQ_BITS,
    Actor,
    Entry,
    Fact,
    Message,
    Notification,
    Owed,
    Tail,
    User,
    message_id,
)
from chatserver.ports import FactStore, NotificationStore
from chatserver.services.accounts import Accounts
from chatserver.services.bodies import Bodies, Body
from chatserver.services.conversation_views import ConversationViews
from chatserver.services.conversations import Conversations
from chatserver.services.links import Links
from chatserver.services.member_views import MemberViews
from chatserver.services.receipts import Receipts

REASONS = ("left", "removed", "banned")  # why somebody is no member any more, by the `ref` of the entry
# Entries that only clients with a cursor are told of: the original ones find what has changed in the history.
LATER_KINDS = ("change", "facts", "joined", "left", "mine")
ABOUT_MESSAGES = ("messages", "read", "change")  # entries whose seqs are those of messages
_NAMED_BY_MESSAGE = 1 << 52  # ids of events that are made of a message's id, not of a place in the inbox
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Batch:
    """Encoded events, and the place after them. `more`: the inbox holds further ones.

    `given`: the new messages among the events. `notified`: the ids of the notifications.
    """

    events: list[bytes]
    place: Cursor
    more: bool
    revoked: bool = False
    given: Sequence[Body] = ()
    notified: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One step of an entry: `seq` is 0 where the entry is no range."""

    entry: Entry
    version: int
    index: int
    seq: int

    @property
    def event_id(self) -> int:
        return self.version << SEQ_BITS | self.index

    @property
    def message_id(self) -> int:
        return message_id(self.entry.conversation_id, self.seq)

    @property
    def fact_id(self) -> int:
        """0 where it is none: ids of facts are made like those of messages."""
        return self.message_id if self.entry.kind == "facts" else 0


@dataclass(frozen=True, slots=True)
class Named:
    """All that entries name, by id."""

    bodies: dict[int, Body]
    visible: set[int]  # of the changed messages, those that the reader may see
    facts: dict[int, Fact]
    notifications: dict[int, Notification]
    users: dict[int, User]
    conversations: dict[int, wire.Json]
    members: dict[tuple[int, int], wire.Json]  # by conversation and user
    mine: dict[int, wire.Json]  # by conversation: what is the reader's own about it


class Entries:
    def __init__(
        self,
        facts: FactStore,
        notifications: NotificationStore,
        accounts: Accounts,
        conversations: Conversations,
        bodies: Bodies,
        receipts: Receipts,
        conversation_views: ConversationViews,
        member_views: MemberViews,
        links: Links,
        clock: Clock,
    ) -> None:
        self._conversation_views = conversation_views
        self._member_views = member_views
        self._facts = facts
        self._notifications = notifications
        self._accounts = accounts
        self._conversations = conversations
        self._bodies = bodies
        self._receipts = receipts
        self._links = links
        self._clock = clock

    async def batch(self, actor: Actor, place: Cursor, tail: Tail, limit: int, extended: bool) -> Batch:
        """At most `limit` steps from `place` on, less those that are not for this session.

        `extended`: whether this client knows more than the original ones, such as changed messages and groups.
        Raises Unavailable.
        """
        if place.version == tail.version:
            return Batch([], place, False)
        if (known := self._known_batch(actor, place, tail, extended)) is not None:
            return known
        items = list(islice(_items(place, tail), limit))
        revoked = any(_revokes(item.entry, actor.session_id) for item in items)
        named = await self._look_up(actor, items, tail, extended)
        told = [item for item in items if _is_told(actor, item, named, extended)]
        given = [named.bodies[item.message_id] for item in told if item.entry.kind == "messages"]
        events = [event for item in told if (event := self._event_of(actor, item, named)) is not None]
        after = _after(items[-1], tail.epoch) if items else Cursor(tail.epoch, tail.version)
        return Batch(events, after, after.version < tail.version, revoked, given, list(named.notifications))

    async def with_owed(self, owed: Sequence[Owed], batch: Batch) -> Batch:
        """Behind these notifications, whose events are what the inbox gave or would have given. Raises Unavailable."""
        found = await self._notifications.by_ids(one.id for one in owed)
        events = [
            _notification_event(one.version << SEQ_BITS, found[one.id]) for one in owed if one.id in found
        ]
        notified = [*(one.id for one in owed), *batch.notified]
        return replace(batch, events=events + batch.events, notified=notified)

    def with_missed(self, actor: Actor, missed: Sequence[Body], batch: Batch) -> Batch:
        """Behind these messages, which no entry names any more: their events have ids made of their own."""
        events = [
            self._told(actor, body, "message", _NAMED_BY_MESSAGE | body.message.id % _NAMED_BY_MESSAGE)
            for body in missed
        ]
        return replace(batch, events=events + batch.events, given=[*missed, *batch.given])

    def delivered(self, actor: Actor, batch: Batch) -> None:
        """These events have reached a device of this person."""
        now = self._clock.now()
        for body in batch.given:
            message = body.message
            if message.sender_id != actor.user_id:
                self._receipts.delivered(actor.user_id, body.conversation, message.seq)
            late = (now - message.created_at).total_seconds()
            metrics.DELIVERY_SECONDS.observe(max(0.0, late))

    def _known_batch(self, actor: Actor, place: Cursor, tail: Tail, extended: bool) -> Batch | None:
        """The same for what nearly every delivery is, one new message that is in memory: in a fifth of the time."""
        entry = tail.entries[-1]
        if place.version + 1 != tail.version or place.offset or entry.kind != "messages" or entry.size != 1:
            return None
        body = self._bodies.known(message_id(entry.conversation_id, entry.last))
        if body is None:
            return None
        after = Cursor(tail.epoch, tail.version)
        if not _is_for(actor, body, extended):
            return Batch([], after, False)
        event = self._told(actor, body, "message", tail.version << SEQ_BITS)
        return Batch([event], after, False, given=(body,))

    def _event_of(self, actor: Actor, item: Item, named: Named) -> bytes | None:
        """None for entries that concern the server alone, and for what is gone by now."""
        entry = item.entry
        if entry.kind == "messages":
            return self._told(actor, named.bodies[item.message_id], "message", item.event_id)
        if id := _changed_id(item, named.facts):
            return self._changed_event(actor, item, id, named)
        if entry.kind in ABOUT_MESSAGES and item.message_id not in named.bodies:
            return None
        if entry.kind == "read":
            return _read_event(actor, item, named.bodies[item.message_id].message, named.users)
        if entry.kind == "facts" and (fact := named.facts.get(item.fact_id)):
            return _fact_event(item, fact, named)
        if entry.kind == "joined":
            return _conversation_event(item, named, entry.at)
        if entry.kind == "left":
            data = {"conversation_id": entry.conversation_id, "reason": REASONS[entry.ref]}
            return _event(item.event_id, "conversation_removed", data, wire.moment(entry.at))
        if entry.kind == "notification" and (notification := named.notifications.get(entry.ref)):
            return _notification_event(item.event_id, notification)
        if entry.kind == "mine" and (my := named.mine.get(entry.conversation_id)):
            data = {"conversation_id": entry.conversation_id, "my": my}
            return _event(item.event_id, "my_conversation", data, wire.moment(entry.at))
        return None

    def _changed_event(self, actor: Actor, item: Item, id: int, named: Named) -> bytes | None:
        body = named.bodies.get(id) if id in named.visible else None
        return self._told(actor, body, "message_changed", item.event_id) if body is not None else None

    def _told(self, actor: Actor, body: Body, kind: str, event_id: int) -> bytes:
        return body.event(kind, event_id, self._links.to_file(actor, body.message))

    async def _look_up(self, actor: Actor, items: list[Item], tail: Tail, extended: bool) -> Named:
        facts = await self._wanted_facts(items, tail)
        wanted = {item.message_id for item in items if item.entry.kind in ABOUT_MESSAGES}
        # A change is told to all members, also of what was written before somebody came, or what they have put away.
        changed = {id for item in items if (id := _changed_id(item, facts))}
        visible = await self._conversations.visible(actor, changed) if extended and changed else set()
        return Named(
            await self._bodies.all(wanted | visible, _revs(tail, facts)),
            visible,
            facts,
            await self._wanted_notifications(items),
            await self._accounts.users(item.entry.user_id for item in items if item.entry.kind == "read"),
            *(await self._groups(actor, items, facts) if extended else ({}, {}, {})),
        )

    async def _groups(
        self, actor: Actor, items: list[Item], facts: dict[int, Fact]
    ) -> tuple[dict[int, wire.Json], dict[tuple[int, int], wire.Json], dict[int, wire.Json]]:
        """Conversations and members that have changed, and what is the actor's own, as they are now and may be seen."""
        told = [facts[item.fact_id] for item in items if item.fact_id in facts]
        ids = {fact.conversation_id for fact in told if fact.kind == "conversation"}
        ids |= {item.entry.conversation_id for item in items if item.entry.kind == "joined"}
        changed = {(fact.conversation_id, fact.target) for fact in told if fact.kind == "member"}
        own = {item.entry.conversation_id for item in items if item.entry.kind == "mine"}
        if not ids and not changed and not own:
            return {}, {}, {}
        shown = await self._conversation_views.by_ids(actor, ids)
        mine = await self._conversation_views.mine(actor, own)
        return {one["id"]: one for one in shown}, await self._member_views.seen(actor, changed), mine

    async def _wanted_facts(self, items: list[Item], tail: Tail) -> dict[int, Fact]:
        """Those to be told, and what changed later in the same conversations: no message is told in words taken back."""
        told = {item.entry.conversation_id for item in items if item.entry.kind in ABOUT_MESSAGES}
        ids = {item.fact_id for item in items if item.entry.kind == "facts"}
        for entry in tail.entries:
            if entry.kind == "facts" and entry.conversation_id in told:
                ids.update(message_id(entry.conversation_id, n) for n in range(entry.first, entry.last + 1))
        return await self._facts.by_ids(ids) if ids else {}

    async def _wanted_notifications(self, items: list[Item]) -> dict[int, Notification]:
        wanted = [item.entry.ref for item in items if item.entry.kind == "notification"]
        return await self._notifications.by_ids(wanted) if wanted else {}


def _is_for(actor: Actor, body: Body, extended: bool) -> bool:
    """The session that sent a message knows it already, and the original clients know no groups."""
    return body.message.session_id != actor.session_id and (extended or body.conversation.is_direct)


def _is_told(actor: Actor, item: Item, named: Named, extended: bool) -> bool:
    """Whether this session is told of it. The original clients find what has changed in the history."""
    kind = item.entry.kind
    if kind == "messages":
        body = named.bodies.get(item.message_id)  # none of what was too old to be kept
        return body is not None and _is_for(actor, body, extended)
    return extended or kind not in LATER_KINDS


def _revs(tail: Tail, facts: dict[int, Fact]) -> dict[int, int]:
    """The messages that were changed, each with the rev that it must at least be told at."""
    changed = [(message_id(e.conversation_id, e.last), e.rev) for e in tail.entries if e.kind == "change"]
    changed += [(fact.about, fact.rev) for fact in facts.values() if fact.kind == "message"]
    revs: dict[int, int] = {}
    for id, rev in changed:
        revs[id] = max(rev, revs.get(id, 0))
    return revs


def _revokes(entry: Entry, session_id: int) -> bool:
    if entry.kind == "sessions":
        return session_id <= entry.rev and session_id != entry.ref
    return entry.kind == "session" and session_id == entry.ref


def _items(place: Cursor, tail: Tail) -> Iterator[Item]:
    skip = place.offset
    first = len(tail.entries) - (tail.version - place.version)
    for version, entry in enumerate(tail.entries[first:], place.version + 1):
        for index in range(skip, entry.size):
            yield Item(entry, version, index, entry.first + index if entry.last else 0)
        skip = 0


def _after(item: Item, epoch: str) -> Cursor:
    done = item.index + 1
    if done >= item.entry.size:
        return Cursor(epoch, item.version)
    return Cursor(epoch, item.version - 1, min(done, MAX_SEQ))


def _read_event(actor: Actor, item: Item, message: Message, users: dict[int, User]) -> bytes | None:
    """One for each message of others that was read, to its sender and to the reader's own devices."""
    reader_id = item.entry.user_id
    if message.sender_id == reader_id or actor.user_id not in (message.sender_id, reader_id):
        return None
    at = item.entry.at
    data = wire.read_receipt(item.entry.conversation_id, item.seq, users[reader_id], at)
    return _event(item.event_id, "read_receipt", data, wire.moment(at))


def _changed_id(item: Item, facts: dict[int, Fact]) -> int:
    """Of the message whose change it tells; 0 where it tells of anything else."""
    if item.entry.kind == "change":
        return item.message_id
    fact = facts.get(item.fact_id)
    return fact.about if fact is not None and fact.kind == "message" else 0


def _fact_event(item: Item, fact: Fact, named: Named) -> bytes | None:
    """Of a conversation or a member."""
    if fact.kind == "conversation":
        return _conversation_event(item, named, fact.at)
    member = named.members.get((fact.conversation_id, fact.target))
    if member is None:
        return None
    data = {"conversation_id": fact.conversation_id, "member": member}
    return _event(item.event_id, "member_changed", data, wire.moment(fact.at))


def _conversation_event(item: Item, named: Named, at: datetime | None) -> bytes | None:
    """None for who is no member any more."""
    conversation = named.conversations.get(item.entry.conversation_id)
    if conversation is None:
        return None
    return _event(item.event_id, "conversation_changed", {"conversation": conversation}, wire.moment(at))


def _notification_event(id: int, notification: Notification) -> bytes:
    data = wire.notification(notification)
    return _event(id, "notification", data, wire.moment(notification.created_at))


def _event(id: int, event: str, data: wire.Json, timestamp: str | None) -> bytes:
    return _encode({"id": id, "event": event, "data": data, "timestamp": timestamp})
