"""The conversations of the host, by its own ids: what they are, and who is in them. All of it may be repeated.

The host acts in them as the role `system`, by the same steps as everybody; a conversation that it began belongs to it and
to nobody in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chatserver.errors import ChatError, Forbidden, Invalid, LimitReached, NotFound, Unavailable
from chatserver.model import EXTERNAL_CHARS, HOST_ACTOR, Conversation, Member, is_storable
from chatserver.names import shown_name
from chatserver.ports import Stores
from chatserver.services.groups import Groups, NewGroup
from chatserver.services.memberships import Memberships

MOST_MEMBERS = 1_000  # named in one call, and shown in one answer
TRIES = 10
REFUSALS = (Forbidden, LimitReached)


@dataclass(frozen=True, slots=True)
class WantedConversation:
    """A conversation as the host wants it; what is None stays as it is. `title` may be empty: then it has none."""

    title: str | None = None
    data: Mapping[str, Any] | None = None
    preset: str | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    subs: Sequence[str] | None = None
    exact: bool = False  # `subs` are all who are to be in it


@dataclass(slots=True)
class Put:
    """What became of it. `refused`: sub → why they could not be taken in."""

    conversation: Conversation
    created: bool
    added: int = 0
    removed: int = 0
    refused: dict[str, ChatError] = field(default_factory=dict)


class HostConversations:
    def __init__(self, stores: Stores, groups: Groups, memberships: Memberships) -> None:
        self._stores = stores
        self._groups = groups
        self._memberships = memberships

    async def named(self, external_id: str) -> Conversation:
        """As it is now. Raises NotFound."""
        found = await self._stores.groups.of_host(external_id)
        if found is None:
            raise NotFound(f"There is no conversation {external_id[:EXTERNAL_CHARS]}.")
        return found

    async def put(self, external_id: str, wanted: WantedConversation) -> Put:
        """Make it, or change it into what is wanted.

        Raises Invalid; NotFound that names who is nobody here, before anything is done; Forbidden for what would change a
        closed one; Unavailable when people come and go faster than this can follow.
        """
        _check(external_id, wanted)
        ids = await self._ids(wanted.subs or ())
        conversation = await self._stores.groups.of_host(external_id)
        put = (
            await self._begin(external_id, wanted, ids)
            if conversation is None
            else Put(conversation, created=False)
        )
        if not put.created:
            await self._change(put.conversation, wanted)
        if wanted.subs is not None:
            await self._match(put, ids, wanted.exact)
        put.conversation = await self.named(external_id)
        return put

    async def close(self, external_id: str) -> Conversation:
        """For good. Repeatable. Raises NotFound."""
        await self._groups.close_group(HOST_ACTOR, (await self.named(external_id)).id)
        return await self.named(external_id)

    async def members(
        self, conversation: Conversation, after: int, limit: int
    ) -> list[tuple[Member, str | None]]:
        """By the chat's id of them, from above `after` on, each with the host's own where it has one."""
        found = await self._stores.groups.listed(conversation.id, after, limit, (), None)
        subs = await self._stores.users.subs([member.user_id for member in found]) if found else {}
        return [(member, subs.get(member.user_id)) for member in found]

    async def put_member(self, external_id: str, sub: str, role: str | None) -> tuple[Member, bool]:
        """They are in it, as `role` where it is given, and whether they came by this. They see what is said from now on,
        unless its policy shows all.

        Raises NotFound, Forbidden where they are banned or it is closed, LimitReached.
        """
        conversation, user_id = await self.named(external_id), await self.id_of(sub)
        member, is_new = await self._memberships.add(HOST_ACTOR, conversation.id, user_id)
        if role is not None and role != member.role:
            member = await self._memberships.change(HOST_ACTOR, conversation.id, user_id, {"role": role})
        return member, is_new

    async def remove_member(self, external_id: str, sub: str) -> bool:
        """Nothing sent after the answer reaches them. False when they were not in it. Raises NotFound."""
        conversation, user_id = await self.named(external_id), await self.id_of(sub)
        return await self._memberships.kick(HOST_ACTOR, conversation.id, user_id)

    async def ban(
        self, external_ids: Sequence[str], sub: str, until: datetime | None, reason: str | None
    ) -> None:
        """Out of these, and nobody lets them in before `until`. Raises NotFound before anything is done."""
        user_id = await self.id_of(sub)
        for conversation in [await self.named(id) for id in external_ids]:
            await self._memberships.ban(HOST_ACTOR, conversation.id, user_id, until, reason)

    async def unban(self, external_ids: Sequence[str], sub: str) -> None:
        """They are in none of them by it. Raises NotFound."""
        user_id = await self.id_of(sub)
        for conversation in [await self.named(id) for id in external_ids]:
            await self._memberships.unban(HOST_ACTOR, conversation.id, user_id)

    async def id_of(self, sub: str) -> int:
        """Raises NotFound that names them."""
        return (await self._ids([sub]))[sub]

    async def _ids(self, subs: Iterable[str]) -> dict[str, int]:
        wanted = list(dict.fromkeys(subs))
        found = await self._stores.users.ids_of_subs(wanted) if wanted else {}
        if unknown := [sub for sub in wanted if sub not in found]:
            more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise NotFound(f"The application has no {unknown[0]}{more} here; put them first.")
        return {sub: found[sub] for sub in wanted}

    async def _begin(self, external_id: str, wanted: WantedConversation, ids: Mapping[str, int]) -> Put:
        preset = wanted.preset or "group"
        first = tuple(ids.values())[: self._memberships.places(preset)]
        group = NewGroup(preset, wanted.title or None, first, wanted.policy, wanted.data or {}, external_id)
        beginning, created = await self._groups.begin_for_host(external_id, group)
        return Put(await self.named(external_id), created, added=len(beginning.member_ids) if created else 0)

    async def _change(self, conversation: Conversation, wanted: WantedConversation) -> None:
        """What is so already costs no write, and nobody is told of it. Raises Invalid, Forbidden."""
        if wanted.preset not in (None, conversation.preset):
            raise Invalid.field("preset", "is for ever")
        changes: dict[str, Any] = {}
        if wanted.title is not None and (wanted.title or None) != conversation.name:
            changes["name"] = wanted.title
        if wanted.data is not None and wanted.data != conversation.data:
            changes["data"] = wanted.data
        policy = {
            name: value
            for name, value in wanted.policy.items()
            if getattr(conversation.policy, name) != value
        }
        if policy:
            changes["policy"] = policy
        if changes:
            await self._groups.change(HOST_ACTOR, conversation.id, changes, None)

    async def _match(self, put: Put, ids: Mapping[str, int], exact: bool) -> None:
        """Until those are in it that are named, and nobody else where `exact`: others come and go meanwhile."""
        c, subs = put.conversation.id, {id: sub for sub, id in ids.items()}
        for _ in range(TRIES):
            present = set((await self._stores.conversations.member_ids([c]))[c])
            going = present - subs.keys() if exact else set()
            coming = [id for id in subs if id not in present and subs[id] not in put.refused]
            if not going and not coming:
                return
            for user_id in sorted(going):  # first: they make room
                put.removed += await self._memberships.kick(HOST_ACTOR, c, user_id)
            for user_id in coming:
                try:
                    put.added += (await self._memberships.add(HOST_ACTOR, c, user_id))[1]
                except REFUSALS as refusal:
                    put.refused[subs[user_id]] = refusal
        raise Unavailable("People come and go too fast there right now.")


def _check(external_id: str, wanted: WantedConversation) -> None:
    """Raises Invalid."""
    if not 0 < len(external_id) <= EXTERNAL_CHARS or not is_storable(external_id):
        raise Invalid.field("external_id", f"must have 1 to {EXTERNAL_CHARS} characters")
    if wanted.title:
        shown_name(wanted.title, "title")
    if wanted.exact and wanted.subs is None:
        raise Invalid.field("members", "is required where mode is exact: an empty list is nobody")
