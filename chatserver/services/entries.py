"""From inbox entries to events. An event's id is its place in the inbox, so it is the same whenever it is given.

Bodies come from what bells brought, else from the log; which bodies are wanted is for the entries alone to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from cachetools import LRUCache

from chatserver import metrics, wire
from chatserver.clock import Clock
from chatserver.cursor import Cursor
from chatserver.errors import Unavailable
from chatserver.model import MAX_SEQ, SEQ_BITS, Actor, Entry, Message, Notification, Tail, User, message_id
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations
from chatserver.services.receipts import Receipts
from chatserver.together import Together

BODIES = 10_000
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Batch:
    """Encoded events, and the place after them. `more`: the inbox holds further ones."""

    events: list[bytes]
    place: Cursor
    more: bool
    revoked: bool = False


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


class Entries:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        receipts: Receipts,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._receipts = receipts
        self._clock = clock
        self._messages: LRUCache[int, Message] = LRUCache(BODIES)
        self._bodies: LRUCache[tuple[str, int, int], bytes] = LRUCache(BODIES)
        # Without a bell nobody here has the message that the check tells a thousand members of.
        self._reads: Together[int, Message] = Together(stores.messages.by_ids, clock)

    async def close(self) -> None:
        await self._reads.close()

    def remember(self, message: Message) -> None:
        known = self._messages.get(message.id)
        if known is None or known.rev <= message.rev:
            self._messages[message.id] = message

    async def batch(self, actor: Actor, place: Cursor, tail: Tail, limit: int, changes: bool) -> Batch:
        """At most `limit` steps from `place` on, less those that are not for this session.

        `changes`: whether this client knows of changed messages. Raises Unavailable.
        """
        if place.version == tail.version:
            return Batch([], place, False)
        items: list[Item] = []
        for item in _items(place, tail):
            if len(items) == limit:
                break
            items.append(item)
        revoked = any(_revokes(item.entry, actor.session_id) for item in items)
        messages = await self._wanted_messages(items, tail)
        notifications = await self._wanted_notifications(items)
        readers = {item.entry.user_id for item in items if item.entry.kind == "read"}
        users = await self._accounts.users({m.sender_id for m in messages.values()} | readers)
        events: list[bytes] = []
        reached: dict[int, int] = {}
        for item in items:
            if item.entry.kind == "messages":
                message = messages[item.message_id]
                if message.session_id == actor.session_id:
                    continue
                if message.sender_id != actor.user_id:
                    reached[message.conversation_id] = message.seq
                late = (self._clock.now() - message.created_at).total_seconds()
                metrics.DELIVERY_SECONDS.observe(max(0.0, late))
                events.append(await self._message_event(item, message, users))
            elif item.entry.kind == "change" and changes:
                events.append(await self._message_event(item, messages[item.message_id], users))
            elif item.entry.kind == "read":
                if event := _read_event(actor, item, messages[item.message_id], users):
                    events.append(event)
            elif item.entry.kind == "notification" and item.entry.ref in notifications:
                notification = notifications[item.entry.ref]
                at = wire.moment(notification.created_at)
                events.append(_event(item, "notification", wire.notification(notification), at))
        for conversation_id, seq in reached.items():
            conversation = await self._conversations.named(conversation_id)
            self._receipts.delivered(actor.user_id, conversation, seq)
        after = _after(items[-1], tail.epoch) if items else Cursor(tail.epoch, tail.version)
        return Batch(events, after, after.version < tail.version, revoked)

    async def _wanted_messages(self, items: list[Item], tail: Tail) -> dict[int, Message]:
        """Each at least as new as anything in the inbox says: a message is not told in words taken back since."""
        wanted = {item.message_id for item in items if item.seq}
        revs: dict[int, int] = {}
        for e in tail.entries:
            if e.kind == "change":
                id = message_id(e.conversation_id, e.last)
                revs[id] = max(e.rev, revs.get(id, 0))
        found = {id: m for id in wanted if (m := self._messages.get(id)) and m.rev >= revs.get(id, 0)}
        if missing := wanted - found.keys():
            fresh = await self._reads.get_all(missing)
            current = all(m.rev >= revs.get(id, 0) for id, m in fresh.items())
            if fresh.keys() != missing or not current:
                # What an entry names a majority must have: never step over it.
                raise Unavailable("The conversation is not completely readable yet.")
            for message in fresh.values():
                self.remember(message)
            found.update(fresh)
        return found

    async def _wanted_notifications(self, items: list[Item]) -> dict[int, Notification]:
        wanted = [item.entry.ref for item in items if item.entry.kind == "notification"]
        return await self._stores.notifications.by_ids(wanted) if wanted else {}

    async def _message_event(self, item: Item, message: Message, users: dict[int, User]) -> bytes:
        """The body is the same for all who get it, so it is encoded once; only the id before it differs."""
        kind = "message" if item.entry.kind == "messages" else "message_changed"
        key = (kind, message.id, message.rev)
        body = self._bodies.get(key)
        if body is None:
            conversation = await self._conversations.named(message.conversation_id)
            receiver_id = conversation.other(message.sender_id) if conversation.kind == "direct" else None
            data = wire.message_event(message, users[message.sender_id].full_name, receiver_id)
            at = message.changed_at if kind == "message_changed" else message.created_at
            fields = {"event": kind, "data": data, "timestamp": wire.moment(at)}
            body = self._bodies[key] = _encode(fields)[1:]
        return b'{"id":%d,' % item.event_id + body


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
    return _event(item, "read_receipt", data, wire.moment(at))


def _event(item: Item, event: str, data: wire.Json, timestamp: str | None) -> bytes:
    return _encode({"id": item.event_id, "event": event, "data": data, "timestamp": timestamp})
