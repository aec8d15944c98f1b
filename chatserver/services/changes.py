"""Editing and deleting: the message is changed first, then every member is told. Its sender may, moderators may delete
what others wrote, and the host may do both.

A deleted message leaves a tombstone, because the numbers of a conversation have no gaps. It stays counted where it was
unread: taking it out of the counts of others could not be done together with the marks they move meanwhile.
"""

from __future__ import annotations

import structlog

from chatserver import failpoints
from chatserver.clock import Clock
from chatserver.errors import Forbidden, NotFound, Unavailable
from chatserver.model import Actor, Change, Conversation, Message, tombstone
from chatserver.ports import Stores
from chatserver.sending.facts import Facts
from chatserver.services.conversations import Conversations
from chatserver.services.messages import Messages
from chatserver.services.refusals import demand
from chatserver.wire import Json
from chatserver.word_pages import page_of

log = structlog.get_logger(__name__)


class Changes:
    def __init__(
        self, stores: Stores, messages: Messages, conversations: Conversations, facts: Facts, clock: Clock
    ) -> None:
        self._stores = stores
        self._messages = messages
        self._conversations = conversations
        self._facts = facts
        self._clock = clock

    async def edit(self, actor: Actor, id: int, text: str) -> Json:
        """The message as it is then. Saying the same again changes nothing. The host may change what others wrote.

        Raises Invalid, Forbidden for messages of others, Silenced, NotFound also for a deleted one, Unavailable.
        """
        conversation, member, message = await self._messages.seen(actor, id)
        if message.sender_id != actor.user_id and not actor.is_host:
            raise Forbidden("Only its sender may change a message.")
        _check_written(actor, message)
        demand(conversation, member, "edit_others" if actor.is_host else "edit_own", self._clock.now())
        if message.deleted_at is None:
            self._messages.check(text, message.attachment is not None)
            now = self._clock.now()
            change = await self._stores.messages.change(id, {"text": text}, "edited_at", now)
            message = await self._told(conversation, change) if change else await self._message(id)
        if message.deleted_at is not None:
            raise NotFound("This message was deleted.")
        return await self._messages.shown_one(actor, conversation, message)

    async def delete(self, actor: Actor, id: int) -> Json:
        """The tombstone, also when it was deleted before. Moderators may delete what others wrote.

        Raises as `edit` does.
        """
        conversation, member, message = await self._messages.seen(actor, id)
        now, is_own = self._clock.now(), message.sender_id == actor.user_id
        _check_written(actor, message)
        demand(conversation, member, "delete_own" if is_own else "delete_others", now)
        by = 0 if is_own else actor.user_id
        change = await self._stores.messages.change(id, tombstone(by), "deleted_at", now)
        message = await self._told(conversation, change) if change else await self._message(id)
        return await self._messages.shown_one(actor, conversation, message)

    async def finish(self, change: Change) -> None:
        """The fan-out, and the end of a deleted message's file. Repeatable."""
        c = change.message.conversation_id
        conversation = (await self._stores.conversations.conversations([c])).get(c)
        if conversation is not None:
            await self._tell(conversation, change)

    async def _message(self, id: int) -> Message:
        message = (await self._stores.messages.by_ids([id])).get(id)
        if message is None:
            raise NotFound("There is no such message.")
        return message

    async def _told(self, conversation: Conversation, change: Change) -> Message:
        """Changed is changed: whom the fan-out does not reach now, the sweeper does."""
        try:
            if failpoints.armed:
                await failpoints.reach("after_change")
            await self._tell(conversation, change)
        except Unavailable:
            log.warning("change left to the sweeper", message=change.message.id)
        return change.message

    async def _tell(self, conversation: Conversation, change: Change) -> None:
        message = change.message
        await self._facts.tell(conversation, ("message", message.seq, message.rev))
        await self._stores.pages.fill([(conversation.id, page_of(message.seq))])
        if change.file is not None:
            await self._stores.attachments.delete(change.file.id)
        await self._stores.messages.finish_change(change)


def _check_written(actor: Actor, message: Message) -> None:
    """What tells of a change stays as it is; what the host said as nobody is the host's. Raises Forbidden."""
    if message.system is not None and not (actor.is_host and message.system.is_of_host):
        raise Forbidden("Nobody wrote this message: it stays.")
