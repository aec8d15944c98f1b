"""Editing and deleting: the message is changed first, then every member is told; only its sender may.

A deleted message leaves a tombstone, because the numbers of a conversation have no gaps. It stays counted where it was
unread: taking it out of the counts of others could not be done together with the marks they move meanwhile.
"""

from __future__ import annotations

import structlog

from chatserver import failpoints
from chatserver.clock import Clock
from chatserver.errors import Forbidden, NotFound, Unavailable
from chatserver.model import Actor, Change, Conversation, Message, split_message_id
from chatserver.ports import Stores
from chatserver.sending.facts import Facts
from chatserver.services.conversations import Conversations
from chatserver.services.messages import Messages
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
        """The message as it is then. Saying the same again changes nothing.

        Raises Invalid, Forbidden for messages of others, NotFound also for a deleted one, Unavailable.
        """
        conversation, message = await self._own(actor, id)
        if message.deleted_at is None:
            self._messages.check(text, message.attachment is not None)
            now = self._clock.now()
            change = await self._stores.messages.edit(id, actor.user_id, text, now)
            message = await self._told(conversation, change) if change else await self._message(id)
        if message.deleted_at is not None:
            raise NotFound("This message was deleted.")
        return await self._messages.shown_one(actor, conversation, message)

    async def delete(self, actor: Actor, id: int) -> Json:
        """The tombstone, also when it was deleted before. Raises as `edit` does."""
        conversation, _ = await self._own(actor, id)
        change = await self._stores.messages.delete(id, actor.user_id, self._clock.now())
        message = await self._told(conversation, change) if change else await self._message(id)
        return await self._messages.shown_one(actor, conversation, message)

    async def finish(self, change: Change) -> None:
        """The fan-out, and the end of a deleted message's file. Repeatable."""
        c = change.message.conversation_id
        conversation = (await self._stores.conversations.conversations([c])).get(c)
        if conversation is not None:
            await self._tell(conversation, change)

    async def _own(self, actor: Actor, id: int) -> tuple[Conversation, Message]:
        """Raises NotFound, Forbidden."""
        conversation = await self._conversations.access(actor, split_message_id(id)[0])
        message = await self._message(id)
        if message.sender_id != actor.user_id:
            raise Forbidden("Only its sender may change a message.")
        return conversation, message

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
        await self._facts.tell(conversation.id, "message", message.seq, message.rev)
        await self._stores.pages.fill([(conversation.id, page_of(message.seq))])
        if change.file is not None:
            await self._stores.attachments.delete(change.file.id)
        await self._stores.messages.finish_change(change)
