"""What somebody has written in a conversation and not sent yet, the same on all their devices.

Of two devices that write at once the second is refused with what the first has kept, so that no text is lost.
"""

from __future__ import annotations

from chatserver.clock import Clock
from chatserver.errors import Invalid, RevisionConflict, Unavailable
from chatserver.model import Actor, Bell, Conversation, Draft, Member, split_message_id
from chatserver.ports import Bus, Stores
from chatserver.services.conversations import Conversations
from chatserver.services.permissions import window
from chatserver.wire import Json, kept_draft
from chatserver.wire import draft as draft_json

TRIES = 5


class Drafts:
    def __init__(
        self, stores: Stores, conversations: Conversations, bus: Bus, clock: Clock, message_chars: int
    ) -> None:
        self._stores = stores
        self._conversations = conversations
        self._bus = bus
        self._clock = clock
        self._message_chars = message_chars

    async def keep(self, actor: Actor, conversation_id: int, text: str, reply_to_id: int, rev: int) -> Json:
        """In place of the one at `rev`, or of none; empty to put it away. The draft as it is kept then.

        Raises NotFound, Invalid, RevisionConflict with the one that is kept.
        """
        if len(text) > self._message_chars:
            raise Invalid.field("text", f"must have at most {self._message_chars} characters")
        for _ in range(TRIES):
            conversation, member = await self._conversations.membership(actor, conversation_id)
            reply_seq = _seq_within(conversation, member, reply_to_id) if reply_to_id else 0
            kept = member.draft
            if kept is not None and (kept.text, kept.reply_seq) == (text, reply_seq):
                return kept_draft(conversation_id, kept)
            if kept is not None and not kept.is_empty and kept.rev != rev:
                stored = kept_draft(conversation_id, kept)
                raise RevisionConflict("Another device has kept another draft meanwhile.", stored)
            draft = Draft(text, reply_seq, kept.rev + 1 if kept else 1, self._clock.now())
            if await self._stores.own_settings.keep_draft(conversation_id, actor.user_id, draft):
                self._tell(actor, conversation_id, draft)
                return kept_draft(conversation_id, draft)
        raise Unavailable("This draft changes too fast right now.")

    async def sent(self, actor: Actor, conversation_id: int, rev: int) -> None:
        """The draft at `rev` became a message: it is put away, unless another device has written on."""
        draft = Draft("", 0, rev + 1, self._clock.now())
        if await self._stores.own_settings.keep_draft(conversation_id, actor.user_id, draft):
            self._tell(actor, conversation_id, draft)

    def _tell(self, actor: Actor, conversation_id: int, draft: Draft) -> None:
        """The person's other devices, if they are there: the rest find it with the conversation."""
        event = {"conversation_id": conversation_id, "draft": draft_json(conversation_id, draft)}
        body = {"session_id": actor.session_id, "event": event}
        self._bus.publish(Bell("draft", (actor.user_id,), body))


def _seq_within(conversation: Conversation, member: Member, id: int) -> int:
    owner, seq = split_message_id(id)
    if owner != conversation.id or seq <= window(conversation, member, seq)[0]:
        raise Invalid.field("reply_to_id", "is not a message of this conversation")
    return seq
