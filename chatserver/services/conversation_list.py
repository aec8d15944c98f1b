"""A person's conversations, direct ones and groups: pinned ones first, and of each part the newest activity first.

What is read for a part of the list grows with that part. That one is hidden, archived or pinned is in the few member
documents in which this person ever set anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chatserver.clock import Clock
from chatserver.list_place import NEVER, ListPlace
from chatserver.model import Actor, Inbox, Member, message_id, split_message_id
from chatserver.ports import Stores
from chatserver.services.conversation_views import ConversationViews
from chatserver.services.conversations import Conversations
from chatserver.services.own_settings import counts, is_hidden, unread_above
from chatserver.wire import Json


class ConversationList:
    def __init__(
        self, stores: Stores, conversations: Conversations, views: ConversationViews, clock: Clock
    ) -> None:
        self._stores = stores
        self._conversations = conversations
        self._views = views
        self._clock = clock

    async def page(
        self,
        actor: Actor,
        inbox: Inbox,
        after: ListPlace | None,
        limit: int,
        *,
        archived: bool = False,
        kind: str | None = None,
    ) -> tuple[list[Json], ListPlace | None]:
        """At most `limit` of those that are `archived` or are not, and the place to go on from, if there are more."""
        own = (await self._stores.own_settings.changed([actor.user_id]))[actor.user_id]
        shown = [
            id
            for id, head in inbox.heads.items()
            if not is_hidden(own.get(id), head) and _is_archived(own.get(id)) == archived
        ]
        if kind is not None:
            groups = await self._conversations.group_ids(shown)
            shown = [id for id in shown if (id in groups) == (kind == "group")]
        places = await self._places(
            shown, {id for id, one in own.items() if one.pinned_at}, inbox, after, limit
        )
        ids = [split_message_id(place.message_id)[0] for place in places[:limit]]
        found = await self._conversations.all(ids)
        listed = await self._views.of(actor, [found[id] for id in ids if id in found], inbox)
        return listed, places[limit - 1] if len(places) > limit else None

    async def total_unread(self, actor: Actor, inbox: Inbox) -> int:
        return sum((await self.unread({actor.user_id: inbox}))[actor.user_id].values())

    async def unread(self, inboxes: Mapping[int, Inbox]) -> dict[int, dict[int, int]]:
        """person → conversation → what is unread there, as it shows it, in those that are neither muted, archived nor
        hidden. Conversations without anything unread are left out.
        """
        own, now = await self._stores.own_settings.changed(inboxes), self._clock.now()
        return {user_id: _unread(inbox, own[user_id], now) for user_id, inbox in inboxes.items()}

    async def _places(
        self, ids: list[int], pinned: set[int], inbox: Inbox, after: ListPlace | None, limit: int
    ) -> list[ListPlace]:
        """One more than `limit`, if there are."""
        places: list[ListPlace] = []
        if after is None or after.pinned:
            places = await self._part([id for id in ids if id in pinned], inbox, after, limit + 1, True)
            after = None
        if len(places) <= limit:
            others = [id for id in ids if id not in pinned]
            places += await self._part(others, inbox, after, limit + 1 - len(places), False)
        return places

    async def _part(
        self, ids: list[int], inbox: Inbox, after: ListPlace | None, most: int, pinned: bool
    ) -> list[ListPlace]:
        """In which nothing was said comes last."""
        spoken = [message_id(id, inbox.heads[id]) for id in ids if inbox.heads[id]]
        newest = await self._stores.messages.newest_moments_of(spoken, after, most) if spoken else []
        places = [ListPlace(at, id, pinned) for id, at in newest]
        silent = (ListPlace(NEVER, message_id(id, 0), pinned) for id in ids if not inbox.heads[id])
        for place in sorted(silent, key=lambda place: -place.message_id):
            if after is None or (place.at, place.message_id) < (after.at, after.message_id):
                places.append(place)
        return places[:most]


def _unread(inbox: Inbox, own: Mapping[int, Member], now: datetime) -> dict[int, int]:
    unread: dict[int, int] = {}
    for id, head in inbox.heads.items():
        member = own.get(id)
        if member is None:
            unread[id] = inbox.unread(id)
        elif counts(member, now) and not is_hidden(member, head):
            unread[id] = unread_above(max(member.floor_seq, member.cleared_seq), member, inbox)
    return {id: count for id, count in unread.items() if count}


def _is_archived(member: Member | None) -> bool:
    return member is not None and member.archived
