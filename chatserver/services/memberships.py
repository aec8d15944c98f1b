"""Who is in a group: joining, leaving, being removed or banned, and what they are in it.

The document of the member decides, and their inbox follows: a head there is what lets fan-outs in. Whoever joins is on
the way in first, with the message after which they will see everything; gets one of the group's places; gets a head
exactly there; and only then is a member. An inbox takes no older membership than the last that it has seen. So each
step may be repeated by anybody at any time. `settle` repeats them all and ends every change; the sweeper calls it for
what is left.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from chatserver.batched import BatchedCalls
from chatserver.clock import Clock
from chatserver.errors import Forbidden, NotFound, Unavailable
from chatserver.guard.quotas import reached
from chatserver.model import REQUESTS, Actor, Advance, Bell, Conversation, Entry, Member, Pending
from chatserver.ports import Bus, Stores
from chatserver.sending.facts import Facts
from chatserver.sending.fanout import FanOut
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations
from chatserver.services.groups import Groups, step
from chatserver.services.permissions import RANKS, rank
from chatserver.services.refusals import NO_CONVERSATION, REFUSED, demand
from chatserver.services.system_messages import SystemMessages
from chatserver.services.wipes import Wipes

log = structlog.get_logger(__name__)

TRIES = 10
# Of comings, goings and roles in larger groups only those learn whom they concern: they would fill the rings of all.
TOLD_MEMBERS = 100
DECIDERS = 50  # of those who decide who is let in: so many are told of each request
EACH_REQUEST = 20  # so many requests are told one by one
ROLES = ("member", "moderator", "admin")
NO_MEMBER = "There is no such member."


class Memberships:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        groups: Groups,
        system_messages: SystemMessages,
        fanout: FanOut,
        facts: Facts,
        wipes: Wipes,
        bus: Bus,
        clock: Clock,
        places: dict[str, int],
        person_conversations: int,
    ) -> None:
        """`places`: how many members a group may have, by its preset."""
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._groups = groups
        self._system_messages = system_messages
        self._fanout = fanout
        self._facts = facts
        self._wipes = wipes
        self._bus = bus
        self._clock = clock
        self._places = places
        self._person_conversations = person_conversations
        self._counts: BatchedCalls[tuple[int, int], None] = BatchedCalls(self._count_all, clock)

    def places(self, preset: str) -> int:
        """How many members one of this preset may have."""
        return self._places[preset]

    async def add(self, actor: Actor, conversation_id: int, user_id: int) -> tuple[Member, bool]:
        """This user, as a member, and whether they have become one now. They see what is said from now on.

        Raises Forbidden, also for who is banned, NotFound, LimitReached, Unavailable.
        """
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, "invite", self._clock.now())
        await self._conversations.contact_policy.demand(actor, user_id)
        if (await self._accounts.user(user_id)).is_gone:
            raise NotFound("There is no such user.")
        pending = Pending("added", actor.user_id, (user_id,))
        return await self._join(conversation, user_id, pending)

    async def come(self, actor: Actor, conversation: Conversation) -> bool:
        """The actor, by themselves, where a door is open to them. Whether they have become a member now.

        Raises NotFound, also for who is banned, LimitReached, Unavailable.
        """
        pending = Pending("joined", actor.user_id, (actor.user_id,))
        try:
            return (await self._join(conversation, actor.user_id, pending))[1]
        except Forbidden:
            raise NotFound(NO_CONVERSATION) from None

    async def take_in(self, actor: Actor, conversation_id: int, user_id: int) -> tuple[Member, bool]:
        """The same as `add`, of somebody who asks to join."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, "requests", self._clock.now())
        known = await self._stores.groups.member(conversation_id, user_id)
        asks = known is not None and known.state in ("requested", "joining", "member")
        if not asks or (await self._accounts.user(user_id)).is_gone:
            raise NotFound("They do not ask to join, or not any more.")
        pending = Pending("added", actor.user_id, (user_id,))
        return await self._join(conversation, user_id, pending, only="requested")

    async def refuse(self, actor: Actor, conversation_id: int, user_id: int) -> None:
        """They may ask again later (requests.py). Repeatable. Raises NotFound, Forbidden."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, "requests", self._clock.now())
        await self._end_request(conversation_id, user_id, actor, {"refused_at": self._clock.now()})

    async def take_back_request(self, actor: Actor, conversation_id: int) -> None:
        """The actor's own; they may ask again at once. Repeatable while they may ask. Raises NotFound, Forbidden."""
        known = await self._stores.groups.member(conversation_id, actor.user_id)
        if known is None or known.state != "requested":
            conversation = await self._stores.groups.conversation(conversation_id)
            if conversation is None:
                raise NotFound(NO_CONVERSATION)
            demand(conversation, known, "request", self._clock.now())
        await self._end_request(conversation_id, actor.user_id, actor, {})

    async def _end_request(
        self, conversation_id: int, user_id: int, actor: Actor, changes: dict[str, Any]
    ) -> None:
        """If it is one still."""
        left, pending = {"state": "left", **changes}, Pending("refused", actor.user_id, (user_id,))
        ended = await self._changed(conversation_id, user_id, ("requested",), ROLES, left, pending)
        if ended is not None:
            await step()
            await self.settle(conversation_id, user_id)

    async def _join(
        self, conversation: Conversation, user_id: int, pending: Pending, only: str | None = None
    ) -> tuple[Member, bool]:
        """With `only`, somebody who is in that state still."""
        c, groups = conversation.id, self._stores.groups
        known = await self._settled(c, user_id)
        if known is not None and known.state == "member":
            return known, False
        owned = await self._stores.inboxes.memberships([user_id])
        if len(owned.get(user_id, ())) >= self._person_conversations:
            raise reached("person_conversations", "They are in as many conversations as anybody may be.")
        seq = await self._stores.messages.head(c)
        floor = seq if conversation.policy.history == "joined" else 0
        added_by = 0 if pending.actor_id == user_id else pending.actor_id
        coming = Member(c, user_id, floor_seq=floor, added_by=added_by)
        approached = await groups.approach(coming, seq, pending, self._clock.now(), only)
        await step()
        await self.settle(c, user_id)
        member = await groups.member(c, user_id)
        if member is not None and member.state == "member":
            return member, approached is not None
        if member is not None and member.state == "banned":
            raise Forbidden("They are banned from this conversation.")
        newest = await groups.conversation(c)
        if newest is None or (newest.state != "closed" and newest.member_count < self._places[newest.preset]):
            raise Unavailable("This membership changes too fast right now.")
        if newest.state == "closed":
            raise Forbidden("This conversation is closed.")
        limit = "announcement_members" if newest.preset == "announcement" else "group_members"
        raise reached(limit, "There is no place left in this conversation.")

    async def leave(self, actor: Actor, conversation_id: int) -> None:
        """Nothing sent after the answer reaches the actor. Raises NotFound, Forbidden, OwnerMustTransfer."""
        await self._settled(conversation_id, actor.user_id)
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, "leave", self._clock.now())
        pending = Pending("left", actor.user_id, (actor.user_id,))
        await self._out(conversation, actor.user_id, ROLES, {"state": "left"}, pending)

    async def leave_all(self, user_id: int) -> None:
        """Before an account is deleted: what it owned has an heir then. Repeatable. Raises Unavailable."""
        owned = await self._stores.inboxes.memberships([user_id])
        for conversation in (await self._conversations.all(owned.get(user_id, ()))).values():
            if not conversation.is_direct:
                pending = Pending("left", user_id, (user_id,))
                await self._out(conversation, user_id, ROLES, {"state": "left"}, pending)

    async def kick(self, actor: Actor, conversation_id: int, user_id: int) -> bool:
        """The same for somebody of a lower role. False when they were not in it: whoever repeats it has what they want.

        Raises NotFound, Forbidden, Unavailable.
        """
        conversation, roles = await self._over(actor, conversation_id, user_id, "kick")
        pending = Pending("removed", actor.user_id, (user_id,))
        if await self._out(conversation, user_id, roles, {"state": "left"}, pending):
            return True
        target = await self._settled(conversation_id, user_id)
        if target is not None and target.state == "member":  # of a higher role by now
            raise Forbidden(REFUSED)
        return False

    async def ban(
        self,
        actor: Actor,
        conversation_id: int,
        user_id: int,
        until: datetime | None,
        reason: str | None,
        wiped_secs: int = 0,
    ) -> Member:
        """Out, and nobody lets them in before `until`; also somebody who is not in it, or comes in at this moment.

        What they wrote in the last `wiped_secs` goes too, long stretches of it later. Raises NotFound, Forbidden,
        Unavailable.
        """
        changes: dict[str, Any] = {
            "state": "banned",
            "role": "member",
            "banned_until": until,
            "reason": reason,
        }
        changes["by"] = actor.user_id
        if wiped_secs:
            changes["wipe"] = self._wipes.wanted(actor, conversation_id, user_id, wiped_secs)
        for _ in range(TRIES):
            conversation, roles = await self._over(actor, conversation_id, user_id, "ban")
            await self._accounts.user(user_id)
            pending = Pending("removed", actor.user_id, (user_id,))
            if await self._out(conversation, user_id, roles, changes, pending):
                break
            if await self._keep_out(actor, conversation_id, user_id, changes):
                break
        else:
            raise Unavailable("This membership changes too fast right now.")
        if wiped_secs:
            await self._wipes.begin(conversation_id, user_id)
        return await self._stores.groups.member(conversation_id, user_id) or Member(conversation_id, user_id)

    async def _keep_out(
        self, actor: Actor, conversation_id: int, user_id: int, changes: dict[str, Any]
    ) -> bool:
        """Ban somebody who is not in it. False when they are by now."""
        groups, quietly = self._stores.groups, Pending("banned", actor.user_id, (user_id,))
        outside = ("left", "banned", "invited", "requested")
        stranger = Member(conversation_id, user_id, added_by=actor.user_id)
        until, reason = changes["banned_until"], changes["reason"]
        if await self._changed(
            conversation_id, user_id, outside, ROLES, changes, quietly
        ) is None and not await groups.shut_out(stranger, until, reason, quietly):
            return False
        await self.settle(conversation_id, user_id)
        return True

    async def unban(self, actor: Actor, conversation_id: int, user_id: int) -> None:
        """Repeatable. They are no member by it. Raises NotFound, Forbidden."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, "ban", self._clock.now())
        changes = {"state": "left", "banned_until": None, "reason": None}
        await self._stores.groups.change_member(conversation_id, user_id, ("banned",), ROLES, changes, None)

    async def change(
        self, actor: Actor, conversation_id: int, user_id: int, changes: dict[str, Any]
    ) -> Member:
        """`role` and `silenced_until` (None: not any more), those that are given, of somebody of a lower role.

        One may lower oneself. Raises NotFound, Forbidden, OwnerMustTransfer.
        """
        conversation, member = await self._conversations.membership(actor, conversation_id)
        target = member if user_id == actor.user_id else await self._target(conversation_id, user_id)
        now, role = self._clock.now(), changes.get("role", target.role)
        if "role" in changes:
            demand(conversation, member, "roles", now, target, role)
        if "silenced_until" in changes:
            demand(conversation, member, "silence", now, target)
        roles = (target.role,) if target is member else _below(conversation, member)
        pending = Pending("role", actor.user_id, (user_id,))
        if await self._changed(conversation_id, user_id, ("member",), roles, changes, pending) is None:
            await self._target(conversation_id, user_id)
            raise Forbidden(REFUSED)  # Somebody else was faster.
        await step()
        await self.settle(conversation_id, user_id)
        return await self._target(conversation_id, user_id)

    async def _target(self, conversation_id: int, user_id: int) -> Member:
        target = await self._settled(conversation_id, user_id)
        if target is None or target.state != "member":
            raise NotFound(NO_MEMBER)
        return target

    async def _settled(self, conversation_id: int, user_id: int) -> Member | None:
        """As they are once their last change has come to its end.

        Who repeats what a server died of finishes it by that.
        """
        member = await self._stores.groups.member(conversation_id, user_id)
        if member is None or member.pending is None:
            return member
        await self.settle(conversation_id, user_id)
        return await self._stores.groups.member(conversation_id, user_id)

    async def _over(
        self, actor: Actor, conversation_id: int, user_id: int, action: str
    ) -> tuple[Conversation, tuple[str, ...]]:
        """The conversation, and the roles that the actor may do this to."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, action, self._clock.now())
        target = await self._settled(conversation_id, user_id)
        if target is not None and target.state in ("member", "joining"):
            demand(conversation, member, action, self._clock.now(), target)
        return conversation, _below(conversation, member)

    async def _out(
        self,
        conversation: Conversation,
        user_id: int,
        roles: tuple[str, ...],
        changes: dict[str, Any],
        pending: Pending,
    ) -> bool:
        """False when they are not in it, or have another role by now."""
        inside = ("member", "joining")
        if await self._changed(conversation.id, user_id, inside, roles, changes, pending) is None:
            return False
        await step()
        await self.settle(conversation.id, user_id)
        return True

    async def _changed(
        self,
        conversation_id: int,
        user_id: int,
        states: Sequence[str],
        roles: Sequence[str],
        changes: dict[str, Any],
        pending: Pending,
    ) -> Member | None:
        """None unless they are in one of these states and have one of these roles.

        What is to be told of their last change is told first, or it would be lost to this one. Raises Unavailable.
        """
        groups, untold = self._stores.groups, ""
        for _ in range(TRIES):
            changed = await groups.change_member(conversation_id, user_id, states, roles, changes, pending)
            if changed is not None:
                return changed
            known = await groups.member(conversation_id, user_id)
            if known is None or known.state not in states or known.role not in roles:
                return None
            if known.pending is None:  # It has been told meanwhile.
                continue
            if known.pending.key == untold:
                break
            untold = known.pending.key
            await self.settle(conversation_id, user_id)
        raise Unavailable("What has changed before in this membership is still to be told.")

    async def settle(self, conversation_id: int, user_id: int) -> None:
        """Whatever has happened so far: the inbox follows the membership, the members are counted, and all are told.

        Repeatable. Raises Unavailable; telling may be left to the sweeper.
        """
        member = await self._decided(conversation_id, user_id)
        self._conversations.forget_group(conversation_id, user_id)
        if (
            member is None
            or (conversation := await self._stores.groups.conversation(conversation_id)) is None
        ):
            return
        if member.state == "member":
            await self._catch_up(conversation, member)
        elif member.state in ("left", "banned"):
            await self._stores.inboxes.leave(user_id, self._departure(member))
        await step()
        await self._counts.call((conversation_id, user_id))
        if conversation.owner_id == user_id and member.state != "member":
            await self._groups.settle(conversation_id)
        self._bus.publish(Bell("inbox", (user_id,)))
        try:
            await step()
            if _is_news(member):
                await self._tell(conversation_id, member)
            if member.asked_at is not None:
                await self._tell_deciders(conversation_id, member)
            await self._stores.groups.member_told(member)
        except Unavailable:
            log.warning("change left to the sweeper", conversation=conversation_id, member=user_id)

    def _departure(self, member: Member) -> Entry:
        """`ref` says whether others made them go (REASONS in entries.py)."""
        removed = member.pending is not None and member.pending.type == "removed"
        ref = 2 if member.state == "banned" else int(removed)
        c, at = member.conversation_id, self._clock.now()
        return Entry("left", c, user_id=member.user_id, ref=ref, rev=member.rev, at=at)

    async def _decided(self, conversation_id: int, user_id: int) -> Member | None:
        """Whoever is on the way in is a member then, or out again where there is no place for them."""
        groups = self._stores.groups
        for _ in range(TRIES):
            member = await groups.member(conversation_id, user_id)
            if member is None or member.state != "joining":
                return member
            conversation = await groups.conversation(conversation_id)
            if conversation is None:
                return None
            if not await groups.admit(conversation_id, user_id, self._places[conversation.preset]):
                outside = {"state": "left"}
                await groups.change_member(
                    conversation_id, user_id, ("joining",), ROLES, outside, None, member.rev
                )
                continue
            await step()
            facts = await self._stores.facts.head(conversation_id)
            head = member.joined_seq
            await self._stores.inboxes.join([user_id], conversation_id, head, facts, rev=member.rev)
            await step()
            await groups.enter(member)
            await step()
        raise Unavailable("This membership changes too fast right now.")

    async def _catch_up(self, conversation: Conversation, member: Member) -> None:
        """Tell them where they are. What was appended meanwhile may have been fanned out to the others only."""
        c, user_id = conversation.id, member.user_id
        if member.pending is not None and member.pending.type in ("added", "joined"):
            # Keyed by when they came: what they were made since is told apart.
            entry = Entry(
                "joined", c, user_id=user_id, ref=member.joined_seq, rev=member.rev, at=member.joined_at
            )
            await self._stores.inboxes.push([user_id], entry)
        elif member.pending is not None:
            await self._stores.inboxes.push(
                [user_id], Entry("mine", c, user_id=user_id, ref=1, rev=member.rev)
            )
        await self._fanout.repair(Advance(c, 0, await self._stores.messages.head(c), (user_id,)))

    async def _count_all(self, settled: list[tuple[int, int]]) -> dict[tuple[int, int], None]:
        """Those who come and go at one moment are counted once, in each of their conversations."""
        people: defaultdict[int, list[int]] = defaultdict(list)
        for conversation_id, user_id in settled:
            people[conversation_id].append(user_id)
        await asyncio.gather(*(self._stores.groups.recount(id, found) for id, found in people.items()))
        return dict.fromkeys(settled)

    async def _tell(self, conversation_id: int, member: Member) -> None:
        conversation = await self._stores.groups.conversation(conversation_id)
        pending = member.pending
        if conversation is None or pending is None:
            return
        lines = [("member", member.user_id, member.rev)]
        if pending.type != "role":
            lines.append(("conversation", 0, conversation.rev))
        if conversation.member_count <= TOLD_MEMBERS:
            await self._facts.tell(conversation, *lines)
        else:
            await self._facts.tell_host(conversation, *lines)
        await self._system_messages.tell(conversation, pending, f"{conversation_id}:{pending.key}")

    async def _tell_deciders(self, conversation_id: int, member: Member) -> None:
        """How many ask to join has changed by this member. Of a crowd only every tenth, which would fill inboxes."""
        conversation = await self._stores.groups.conversation(conversation_id)
        if conversation is None or (
            conversation.request_count > EACH_REQUEST and conversation.request_count % 10
        ):
            return
        helping = await self._stores.groups.listed(conversation_id, 0, DECIDERS, ("admin", "moderator"), None)
        ids = dict.fromkeys([conversation.owner_id, *(one.user_id for one in helping)])
        deciders = tuple(ids)[:DECIDERS]
        entry = Entry(
            "mine",
            conversation_id,
            user_id=member.user_id,
            ref=REQUESTS,
            rev=member.rev,
            at=self._clock.now(),
        )
        await self._stores.inboxes.push(deciders, entry)
        self._bus.publish(Bell("inbox", deciders))

    async def settle_all(self, most: int) -> None:
        """What whoever died left half done: of conversations and of members, `most` of each. Raises Unavailable."""
        conversation_ids, members = await self._stores.groups.pending(most)
        unfinished = [(id, 0) for id in conversation_ids] + members
        for conversation_id, user_id in unfinished:
            try:
                if user_id:
                    await self.settle(conversation_id, user_id)
                else:
                    await self._groups.go_on(conversation_id)
            except Unavailable:
                raise
            except Exception:  # It is the fault of this one, and the others must not wait behind it.
                log.exception("group left as it is", conversation=conversation_id, member=user_id)
        await self._wipes.go_on(most)

    async def close(self) -> None:
        await self._counts.close()


def _is_news(member: Member) -> bool:
    """Not who found no place, nor who was never in it and is banned, asks to be let in, or is refused."""
    type = member.pending.type if member.pending is not None else "banned"
    if type in ("banned", "requested", "refused"):
        return False
    return (member.state == "member") == (type in ("added", "joined", "role"))


def _below(conversation: Conversation, member: Member) -> tuple[str, ...]:
    """The roles that this member decides over."""
    mine = rank(conversation, member)
    return tuple(role for role in ROLES if RANKS[role] < mine)
