"""For clients of the original system, which know no groups: their direct messages that the talk of groups has pushed out
of the inbox's ring while they were away. Without it a hundred messages in a group would hide all that was said to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatserver.model import Actor, Inbox, Stretch, Tail, message_id, split_message_id
from chatserver.ports import Stores
from chatserver.services.bodies import Bodies, Body
from chatserver.services.conversations import Conversations

MOST = 100  # as many events as the original system kept


class MissedMessages:
    def __init__(self, stores: Stores, conversations: Conversations, bodies: Bodies) -> None:
        self._stores = stores
        self._conversations = conversations
        self._bodies = bodies

    async def before(self, actor: Actor, tail: Tail, limit: int) -> Sequence[Body]:
        """The unread ones among the newest, oldest first, but those that `tail` names; none where no group is in it.

        Raises Unavailable.
        """
        groups = await self._conversations.group_ids({e.conversation_id for e in tail.entries} - {0})
        if not groups:
            return ()
        inbox = await self._conversations.inbox(actor)
        stretches, most = await self._unread(actor, inbox), min(limit, MOST)
        if not stretches:
            return ()
        ends = await self._stores.messages.ends_of(stretches, most, oldest=False)
        newest = sorted(((at, id) for end in ends for id, at in end), reverse=True)[:most]
        named = set(_named(tail))
        ids = [id for _, id in reversed(newest) if id not in named]
        # No entry says which of them were changed: what is known here may be older.
        for message in (await self._stores.messages.by_ids(ids)).values():
            self._bodies.remember(message)
        bodies = await self._bodies.all(ids, {})
        return [bodies[id] for id in ids if id in bodies]

    async def _unread(self, actor: Actor, inbox: Inbox) -> list[Stretch]:
        """What others wrote beyond what was read, of the conversations with the newest messages."""
        ids = {id for id in inbox.heads if inbox.unread(id)}
        ids -= await self._conversations.group_ids(ids)
        lasts = [message_id(id, inbox.heads[id]) for id in ids]
        newest = await self._stores.messages.newest_moments_of(lasts, None, MOST) if lasts else []
        direct = await self._conversations.direct(split_message_id(id)[0] for id, _ in newest)
        return [
            Stretch(one.id, inbox.reads.get(one.id, 0), inbox.heads[one.id], one.other(actor.user_id))
            for one in direct
        ]


def _named(tail: Tail) -> Iterable[int]:
    for entry in tail.entries:
        if entry.kind == "messages":
            for seq in range(entry.first, entry.last + 1):
                yield message_id(entry.conversation_id, seq)
