"""Groups: who is in one, from which message on, and until when.

A head in the inbox is what lets fan-outs in, so it is set before a membership is visible and unset before the
membership goes. Two changes of one person's membership at the same moment may cross; each looks at what stands in the
end and repeats its steps until that is what it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatserver.clock import Clock
from chatserver.errors import NotFound, Unavailable
from chatserver.model import MAX_CONVERSATION_ID, Actor, Advance, Bell, Conversation, Entry
from chatserver.ports import Bus, Stores
from chatserver.sending.facts import Facts
from chatserver.sending.fanout import FanOut
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations

TRIES = 10


class Memberships:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        fanout: FanOut,
        facts: Facts,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._fanout = fanout
        self._facts = facts
        self._bus = bus
        self._clock = clock

    async def begin(self, actor: Actor, user_ids: Iterable[int]) -> Conversation:
        """A new group of the actor and these. Raises NotFound when one of them does not exist."""
        member_ids = tuple(sorted({actor.user_id, *user_ids}))
        if (await self._accounts.users(member_ids)).keys() != set(member_ids):
            raise NotFound("There is no such user.")
        id = await self._stores.marks.next_id("conversation")
        if id > MAX_CONVERSATION_ID:
            raise Unavailable("There is no room for another conversation.")
        await self._stores.conversations.start_group(id, self._clock.now())
        await self._stores.inboxes.join(member_ids, id, 0)
        await self._stores.conversations.add_members(id, member_ids)
        await self._stores.conversations.finish(id)
        return Conversation(id, "group")

    async def join(self, actor: Actor, conversation_id: int, user_id: int) -> None:
        """The actor, a member, takes this user in: everything sent after the answer reaches them, nothing sent before.

        Repeatable. Raises NotFound when the actor is no member or there is no such user.
        """
        c = conversation_id
        await self._group(actor, c)
        await self._accounts.user(user_id)
        for _ in range(TRIES):
            entry = Entry("joined", c, user_id=user_id)
            head, facts = await self._stores.messages.head(c), await self._stores.facts.head(c)
            await self._stores.inboxes.join([user_id], c, head, facts, entry)
            await self._stores.conversations.add_members(c, [user_id])
            if await self._standing(c, user_id) == (True, True):
                break
        else:
            raise Unavailable("This membership changes too fast right now.")
        # What was appended meanwhile may have been fanned out to the others only.
        await self._fanout.repair(Advance(c, 0, await self._stores.messages.head(c), (user_id,)))
        await self._facts.tell(c, "member", user_id, await self._next_rev(c))

    async def leave(self, actor: Actor, conversation_id: int) -> None:
        """Nothing sent after the answer reaches the actor. Repeatable while the membership stands."""
        c, user_id = conversation_id, actor.user_id
        await self._group(actor, c)
        entry = Entry("left", c, user_id=user_id, rev=await self._next_rev(c))
        for _ in range(TRIES):
            await self._stores.inboxes.leave(user_id, entry)
            await self._stores.conversations.remove_member(c, user_id)
            if await self._standing(c, user_id) == (False, False):
                break
        else:
            raise Unavailable("This membership changes too fast right now.")
        await self._facts.tell(c, "member", user_id, entry.rev)
        self._bus.publish(Bell("inbox", (user_id,)))

    async def _group(self, actor: Actor, conversation_id: int) -> None:
        if (await self._conversations.access(actor, conversation_id)).is_direct:
            raise NotFound("There is no such group.")

    async def _standing(self, conversation_id: int, user_id: int) -> tuple[bool, bool]:
        """Whether there is a head, and whether there is a membership."""
        heads = await self._stores.inboxes.heads([user_id], [conversation_id])
        member = await self._stores.conversations.is_member(conversation_id, user_id)
        return conversation_id in heads.get(user_id, {}), member

    async def _next_rev(self, conversation_id: int) -> int:
        return await self._stores.conversations.next_rev(conversation_id)
