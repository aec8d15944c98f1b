"""Sending, and reading the history."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from chatserver.clock import Clock
from chatserver.errors import Forbidden, IdempotencyConflict, Invalid, NotFound, SlowMode, Unavailable
from chatserver.model import MAX_SEQ, Actor, Attachment, Conversation, Member, Message, User, split_message_id
from chatserver.ports import Stores, Upload
from chatserver.sending.send import LATE, Send
from chatserver.sending.writer import Writer
from chatserver.services.accounts import Accounts
from chatserver.services.asked_sends import AskedSends
from chatserver.services.beginnings import NOBODY, SWITCHED_OFF
from chatserver.services.conversations import Conversations
from chatserver.services.links import Links
from chatserver.services.permissions import RANKS, rank, window
from chatserver.services.receipts import Receipts
from chatserver.services.refusals import demand
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


@dataclass(frozen=True, slots=True)
class Places:
    """Which page of a history: at most one of the ids. `offset` skips the newest."""

    before_id: int | None = None
    after_id: int | None = None
    around_id: int | None = None
    offset: int = 0


class Messages:
    def __init__(
        self,
        stores: Stores,
        writer: Writer,
        sends: AskedSends,
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
        self._sends = sends
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
        Raises Invalid, NotFound for an unknown receiver, IdempotencyConflict, RefusedByHost, Unavailable.
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
        receiver = users[receiver_id]
        message, created = await (
            self._sends.post(send) if receiver.receives else self._sent_before(send, receiver)
        )
        if created:
            receiving = Member(conversation.id, receiver_id)
        else:
            receiving = (await self._receipts.members(conversation, receiver_id))[receiver_id]
        file_url = self._links.to_file(actor, message)
        return message_json(message, users[actor.user_id], users[receiver_id], receiving, file_url), created

    async def post_in(
        self,
        actor: Actor,
        conversation_id: int,
        text: str,
        attachment: Attachment | None,
        client_id: str | None,
        came_at: float | None = None,
    ) -> tuple[Json, bool]:
        """The same into a conversation of two or of many that the actor is in.

        Raises as `post` does; NotFound for who is no member, Forbidden, Silenced, SlowMode.
        """
        deadline = (self._clock.monotonic() if came_at is None else came_at) + self._deadline_secs
        self.check(text, attachment is not None)
        key = client_id if client_id is not None else secrets.randbits(62)
        found = self._known_speaker(actor, conversation_id)
        conversation, member, sender = found or await self._speaker(actor, conversation_id, deadline)
        if conversation.is_direct:
            other_id = conversation.other(actor.user_id)
            return await self.post(actor, other_id, text, attachment, client_id, came_at)
        demand(conversation, member, "send", self._clock.now())
        if attachment is not None:
            demand(conversation, member, "attach", self._clock.now())
        if conversation.slow_secs and rank(conversation, member) < RANKS["moderator"]:
            await self._take_turn(conversation, member, key, deadline)
        send = Send(
            conversation=conversation,
            sender_id=actor.user_id,
            session_id=actor.session_id,
            client_id=key,
            text=text,
            attachment=attachment,
            created_at=self._clock.now(),
            deadline=deadline,
        )
        message, created = await self._writer.post(send)
        reader = Member(conversation_id, actor.user_id) if created else member
        return message_json(message, sender, None, reader, self._links.to_file(actor, message)), created

    def _known_speaker(self, actor: Actor, conversation_id: int) -> tuple[Conversation, Member, User] | None:
        """Nearly always all of it is known, and there is nothing to wait for."""
        known = self._conversations.known_speaker(actor, conversation_id)
        sender = self._accounts.known((actor.user_id,)).get(actor.user_id)
        return (*known, sender) if known is not None and sender is not None else None

    async def _speaker(
        self, actor: Actor, conversation_id: int, deadline: float
    ) -> tuple[Conversation, Member, User]:
        """Raises NotFound, Unavailable."""
        try:
            async with self._clock.limit(deadline - self._clock.monotonic()):
                known = await self._conversations.speaker(actor, conversation_id)
                return *known, await self._accounts.user(actor.user_id)
        except TimeoutError:
            raise Unavailable(LATE) from None

    async def _take_turn(
        self, conversation: Conversation, member: Member, key: str | int, deadline: float
    ) -> None:
        """Raises SlowMode, Unavailable."""
        now, slow_secs = self._clock.now(), conversation.slow_secs
        try:
            async with self._clock.limit(deadline - self._clock.monotonic()):
                before = await self._stores.groups.claim_send(member, key, now, slow_secs)
        except TimeoutError:
            raise Unavailable(LATE) from None
        if before is not None:
            raise SlowMode(slow_secs, slow_secs - (now - before).total_seconds())

    async def _sent_before(self, send: Send, receiver: User) -> tuple[Message, bool]:
        """What the same send stored while there was somebody. Raises NotFound, Forbidden, IdempotencyConflict."""
        key = send.sender_id, send.client_id
        stored = (await self._stores.messages.by_client_ids([key])).get(key)
        if stored is None:
            raise NotFound(NOBODY) if receiver.is_gone else Forbidden(SWITCHED_OFF)
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
            raise Unavailable(LATE) from None
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
        await self.seen(actor, id)
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
        """A page of the conversation with this user. Raises NotFound when there is nobody whom the actor may know of.

        `delivers`: what is new on it counts as delivered.
        """
        direct = await self._conversations.find_direct(actor, user_id)
        if direct is None:
            return Page(None, await self._conversations.contact_policy.meet(actor, user_id), [], False)
        other = await self._accounts.user(user_id)
        conversation, member = await self._conversations.membership(actor, direct.id)
        places = Places(before_id, after_id, around_id, offset)
        found, has_more = await self._page(conversation, member, limit, places)
        shown = await self.shown(actor, [(conversation, m) for m in found], delivers)
        return Page(conversation.id, other, shown, has_more)

    async def history_of(
        self, actor: Actor, conversation_id: int, limit: int, places: Places, *, delivers: bool = True
    ) -> tuple[list[Json], bool]:
        """The same of any conversation, from where on the actor may see it. Raises Invalid, NotFound."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        found, has_more = await self._page(conversation, member, limit, places)
        return await self.shown(actor, [(conversation, m) for m in found], delivers), has_more

    async def _page(
        self, conversation: Conversation, member: Member, limit: int, places: Places
    ) -> tuple[list[Message], bool]:
        id, messages = conversation.id, self._stores.messages
        floor, end = window(conversation, member, MAX_SEQ + 1)
        if places.around_id is not None:
            seq = _seq_within(id, places.around_id, "around_id")
            older = await messages.page(id, floor, seq + 1, limit // 2 + 1)
            left = limit - len(older)
            newer = await messages.page_after(id, max(seq, floor), left) if left else []  # 0 is no limit
            return newer + older, bool(older) and older[-1].seq > floor + 1
        if places.after_id is not None:
            seq = _seq_within(id, places.after_id, "after_id")
            found = await messages.page_after(id, max(seq, floor), limit + 1)
            return found[-limit:], len(found) > limit
        before = _seq_within(id, places.before_id, "before_id") if places.before_id is not None else end
        if places.offset:
            before = min(before, await messages.head(id) + 1) - places.offset
        found = await messages.page(id, floor, before, limit)
        return found, bool(found) and found[-1].seq > floor + 1

    async def one(self, actor: Actor, id: int, delivers: bool) -> Json:
        """Raises NotFound, also for messages of others."""
        conversation, _, message = await self.seen(actor, id)
        return (await self.shown(actor, [(conversation, message)], delivers))[0]

    async def seen(self, actor: Actor, id: int) -> tuple[Conversation, Member, Message]:
        """A message that the actor may see, where it stands and what the actor is there. Raises NotFound."""
        conversation_id, seq = split_message_id(id)
        conversation, member = await self._conversations.membership(actor, conversation_id)
        message = (await self._stores.messages.by_ids([id])).get(id)
        if message is None or seq <= window(conversation, member, seq)[0]:
            raise NotFound("There is no such message.")
        return conversation, member, message

    async def shown_all(self, actor: Actor, found: list[Message], delivers: bool = True) -> list[Json]:
        """Of several conversations that the actor is known to be in, in the order given."""
        known = await self._conversations.all({message.conversation_id for message in found})
        return await self.shown(actor, [(known[m.conversation_id], m) for m in found], delivers)

    async def shown_one(self, actor: Actor, conversation: Conversation, message: Message) -> Json:
        return (await self.shown(actor, [(conversation, message)]))[0]

    async def shown(
        self,
        actor: Actor,
        found: Sequence[tuple[Conversation, Message]],
        delivers: bool = True,
        are_newest: bool = False,
    ) -> list[Json]:
        """Each in its conversation, where they may be the newest. What is read does not grow with their number."""
        reader_id = actor.user_id
        conversations = {conversation.id: conversation for conversation, _ in found}
        pairs = {(one.id, id) for one in conversations.values() for id in (reader_id, *one.member_ids)}
        users = await self._accounts.users({id for _, id in pairs} | {m.sender_id for _, m in found})
        members = {pair: Member(*pair) for pair in pairs}
        marks = {"marks": 1} if are_newest else {}  # nobody got further
        members |= await self._stores.conversations.members_of(pairs, **marks)
        if delivers and not actor.is_host:
            self._delivered(actor, found, members)
        shown = []
        for conversation, message in found:
            receiver_id = conversation.other(message.sender_id) if conversation.is_direct else None
            # How far others got in a group is told apart: here it is how far the reader got.
            receiving = members[conversation.id, receiver_id or reader_id]
            receiver = users[receiver_id] if receiver_id else None
            file_url = self._links.to_file(actor, message)
            shown.append(message_json(message, users[message.sender_id], receiver, receiving, file_url))
        return shown

    def _delivered(
        self,
        actor: Actor,
        found: Sequence[tuple[Conversation, Message]],
        members: Mapping[tuple[int, int], Member],
    ) -> None:
        """These messages have reached a device of this person."""
        for conversation, message in found:
            reached = members[conversation.id, actor.user_id].delivered_seq
            if message.sender_id != actor.user_id and message.seq > reached:
                self._receipts.delivered(actor.user_id, conversation, message.seq)


def _seq_within(conversation_id: int, id: int, field: str) -> int:
    owner, seq = split_message_id(id)
    if owner != conversation_id:
        raise Invalid.field(field, "is not a message of this conversation")
    return seq
