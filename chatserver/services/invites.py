"""Codes that let people into a conversation: made, listed, taken back, looked at and redeemed.

A code is good while its time lasts and its uses do, the conversation is not closed, and whoever made it is still the
member they were then and may invite. All of that is looked at when it is used: nothing has to be undone when it changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from chatserver.clock import Clock
from chatserver.errors import NotFound, Unavailable
from chatserver.guard.attempts import Attempts
from chatserver.guard.quotas import Quotas, reached
from chatserver.model import Actor, Conversation, Invite, Member
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.conversation_views import ConversationViews
from chatserver.services.conversations import Conversations
from chatserver.services.groups import step
from chatserver.services.memberships import Memberships
from chatserver.services.permissions import may
from chatserver.services.refusals import demand
from chatserver.wire import Json, from_outside
from chatserver.wire import invite as invite_json

CODE_BYTES = 16
CODE_CHARS = 64  # of what may be one
MOST_INVITES = 50  # of a conversation
MOST_USES, USES = 1_000, 100
MOST_AGE_SECS, AGE_SECS = 30 * 86_400, 7 * 86_400
TRIES = 10
NO_INVITE = "This invite is not good, or not any more."
# Looked at in place of one that there is not, so that this takes as long.
_NOTHING = Invite(0, 0, "", 0, None, datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(0, UTC), 0, 0)


class Invites:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        views: ConversationViews,
        memberships: Memberships,
        attempts: Attempts,
        quotas: Quotas,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._views = views
        self._memberships = memberships
        self._attempts = attempts
        self._quotas = quotas
        self._clock = clock

    async def make(
        self, actor: Actor, conversation_id: int, max_age_secs: int, uses: int, client_id: str | None
    ) -> tuple[Json, bool]:
        """The invite, and whether it was made by this call: a repeat by `client_id` gives the first one.

        Raises NotFound, Forbidden, Silenced, LimitReached, Unavailable.
        """
        conversation, member = await self._conversations.membership(actor, conversation_id)
        now = self._clock.now()
        demand(conversation, member, "invite", now)
        for _ in range(TRIES):
            known = await self._stores.invites.of(conversation_id)
            mine = (one for one in known if one.maker_id == actor.user_id and one.client_id is not None)
            if first := next((one for one in mine if one.client_id == client_id), None):
                return (await self._shown([first]))[0], False
            free = sorted(set(range(MOST_INVITES)) - {one.slot for one in known})
            if not free:
                await self._clear(conversation, known, now)
                continue
            made = Invite(
                id=await self._stores.marks.next_id("invite"),
                conversation_id=conversation_id,
                code=secrets.token_urlsafe(CODE_BYTES),
                maker_id=actor.user_id,
                maker_joined_at=member.joined_at,
                created_at=now,
                expires_at=now + timedelta(seconds=max_age_secs),
                uses=uses,
                slot=secrets.choice(free),
                client_id=client_id,
            )
            if await self._stores.invites.create(made):
                return (await self._shown([made]))[0], True
        raise Unavailable("Too many make invites here right now.")

    async def _clear(self, conversation: Conversation, known: list[Invite], now: datetime) -> None:
        """Make room where there is none by what lets nobody in any more. Raises LimitReached."""
        good = {one.id for one in await self._good(conversation, known, now)}
        spent = {one.id for one in known if one.id not in good or len(one.used_by) >= one.uses}
        if not spent:
            raise reached("invites", f"There are {MOST_INVITES} invites already; take one back first.")
        await self._stores.invites.delete(spent)

    async def page(self, actor: Actor, conversation_id: int) -> list[Json]:
        """Those that are good, the oldest first: all of them for moderators, for others their own.

        Raises NotFound.
        """
        conversation, member = await self._conversations.membership(actor, conversation_id)
        now = self._clock.now()
        sees_all = may(conversation, member, "invites", now).allowed
        good = await self._good(conversation, await self._stores.invites.of(conversation_id), now)
        return await self._shown(one for one in good if sees_all or one.maker_id == actor.user_id)

    async def take_back(self, actor: Actor, conversation_id: int, invite_id: int) -> None:
        """One's own, or anybody's as a moderator. Repeatable. Raises NotFound, Forbidden."""
        conversation, member = await self._conversations.membership(actor, conversation_id)
        known = await self._stores.invites.of(conversation_id)
        found = next((one for one in known if one.id == invite_id), None)
        if found is None:
            return
        if found.maker_id != actor.user_id:
            demand(conversation, member, "invites", self._clock.now())
        await self._stores.invites.delete([invite_id])

    async def preview(self, actor: Actor, code: str, address: str) -> Json:
        """What it lets into. Raises NotFound, RateLimited."""
        _, conversation, member = await self._opened(actor, code, address)
        is_member = _is_in(member)
        id = conversation.id if is_member else None
        return {"conversation_id": id, "is_member": is_member, **from_outside(conversation)}

    async def accept(self, actor: Actor, code: str, address: str) -> tuple[int, bool]:
        """The conversation that the actor is in by now, and whether they have become a member by this call.

        Repeatable: a use is counted once for each person. Raises NotFound, RateLimited, LimitReached, Unavailable.
        """
        invite, conversation, member = await self._opened(actor, code, address)
        if _is_in(member):
            return conversation.id, False
        await self._quotas.join(actor)
        if not await self._stores.invites.redeem(invite, actor.user_id, self._clock.now()):
            raise NotFound(NO_INVITE)
        await step()
        try:
            return conversation.id, await self._memberships.come(actor, conversation)
        except NotFound:  # closed, or the actor banned, at this moment
            raise NotFound(NO_INVITE) from None

    async def _opened(
        self, actor: Actor, code: str, address: str
    ) -> tuple[Invite, Conversation, Member | None]:
        """What this code is good for, and what the actor is there. One answer for all that is wrong with it."""
        async with self._attempts.code(actor.user_id, address):
            now = self._clock.now()
            invite = await self._stores.invites.by_code(code) or _NOTHING
            conversation = await self._stores.groups.conversation(invite.conversation_id)
            pairs = [(invite.conversation_id, id) for id in (invite.maker_id, actor.user_id)]
            found = await self._stores.conversations.members_of(pairs)
            maker, member = (found.get(pair) for pair in pairs)
            if (
                conversation is None
                or not _is_good(conversation, invite, maker, now)
                or not (_is_in(member) or invite.has_room_for(actor.user_id))
                or (member is not None and member.is_banned(now))
            ):
                raise NotFound(NO_INVITE)
            return invite, conversation, member

    async def _good(
        self, conversation: Conversation, invites: Iterable[Invite], now: datetime
    ) -> list[Invite]:
        """Used up ones among them: who has used one may come back by it."""
        invites = list(invites)
        pairs = {(conversation.id, one.maker_id) for one in invites}
        makers = await self._stores.conversations.members_of(pairs)
        return [
            one
            for one in invites
            if _is_good(conversation, one, makers.get((conversation.id, one.maker_id)), now)
        ]

    async def _shown(self, invites: Iterable[Invite]) -> list[Json]:
        invites = list(invites)
        users = await self._accounts.users({one.maker_id for one in invites})
        people = {id: self._views.person(user) for id, user in users.items()}
        return [invite_json(one, people.get(one.maker_id)) for one in invites]


def _is_in(member: Member | None) -> bool:
    return member is not None and member.state == "member"


def _is_good(conversation: Conversation, invite: Invite, maker: Member | None, now: datetime) -> bool:
    """Whatever is left of its uses."""
    return (
        now < invite.expires_at
        and maker is not None
        and maker.joined_at == invite.maker_joined_at
        and may(conversation, maker, "invite", now).allowed
    )
