"""The messages that events tell of, with all that an event says of one. Encoded once, whoever gets it,
but for those with a file: each receiver has a link to it of their own.

They come from what bells brought, else from the log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec
from cachetools import LRUCache

from chatserver import wire
from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Unavailable
from chatserver.model import Conversation, Message, User, split_message_id
from chatserver.ports import MessageStore
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations

KEPT = 10_000  # messages of SHORT_CHARS; a longer one takes the place of several
SHORT_CHARS = 400
_encode = msgspec.json.Encoder().encode


class Body:
    """A message as its events tell it."""

    __slots__ = ("_encoded", "_sender_name", "conversation", "message")

    def __init__(self, message: Message, conversation: Conversation, sender: User) -> None:
        self.message = message
        self.conversation = conversation
        self._sender_name = sender.full_name
        self._encoded: dict[str, bytes] = {}

    def event(self, kind: str, id: int, file_url: str | None) -> bytes:
        """`message` or `message_changed`. Only the id differs from one receiver to the next, and where the file is."""
        if file_url is not None:
            encoded = self._encode(kind, file_url)
        elif (known := self._encoded.get(kind)) is not None:
            encoded = known
        else:
            encoded = self._encoded[kind] = self._encode(kind, None)
        return b'{"id":%d,' % id + encoded

    def _encode(self, kind: str, file_url: str | None) -> bytes:
        message, conversation = self.message, self.conversation
        receiver_id = conversation.other(message.sender_id) if conversation.is_direct else None
        at = message.changed_at if kind == "message_changed" else message.created_at
        data = wire.message_event(message, self._sender_name, receiver_id, file_url)
        return _encode({"event": kind, "data": data, "timestamp": wire.moment(at)})[1:]


class Bodies:
    def __init__(
        self, messages: MessageStore, accounts: Accounts, conversations: Conversations, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._conversations = conversations
        self._messages: LRUCache[int, Message] = LRUCache(KEPT, _places)
        self._bodies: LRUCache[int, Body] = LRUCache(KEPT, lambda body: _places(body.message))
        # Without a bell nobody here has the message that the check tells a thousand members of.
        self._reads: BatchedCalls[int, Message] = BatchedCalls(messages.by_ids, clock)

    async def close(self) -> None:
        await self._reads.close()

    def remember(self, message: Message) -> None:
        known = self._messages.get(message.id)
        if known is None or known.rev < message.rev:
            self._messages[message.id] = message
            self._bodies.pop(message.id, None)  # which may have been here longer than the message

    def known(self, id: int) -> Body | None:
        """If nothing has to be read for it."""
        body = self._bodies.get(id)
        message = self._messages.get(id) if body is None else None
        if message is not None:
            conversation = self._conversations.known(message.conversation_id)
            sender = self._accounts.known([message.sender_id]).get(message.sender_id)
            if conversation is not None and sender is not None:
                body = self._bodies[id] = Body(message, conversation, sender)
        return body

    async def all(self, ids: Collection[int], revs: Mapping[int, int]) -> dict[int, Body]:
        """Each at least as new as `revs` says. Raises Unavailable, also when one is missing.

        What an inbox names a majority must have: it is never stepped over, but for what is gone because it was too old.
        """
        found = {id: body for id in ids if (body := self.known(id)) and body.message.rev >= revs.get(id, 0)}
        if missing := [id for id in ids if id not in found]:
            messages = {id: m for id in missing if (m := self._messages.get(id)) and m.rev >= revs.get(id, 0)}
            messages |= await self._reads.call_all(id for id in missing if id not in messages)
            lacking = [id for id in missing if id not in messages or messages[id].rev < revs.get(id, 0)]
            if lacking and not await self._are_gone(lacking):
                raise Unavailable("The conversation is not completely readable yet.")
            senders = await self._accounts.users({message.sender_id for message in messages.values()})
            if strange := [id for id, message in messages.items() if message.sender_id not in senders]:
                for id in strange:  # what a bell brought may be anything: next time the log is asked
                    self._messages.pop(id, None)
                raise Unavailable("Who wrote a message is not known yet.")
            for id in lacking:
                messages.pop(id, None)
            for id, message in messages.items():
                self.remember(message)
                conversation = await self._conversations.named(message.conversation_id)
                found[id] = self.known(id) or Body(message, conversation, senders[message.sender_id])
        return found

    async def _are_gone(self, ids: Iterable[int]) -> bool:
        """Whether all of them are below what anybody may still see."""
        places = [split_message_id(id) for id in ids]
        floors = await self._conversations.floors({c for c, _ in places})
        return all(seq <= floors.get(c, 0) for c, seq in places)


def _places(message: Message) -> int:
    """How many of the places kept a message takes."""
    return min(KEPT, 1 + len(message.text) // SHORT_CHARS)
