"""The list of conversations, unread counts, and the snapshot a new client starts from."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from chatserver import wire
from chatserver.list_place import ListPlace
from chatserver.model import Inbox, User
from chatserver.runtime import Runtime
from chatserver.services.conversations import Overview
from handlers.base import ApiHandler
from handlers.schemas import Listing

GROUPS_LISTED = 40  # with their newest messages, which may be long, in an answer of less than a megabyte


def other_user(runtime: Runtime, user: User) -> dict[str, Any]:
    is_known = bool(user.username)  # a guest may look at the page of somebody who is shown without a name
    return {**wire.user(user), "is_online": is_known and runtime.services.presence.is_online(user.id)}


def _shown(runtime: Runtime, actor_id: int, overview: Overview) -> dict[str, Any]:
    user = other_user(runtime, overview.other)
    last = overview.last_message
    return {
        "conversation_id": overview.conversation.id,
        "other_user": user,
        "user": user,
        "last_message": last.text or (last.attachment.name if last.attachment else ""),
        "last_message_at": wire.moment(last.created_at),
        "last_message_by_me": last.sender_id == actor_id,
        "last_message_id": last.id,
        "unread_count": overview.unread,
        "is_online": user["is_online"],
        "updated_at": wire.moment(last.changed_at or last.created_at),
    }


def _unread(total: int, unread: list[Overview]) -> dict[str, Any]:
    return {
        "total_unread": total,
        "conversations": [
            {
                "conversation_id": overview.conversation.id,
                "unread_count": overview.unread,
                "other_user_id": overview.other.id,
                "other_user_name": overview.other.full_name,
            }
            for overview in unread
        ],
        "by_sender": {str(overview.other.id): overview.unread for overview in unread},
    }


class ListHandler(ApiHandler):
    """One part of a list, newest first. Arrays stay arrays, as old clients know them: a `Link` leads to the next part."""

    bucket = "history"

    async def inbox(self) -> Inbox:
        return await self.runtime.services.conversations.inbox(self.actor)

    async def part(
        self, inbox: Inbox, asked: Listing, *, unread: bool = False
    ) -> tuple[list[Overview], ListPlace | None]:
        most = self.runtime.settings.conversations_listed
        limit = min(asked.limit or most, most)
        after = ListPlace.parse(asked.after) if asked.after is not None else None
        return await self.runtime.services.conversations.list(self.actor, inbox, limit, after, unread=unread)

    async def unread(self, inbox: Inbox, unread: list[Overview]) -> dict[str, Any]:
        """Of direct conversations: the original clients know no others."""
        groups = await self.runtime.services.conversations.group_ids(inbox.heads)
        return _unread(sum(inbox.unread(id) for id in inbox.heads if id not in groups), unread)

    def link(self, asked: Listing, more: ListPlace | None) -> None:
        if more is not None:
            query = {"after": str(more), **({"limit": asked.limit} if asked.limit else {})}
            self.set_header("Link", f'<{self.request.path}?{urlencode(query)}>; rel="next"')


class ConversationsHandler(ListHandler):
    async def get(self) -> None:
        async with self.turn():
            asked = self.query(Listing)
            overviews, more = await self.part(await self.inbox(), asked)
            self.link(asked, more)
            self.answer([_shown(self.runtime, self.actor.user_id, overview) for overview in overviews])


class UnreadCountHandler(ListHandler):
    async def get(self) -> None:
        async with self.turn():
            asked = self.query(Listing)
            inbox = await self.inbox()
            unread, more = await self.part(inbox, asked, unread=True)
            self.link(asked, more)
            self.answer(await self.unread(inbox, unread))


class SnapshotHandler(ListHandler):
    async def get(self) -> None:
        async with self.turn():
            await self._made()

    async def _made(self) -> None:
        asked = self.query(Listing)
        # The inbox, and with it the cursor, is read first: what comes later arrives as an event.
        inbox = await self.inbox()
        overviews, more = await self.part(inbox, asked)
        unread = [overview for overview in overviews if overview.unread]
        if more is not None or asked.after is not None:
            unread, _ = await self.part(inbox, Listing(asked.limit), unread=True)
        services = self.runtime.services
        groups, more_groups = await services.conversation_list.page(
            self.actor, inbox, None, GROUPS_LISTED, kind="group"
        )
        user = await services.accounts.user(self.actor.user_id)
        owed = await services.notifications.owed(user.id, inbox)
        self.answer(
            {
                "user": wire.user(user),
                "conversations": [_shown(self.runtime, user.id, overview) for overview in overviews],
                "next": more and str(more),
                "unread": await self.unread(inbox, unread),
                "groups": {"results": groups, "next": more_groups and str(more_groups)},
                "total_unread": await services.conversation_list.total_unread(self.actor, inbox),
                "notifications": [wire.notification(one) for one in owed],
                "cursor": f"{inbox.epoch}:{inbox.version}",
            }
        )
