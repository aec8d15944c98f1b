"""Coming in by oneself where a conversation is listed: at once, or by asking those who decide; and who is kept out."""

from __future__ import annotations

from datetime import datetime, timedelta

from chatserver.clock import Clock
from chatserver.errors import NotFound, RateLimited, Unavailable
from chatserver.guard.quotas import Quotas, reached
from chatserver.model import Actor, Conversation, Member
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.conversation_views import ConversationViews
from chatserver.services.conversations import Conversations
from chatserver.services.groups import step
from chatserver.services.memberships import Memberships
from chatserver.services.permissions import may
from chatserver.services.refusals import NO_CONVERSATION, demand
from chatserver.wire import Json, from_outside, moment
from chatserver.words import wanted_names

MOST_WAITING = 200  # requests of one conversation
AGAIN = timedelta(days=1)  # after being refused
MOST_LISTED = 200


class JoinRequests:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        views: ConversationViews,
        memberships: Memberships,
        quotas: Quotas,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._views = views
        self._memberships = memberships
        self._quotas = quotas
        self._clock = clock

    async def public(
        self, actor: Actor, search: str, before: int | None, limit: int
    ) -> tuple[list[Json], int | None]:
        """Listed conversations, the newest first, and where to go on from; less those that the actor is banned from.

        `search`: the beginnings of words of their names.
        """
        limit = min(limit, MOST_LISTED)
        found = await self._stores.public.page(wanted_names(search), before, limit + 1)
        shown = found[:limit]
        mine = await self._stores.conversations.members_of((one.id, actor.user_id) for one in shown)
        now = self._clock.now()
        results = [
            _shown(one, member)
            for one in shown
            if one.policy.listed
            and one.state != "closed"
            and not ((member := mine.get((one.id, actor.user_id))) is not None and member.is_banned(now))
        ]
        return results, shown[-1].id if len(found) > limit else None

    async def join(self, actor: Actor, conversation_id: int) -> str:
        """`joined` now, a `member` already, or `requested`. Repeatable.

        Raises NotFound, Forbidden, LimitReached, RateLimited for who was refused lately, Unavailable.
        """
        conversation = await self._stores.groups.conversation(conversation_id)
        if conversation is None:
            raise NotFound(NO_CONVERSATION)
        member = await self._stores.groups.member(conversation_id, actor.user_id)
        if member is not None and member.state == "member":
            return "member"
        if may(conversation, member, "request", self._clock.now()).allowed:
            await self._ask(actor, conversation, member)
            return "requested"
        demand(conversation, member, "join", self._clock.now())
        await self._quotas.join(actor)
        return "joined" if await self._memberships.come(actor, conversation) else "member"

    async def _ask(self, actor: Actor, conversation: Conversation, member: Member | None) -> None:
        c, user_id, now = conversation.id, actor.user_id, self._clock.now()
        if member is not None and member.state == "requested":
            return
        _check_refusal(member, now)
        if conversation.request_count >= MOST_WAITING:
            raise reached("requests", "As many ask to join already as may at once; come back later.")
        await self._quotas.join(actor)
        if member is not None and member.pending is not None:
            await self._memberships.settle(c, user_id)
        asked = await self._stores.outsiders.ask(c, user_id, now, now - AGAIN)
        await step()
        if asked is None:
            await self._explain(c, user_id, now)
        await self._memberships.settle(c, user_id)

    async def _explain(self, conversation_id: int, user_id: int, now: datetime) -> None:
        """Something else has happened at the same moment. Raises what it comes to, unless they do ask."""
        member = await self._stores.groups.member(conversation_id, user_id)
        _check_refusal(member, now)
        if member is not None and member.is_banned(now):
            raise NotFound(NO_CONVERSATION)
        if member is None or member.state not in ("requested", "joining", "member"):
            raise Unavailable("This membership changes too fast right now.")

    async def page(
        self, actor: Actor, conversation_id: int, after: int, limit: int
    ) -> tuple[list[Json], int | None]:
        """Who asks to join, by the user's id, and where to go on from. Raises NotFound, Forbidden."""
        await self._demand(actor, conversation_id, "requests")
        limit = min(limit, MOST_LISTED)
        found = await self._stores.outsiders.requests(conversation_id, after, limit + 1)
        people = await self._people(found)
        results = [
            {"user": people[one.user_id], "asked_at": moment(one.asked_at)}
            for one in found[:limit]
            if one.user_id in people
        ]
        return results, found[limit - 1].user_id if len(found) > limit else None

    async def bans(
        self, actor: Actor, conversation_id: int, after: int, limit: int
    ) -> tuple[list[Json], int | None]:
        """The same of who is banned, by whom, until when and why."""
        await self._demand(actor, conversation_id, "ban")
        limit = min(limit, MOST_LISTED)
        now = self._clock.now()
        found = await self._stores.outsiders.banned(conversation_id, after, limit + 1, now)
        people = await self._people(found)
        results = [
            {
                "user": people[one.user_id],
                "banned_by": people.get(one.added_by),
                "until": moment(one.banned_until),
                "reason": one.reason,
            }
            for one in found[:limit]
            if one.user_id in people
        ]
        return results, found[limit - 1].user_id if len(found) > limit else None

    async def _demand(self, actor: Actor, conversation_id: int, action: str) -> None:
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, action, self._clock.now())

    async def _people(self, members: list[Member]) -> dict[int, Json]:
        """Deleted ones too: somebody has to be able to refuse what they asked for."""
        ids = {id for one in members for id in (one.user_id, one.added_by) if id}
        users = await self._accounts.users(ids)
        return {id: self._views.person(user) for id, user in users.items()}


def _check_refusal(member: Member | None, now: datetime) -> None:
    """Raises RateLimited for who was refused less than a day ago."""
    if member is not None and member.refused_at is not None and now < member.refused_at + AGAIN:
        left = (member.refused_at + AGAIN - now).total_seconds()
        raise RateLimited("request", 1, AGAIN.total_seconds(), left)


def _shown(conversation: Conversation, member: Member | None) -> Json:
    known = member.state if member is not None and member.state in ("member", "requested") else None
    join = conversation.policy.join
    return {"id": conversation.id, **from_outside(conversation), "join": join, "my_state": known}
