"""Who is writing. Never stored; each node that shows it also ends it, so a node that dies leaves nobody stuck.

Bells of two nodes overtake one another: what somebody began before they ended it is not shown behind that. Nodes whose
clocks differ show a beginning too late by as much, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chatserver import metrics
from chatserver.clock import Clock, Timer
from chatserver.model import Actor, Bell, Conversation, Message
from chatserver.polls.hub import Hub
from chatserver.ports import Bus
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations
from chatserver.services.refusals import demand
from chatserver.wire import SMALL_MEMBERS

MAX_SHOWN = 10_000


class Typing:
    def __init__(
        self,
        conversations: Conversations,
        accounts: Accounts,
        hub: Hub,
        bus: Bus,
        clock: Clock,
        typing_secs: float,
    ) -> None:
        self._conversations = conversations
        self._accounts = accounts
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._typing_secs = typing_secs
        self._shown: dict[tuple[int, int], tuple[Timer, Bell]] = {}
        # When it was ended last, in two halves of which the older one is dropped: noted at each message, read at few.
        self._ended: dict[tuple[int, int], datetime] = {}
        self._ended_before: dict[tuple[int, int], datetime] = {}
        self._halves_change = 0.0

    async def signal(self, actor: Actor, receiver_id: int, is_typing: bool) -> None:
        """Raises NotFound when there is nobody whom the actor may know of. Without a conversation yet nobody is told."""
        conversation = await self._conversations.with_user(actor, receiver_id)
        if conversation is not None:
            await self._tell(actor, conversation, "typing", conversation.member_ids, is_typing)

    async def signal_in(self, actor: Actor, conversation_id: int, is_typing: bool) -> None:
        """The same in a conversation of any kind. Raises NotFound, and for who may not speak there Forbidden or Silenced.

        In a large one nobody is told: it would never stop.
        """
        conversation, member = await self._conversations.speaker(actor, conversation_id)
        demand(conversation, member, "typing", self._clock.now())
        if conversation.is_direct:
            await self._tell(actor, conversation, "typing", conversation.member_ids, is_typing)
        elif conversation.member_count <= SMALL_MEMBERS:
            member_ids = await self._conversations.member_ids(conversation)
            await self._tell(actor, conversation, "group_typing", member_ids, is_typing)

    async def _tell(
        self,
        actor: Actor,
        conversation: Conversation,
        kind: str,
        member_ids: Iterable[int],
        is_typing: bool,
    ) -> None:
        user = (await self._accounts.users([actor.user_id]))[actor.user_id]
        body = {
            "sender_id": user.id,
            "sender_name": user.full_name,
            "is_typing": is_typing,
            "conversation_id": conversation.id,
            "at": self._clock.now().isoformat(),
        }
        others = tuple(id for id in member_ids if id != user.id)
        if others:
            self._bus.publish(Bell(kind, others, body))

    def ended(self, message: Message) -> None:
        """The message itself ends it; called on every node that hears of the message, for any may show it."""
        key = (message.conversation_id, message.sender_id)
        if (shown := self._shown.get(key)) is not None:
            self._show(_stopped(shown[1]))
        self._note_end(key, message.created_at)

    def _note_end(self, key: tuple[int, int], at: datetime) -> None:
        now = self._clock.monotonic()
        if now >= self._halves_change or len(self._ended) >= MAX_SHOWN:
            self._ended, self._ended_before = {}, self._ended
            self._halves_change = now + self._typing_secs
        self._ended[key] = at

    def _is_over(self, key: tuple[int, int], at: datetime) -> bool:
        ends = (half.get(key) for half in (self._ended, self._ended_before))
        return any(end is not None and at <= end for end in ends)

    def heard(self, bell: Bell) -> None:
        """A typing bell arrived. Raises KeyError, TypeError or ValueError when it is malformed."""
        key, said = _key(bell), bell.body.get("at")  # Nodes before 0.2.0 do not say it.
        at = self._clock.now() if said is None else datetime.fromisoformat(said)
        if not bell.body["is_typing"]:
            self._note_end(key, at)
        elif self._is_over(key, at):
            return
        self._show(bell)

    def _show(self, bell: Bell) -> None:
        key = _key(bell)
        known = self._shown.pop(key, None)
        if known is not None:
            known[0].cancel()
        if bell.body["is_typing"]:
            if len(self._shown) >= MAX_SHOWN:
                metrics.EPHEMERAL_DROPPED.labels("full").inc()
                return
            self._shown[key] = (self._clock.later(self._typing_secs, self._show, _stopped(bell)), bell)
        event = {name: value for name, value in bell.body.items() if name != "at"}
        extended = bell.kind != "typing"  # the original clients know no groups
        for user_id in bell.user_ids:
            self._hub.push(user_id, ("typing", *key), "typing", event, self._typing_secs, extended)

    def close(self) -> None:
        for timer, _ in self._shown.values():
            timer.cancel()
        self._shown.clear()


def _key(bell: Bell) -> tuple[int, int]:
    return bell.body["conversation_id"], bell.body["sender_id"]


def _stopped(bell: Bell) -> Bell:
    return Bell(bell.kind, bell.user_ids, {**bell.body, "is_typing": False})
