"""What the host writes in the chat: as one of its people, as a bot, or as nobody. And what it reads, and changes.

It goes the way of every send, but for the hook before it: that is the host's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatserver.clock import Clock
from chatserver.errors import Forbidden, Invalid
from chatserver.model import (
    HOST_ACTOR,
    MAX_SEQ,
    SAID,
    SYSTEM_SENDER,
    Actor,
    Conversation,
    Member,
    Message,
    System,
    User,
)
from chatserver.ports import Stores
from chatserver.sending.send import Send
from chatserver.sending.writer import Writer
from chatserver.services.accounts import Accounts
from chatserver.services.beginnings import SWITCHED_OFF
from chatserver.services.conversations import Conversations
from chatserver.services.host_conversations import HostConversations
from chatserver.services.messages import Messages
from chatserver.services.permissions import SYSTEM, window
from chatserver.services.refusals import demand
from chatserver.services.visitors import Visitors
from chatserver.wire import Json


@dataclass(frozen=True, slots=True)
class Speech:
    """What the host says: in the conversation that it calls `external_id`, or to `receiver_sub`. As its own `sub`, as the
    bot of this name, else as nobody.
    """

    external_id: str | None
    receiver_sub: str | None
    sub: str | None
    bot: str | None
    text: str
    client_id: str
    silent: bool = False


class HostMessages:
    def __init__(
        self,
        stores: Stores,
        writer: Writer,
        accounts: Accounts,
        visitors: Visitors,
        conversations: Conversations,
        host_conversations: HostConversations,
        messages: Messages,
        clock: Clock,
        deadline_secs: float,
    ) -> None:
        self._stores = stores
        self._writer = writer
        self._accounts = accounts
        self._visitors = visitors
        self._conversations = conversations
        self._host_conversations = host_conversations
        self._messages = messages
        self._clock = clock
        self._deadline_secs = deadline_secs

    async def post(self, speech: Speech, base_url: str) -> tuple[Json, bool]:
        """The message, and whether this created it: a repeat by `client_id` gives the first one again.

        Raises Invalid; NotFound for a conversation or a person that is not there; Forbidden where it is closed, a person
        is not in it, or the receiver is switched off; IdempotencyConflict; Unavailable.
        """
        deadline = self._clock.monotonic() + self._deadline_secs
        self._messages.check(speech.text, attachment=False)
        sender = await self._sender(speech)
        if speech.receiver_sub is not None:
            conversation = await self._direct(sender, speech.receiver_sub)
        else:
            conversation = await self._host_conversations.named(speech.external_id or "")
            await self._let_speak(conversation, sender)
        send = Send(
            conversation=conversation,
            sender_id=sender.id,
            session_id=HOST_ACTOR.session_id,
            client_id=speech.client_id,
            text=speech.text,
            attachment=None,
            created_at=self._clock.now(),
            deadline=deadline,
            system=System(SAID, SYSTEM_SENDER.id) if sender is SYSTEM_SENDER else None,
            silent=speech.silent,
        )
        message, created = await self._writer.post(send)
        return (await self.shown(conversation, [message], base_url))[0], created

    async def _sender(self, speech: Speech) -> User:
        if speech.sub is not None:
            return await self._accounts.user(await self._host_conversations.id_of(speech.sub))
        if speech.bot is not None:
            return await self._visitors.bot(speech.bot)
        return SYSTEM_SENDER

    async def _direct(self, sender: User, receiver_sub: str) -> Conversation:
        if sender is SYSTEM_SENDER:
            raise Invalid.field("as", "must be a sub or a bot: a conversation of two has two people")
        receiver = await self._accounts.user(await self._host_conversations.id_of(receiver_sub))
        if not receiver.receives:
            raise Forbidden(SWITCHED_OFF)
        conversation, head = await self._conversations.direct_for_host(sender, receiver)
        if head is not None:
            self._writer.found_at(conversation.id, head)
        return conversation

    async def _let_speak(self, conversation: Conversation, sender: User) -> None:
        """The host may wherever it is not closed; one of its people only where they are. Raises Forbidden."""
        is_person = sender.sub is not None
        if is_person:
            member = (await self._stores.conversations.members(conversation.id, [sender.id])).get(sender.id)
            if member is None or member.state != "member":
                raise Forbidden(f"{sender.sub} is not in this conversation; take them in first.")
        host = Member(conversation.id, HOST_ACTOR.user_id, role=SYSTEM)
        demand(conversation, host, "send", self._clock.now())

    async def page(
        self, external_id: str, after_seq: int, limit: int, base_url: str
    ) -> tuple[list[Json], bool]:
        """From above `after_seq` on, oldest first, and whether there are more. Nothing counts as delivered by it.

        Raises NotFound.
        """
        conversation = await self._host_conversations.named(external_id)
        host = Member(conversation.id, HOST_ACTOR.user_id, role=SYSTEM)
        floor, _ = window(conversation, host, MAX_SEQ)
        found = await self._stores.messages.page_after(conversation.id, max(after_seq, floor), limit + 1)
        oldest = found[::-1][:limit]
        return await self.shown(conversation, oldest, base_url), len(found) > limit

    async def shown(
        self, conversation: Conversation, messages: Sequence[Message], base_url: str
    ) -> list[Json]:
        """As everybody sees them, and with the host's own ids of who wrote them, and to whom."""
        actor: Actor = HOST_ACTOR.at(base_url)
        shown = await self._messages.shown(actor, [(conversation, message) for message in messages])
        return await self.with_subs(shown)

    async def with_subs(self, shown: list[Json]) -> list[Json]:
        ids = {one[name] for one in shown for name in ("sender_id", "receiver_id") if one[name]}
        users = await self._accounts.users(ids)
        subs = {id: user.sub for id, user in users.items()}
        return [
            {**one, "sender_sub": subs.get(one["sender_id"]), "receiver_sub": subs.get(one["receiver_id"])}
            for one in shown
        ]
