"""Sending, and reading the history."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from chatserver.clock import Clock
from chatserver.errors import IdempotencyConflict, Invalid, NotFound, Unavailable
from chatserver.model import MAX_SEQ, Actor, Attachment, Conversation, Member, Message, User, split_message_id
from chatserver.ports import Stores, Upload
from chatserver.sending.send import Send
from chatserver.sending.writer import Writer
from chatserver.services.accounts import Accounts
from chatserver.services.beginnings import NOBODY
from chatserver.services.conversations import Conversations
from chatserver.services.links import Links
from chatserver.services.receipts import Receipts
from chatserver.visible import has_something_to_see
from chatserver.wire import Json
from chatserver.wire import message as message_json

log = structlog.get_logger(__name__)

MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """`messages` newest first. `has_more`: there are older ones (newer ones, for a page asked for by `after`)."""

    conversation_id: int | None
    other: User
    messages: list[Json]
    has_more: bool


class Messages:
    def __init__(
        self,
        stores: Stores,
        writer: Writer,
        accounts: Accounts,
        conversations: Conversations,
        receipts: Receipts,
        links: Links,
        clock: Clock,
        message_chars: int,
        deadline_secs: float,
    ) -> None:
        self._stores = stores
        self._writer = writer
        self._accounts = accounts
        self._conversations = conversations
        self._receipts = receipts
        self._links = links
        self._clock = clock
        self._message_chars = message_chars
        self._deadline_secs = deadline_secs

    def check(self, text: str, attachment: bool) -> None:
        """Raises Invalid."""
        if len(text.strip()) > self._message_chars:
            raise Invalid.field("message", f"must have at most {self._message_chars} characters")
        if not attachment and not has_something_to_see(text):
            raise Invalid.field("message", "must have something to see unless there is an attachment")

    async def post(
        self,
        actor: Actor,
        receiver_id: int,
        text: str,
        attachment: Attachment | None,
        client_id: str | None,
        came_at: float | None = None,
    ) -> tuple[Json, bool]:
        """The message, and whether this send created it: a repeat by client_id gives the first result again.

        Its deadline counts from `came_at` (monotonic; now, when not given), with all that has to be looked up first.
        Raises Invalid, NotFound for an unknown receiver, IdempotencyConflict, Unavailable.
        """
        deadline = (self._clock.monotonic() if came_at is None else came_at) + self._deadline_secs
        self.check(text, attachment is not None)
        conversation = self._conversations.known_direct(actor, receiver_id)
        users = self._accounts.known(conversation.member_ids) if conversation is not None else {}
        if conversation is None or len(users) < len(conversation.member_ids):
            conversation, users = await self._look_up(actor, receiver_id, deadline)
        send = Send(
            conversation=conversation,
            sender_id=actor.user_id,
            session_id=actor.session_id,
            client_id=client_id if client_id is not None else secrets.randbits(62),
            text=text,
            attachment=attachment,
            created_at=self._clock.now(),
            deadline=deadline,
        )
        is_gone = users[receiver_id].is_gone
        message, created = await (self._sent_before(send) if is_gone else self._writer.post(send))
        if created:
            receiving = Member(conversation.id, receiver_id)
        else:
            receiving = (await self._receipts.members(conversation, receiver_id))[receiver_id]
        file_url = self._links.to_file(actor, message)
        return message_json(message, users[actor.user_id], users[receiver_id], receiving, file_url), created

    async def _sent_before(self, send: Send) -> tuple[Message, bool]:
        """What the same send stored while there was somebody. Raises NotFound, IdempotencyConflict."""
        key = send.sender_id, send.client_id
        stored = (await self._stores.messages.by_client_ids([key])).get(key)
        if stored is None:
            raise NotFound(NOBODY)
        if not send.matches(stored):
            raise IdempotencyConflict("client_id was used before, with another message.")
        return stored, False

    async def _look_up(
        self, actor: Actor, receiver_id: int, deadline: float
    ) -> tuple[Conversation, dict[int, User]]:
        try:
            async with self._clock.limit(deadline - self._clock.monotonic()):
                users = await self._accounts.users((actor.user_id, receiver_id))
                conversation, head = await self._conversations.open_direct(actor, receiver_id)
        except TimeoutError:
            raise Unavailable("The message could not be stored in time; send it again.") from None
        if head is not None:
            self._writer.found_at(conversation.id, head)
        return conversation, users

    def upload(self, name: str, type: str) -> Upload:
        return self._stores.attachments.upload(name, type)

    async def discard(self, attachment: Attachment) -> None:
        """The send that this file was for did not take it."""
        try:
            await self._stores.attachments.delete(attachment.id)
        except Unavailable:
            log.warning("a file that no message names was left behind", attachment=attachment.id)

    async def attachment(self, actor: Actor, id: int) -> Attachment:
        """Raises NotFound, also for members of other conversations."""
        await self._conversations.access(actor, split_message_id(id)[0])
        return await self._attachment(id)

    async def linked_attachment(self, id: int, link: str) -> Attachment | None:
        """For whoever has a link to it; None when that is none, or over. Raises NotFound once the message is deleted."""
        return await self._attachment(id) if self._links.opens(id, link) else None

    async def _attachment(self, id: int) -> Attachment:
        message = (await self._stores.messages.by_ids([id])).get(id)
        if message is None or message.attachment is None:
            raise NotFound("There is no such attachment.")
        return message.attachment

    def read(self, attachment: Attachment, start: int, end: int) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to, but without, `end`, a piece at a time. Raises Unavailable."""
        return self._stores.attachments.chunks(attachment, start, end)

    async def history(
        self,
        actor: Actor,
        user_id: int,
        limit: int,
        *,
        offset: int = 0,
        before_id: int | None = None,
        after_id: int | None = None,
        around_id: int | None = None,
        delivers: bool = True,
    ) -> Page:
        """A page of the conversation with this user. Raises NotFound when there is no such user.

        `delivers`: what is new on it counts as delivered.
        """
        other = await self._accounts.user(user_id)
        conversation = await self._conversations.find_direct(actor, user_id)
        if conversation is None:
            return Page(None, other, [], False)
        id = conversation.id
        if around_id is not None:
            seq = _seq_within(id, around_id, "around_id")
            older = await self._stores.messages.page(id, 0, seq + 1, limit // 2 + 1)
            left = limit - len(older)
            newer = await self._stores.messages.page_after(id, seq, left) if left else []  # 0 is no limit
            found, has_more = newer + older, bool(older) and older[-1].seq > 1
        elif after_id is not None:
            seq = _seq_within(id, after_id, "after_id")
            found = await self._stores.messages.page_after(id, seq, limit + 1)
            has_more = len(found) > limit
            found = found[-limit:]
        else:
            before = _seq_within(id, before_id, "before_id") if before_id is not None else MAX_SEQ + 1
            if offset:
                before = min(before, await self._stores.messages.head(id) + 1) - offset
            found = await self._stores.messages.page(id, 0, before, limit)
            has_more = bool(found) and found[-1].seq > 1
        return Page(id, other, await self._shown(actor, conversation, found, delivers), has_more)

    async def one(self, actor: Actor, id: int, delivers: bool) -> Json:
        """Raises NotFound, also for messages of others."""
        conversation = await self._conversations.access(actor, split_message_id(id)[0])
        message = (await self._stores.messages.by_ids([id])).get(id)
        if message is None:
            raise NotFound("There is no such message.")
        return (await self._shown(actor, conversation, [message], delivers))[0]

    async def shown_all(self, actor: Actor, found: list[Message], delivers: bool = True) -> list[Json]:
        """Of several conversations, in the order given."""
        by_conversation: dict[int, list[Message]] = {}
        for message in found:
            by_conversation.setdefault(message.conversation_id, []).append(message)
        shown: dict[int, Json] = {}
        for id, messages in by_conversation.items():
            conversation = await self._conversations.access(actor, id)
            shown.update((m["id"], m) for m in await self._shown(actor, conversation, messages, delivers))
        return [shown[message.id] for message in found]

    async def shown_one(self, actor: Actor, conversation: Conversation, message: Message) -> Json:
        return (await self._shown(actor, conversation, [message]))[0]

    async def _shown(
        self, actor: Actor, conversation: Conversation, found: list[Message], delivers: bool = True
    ) -> list[Json]:
        users = await self._accounts.users({*conversation.member_ids, *(m.sender_id for m in found)})
        members = await self._receipts.members(conversation, actor.user_id, *conversation.member_ids)
        newest = max((m.seq for m in found if m.sender_id != actor.user_id), default=0)
        if delivers and newest > members[actor.user_id].delivered_seq:
            self._receipts.delivered(actor.user_id, conversation, newest)
        shown = []
        for message in found:
            receiver_id = conversation.other(message.sender_id) if conversation.is_direct else None
            # How far others got in a group is told apart: here it is how far the reader got.
            receiving = members[receiver_id or actor.user_id]
            receiver = users[receiver_id] if receiver_id else None
            file_url = self._links.to_file(actor, message)
            shown.append(message_json(message, users[message.sender_id], receiver, receiving, file_url))
        return shown


def _seq_within(conversation_id: int, id: int, field: str) -> int:
    owner, seq = split_message_id(id)
    if owner != conversation_id:
        raise Invalid.field(field, "is not a message of this conversation")
    return seq
