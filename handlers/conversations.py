"""The list of conversations, unread counts, and the snapshot a new client starts from."""

from __future__ import annotations

from typing import Any

from chatserver import wire
from chatserver.model import Inbox, User
from chatserver.runtime import Runtime
from chatserver.services.conversations import Overview
from handlers.base import ApiHandler


def other_user(runtime: Runtime, user: User) -> dict[str, Any]:
    return {**wire.user(user), "is_online": runtime.services.presence.is_online(user.id)}


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


def _unread(overviews: list[Overview]) -> dict[str, Any]:
    unread = [overview for overview in overviews if overview.unread]
    return {
        "total_unread": sum(overview.unread for overview in unread),
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


class ConversationsHandler(ApiHandler):
    bucket = "history"

    async def overviews(self) -> tuple[Inbox, list[Overview]]:
        service = self.runtime.services.conversations
        inbox = await service.inbox(self.actor)
        return inbox, await service.list(self.actor, inbox)

    async def get(self) -> None:
        _, overviews = await self.overviews()
        self.answer([_shown(self.runtime, self.actor.user_id, overview) for overview in overviews])


class UnreadCountHandler(ConversationsHandler):
    async def get(self) -> None:
        _, overviews = await self.overviews()
        self.answer(_unread(overviews))


class SnapshotHandler(ConversationsHandler):
    async def get(self) -> None:
        # The inbox, and with it the cursor, is read first: what comes later arrives as an event.
        inbox, overviews = await self.overviews()
        user = await self.runtime.services.accounts.user(self.actor.user_id)
        owed = await self.runtime.services.notifications.owed(user.id, inbox)
        self.answer(
            {
                "user": wire.user(user),
                "conversations": [_shown(self.runtime, user.id, overview) for overview in overviews],
                "unread": _unread(overviews),
                "notifications": [wire.notification(one) for one in owed],
                "cursor": f"{inbox.epoch}:{inbox.version}",
            }
        )
