"""The members of a conversation as other members see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatserver.clock import Clock
from chatserver.errors import Invalid
from chatserver.model import Actor, Conversation, Member, User
from chatserver.ports import Stores
from chatserver.services.accounts import Accounts
from chatserver.services.conversations import Conversations
from chatserver.services.permissions import may
from chatserver.services.presence import Presence
from chatserver.services.refusals import demand
from chatserver.wire import Json, person
from chatserver.wire import member as member_json
from chatserver.words import person_words, wanted_names

MOST_LISTED = 100
LOOKED_AT = 2_000  # members whose names one call compares: the next one goes on there


class MemberViews:
    def __init__(
        self,
        stores: Stores,
        accounts: Accounts,
        conversations: Conversations,
        presence: Presence,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._conversations = conversations
        self._presence = presence
        self._clock = clock

    async def page(
        self, actor: Actor, conversation_id: int, search: str, role: str | None, after: int, limit: int
    ) -> tuple[list[Json], int | None]:
        """At most `limit` by the user's id, from above `after` on, and where to go on from, if there may be more.

        `search`: the beginnings of words of their names. Raises Forbidden, NotFound.
        """
        conversation, member = await self._conversations.membership(actor, conversation_id)
        demand(conversation, member, "see_members", self._clock.now())
        if conversation.is_direct:
            members = await self._stores.conversations.members(conversation_id, conversation.member_ids)
            return await self.of(conversation, sorted(members.values(), key=lambda one: one.user_id)), None
        beginnings = wanted_names(search)
        limit = min(limit, MOST_LISTED)
        found: list[Member] = []
        for _ in range(LOOKED_AT // MOST_LISTED):
            part = await self._part(conversation, role, after)
            found += await self._named(part, beginnings)
            after = part[-1].user_id if part else after
            if len(part) < MOST_LISTED or len(found) > limit:
                break
        more = len(found) > limit or len(part) == MOST_LISTED
        if len(found) > limit:
            after = found[limit - 1].user_id
        return await self.of(conversation, found[:limit]), after if more else None

    async def _part(self, conversation: Conversation, role: str | None, after: int) -> list[Member]:
        listed = self._stores.groups.listed
        if role == "owner":
            return await listed(conversation.id, after, MOST_LISTED, (), [conversation.owner_id])
        found = await listed(conversation.id, after, MOST_LISTED, (role,) if role else (), None)
        return [one for one in found if role is None or one.user_id != conversation.owner_id]

    async def _named(self, members: Sequence[Member], beginnings: Sequence[str]) -> list[Member]:
        if not beginnings:
            return list(members)
        users = await self._accounts.users(member.user_id for member in members)
        return [one for one in members if one.user_id in users and _is_named(users[one.user_id], beginnings)]

    async def of(self, conversation: Conversation, members: Iterable[Member]) -> list[Json]:
        """In their order, without those whose account is not there."""
        members = list(members)
        ids = {id for one in members for id in (one.user_id, one.added_by) if id}
        users = await self._accounts.users(ids)
        shown = {id: person(user, self._presence.is_online(id)) for id, user in users.items()}
        return [
            member_json(conversation, one, shown[one.user_id], shown.get(one.added_by))
            for one in members
            if one.user_id in shown
        ]

    async def one(self, member: Member) -> Json:
        """Somebody who has just been changed. Raises Invalid when that account is gone by now."""
        conversation = (await self._conversations.all([member.conversation_id]))[member.conversation_id]
        shown = await self.of(conversation, [member])
        if not shown:
            raise Invalid.field("user_id", "is nobody any more")
        return shown[0]

    async def seen(self, actor: Actor, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Json]:
        """(conversation, user) → member, of those whom the actor may see: everybody sees themselves."""
        pairs = set(pairs)
        if not pairs:
            return {}
        conversations = await self._conversations.all({c for c, _ in pairs})
        own = {(c, actor.user_id) for c in conversations}
        found = await self._stores.conversations.members_of(pairs | own)
        now, seen = self._clock.now(), {}
        for id, conversation in conversations.items():
            mine = found.get((id, actor.user_id))
            sees_all = may(conversation, mine, "see_members", now).allowed
            is_in = mine is not None and mine.state == "member"
            shown = [
                found[c, u]
                for c, u in sorted(pairs)
                if c == id and (c, u) in found and (sees_all or (is_in and u == actor.user_id))
            ]
            of = await self.of(conversation, shown)
            seen.update({(id, one["user"]["id"]): one for one in of})
        return seen


def _is_named(user: User, beginnings: Sequence[str]) -> bool:
    words = person_words(user.username, user.full_name)
    return all(any(word.startswith(beginning) for word in words) for beginning in beginnings)
