"""What members set for themselves in a conversation, direct ones included. Nobody else sees it.

A change is one update of the member's document, and an entry in their own inbox that tells their devices. What is hidden
comes back with the next message, what is cleared is gone for its member only, and what is called unread stays so until
they read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatserver.clock import Clock
from chatserver.errors import Invalid, LimitReached, NotFound
from chatserver.model import (
    NOT_HIDDEN,
    Actor,
    Conversation,
    Inbox,
    Member,
    split_message_id,
)
from chatserver.ports import Stores
from chatserver.services.conversations import Conversations
from chatserver.services.own_devices import OwnDevices
from chatserver.services.permissions import window
from chatserver.services.receipts import Receipts
from chatserver.services.refusals import NO_CONVERSATION

PINNED = 20  # conversations a person may pin
PINNED_LIMIT = "pinned_conversations"


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What is None stays as it is."""

    notify: str | None = None
    muted_until: datetime | None = None
    all_mentions: bool | None = None
    pinned: bool | None = None
    archived: bool | None = None
    hidden: bool | None = None
    cleared: bool | None = None
    unread_from_id: int | None = None


class OwnSettings:
    def __init__(
        self,
        stores: Stores,
        conversations: Conversations,
        receipts: Receipts,
        own_devices: OwnDevices,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._conversations = conversations
        self._receipts = receipts
        self._own_devices = own_devices
        self._clock = clock

    async def change(self, actor: Actor, conversation_id: int, wanted: SettingsChange) -> None:
        """All of it at once. Raises NotFound when the actor is no member, Invalid, LimitReached."""
        c, user_id = conversation_id, actor.user_id
        conversation, member = await self._conversations.membership(actor, c)
        inbox = await self._stores.inboxes.inbox(user_id, c)
        if inbox is None or c not in inbox.heads:
            raise NotFound(NO_CONVERSATION)
        head = inbox.heads[c]
        fields = {**_plain(wanted, self._clock.now()), **_placed(conversation, member, wanted, head)}
        pins = wanted.pinned is True and member.pinned_at is None
        if wanted.pinned is False or pins:
            fields["pinned_at"] = self._clock.now() if pins else None
        raised = {"cleared_seq": head} if wanted.cleared else {}
        if not fields and not raised:
            return
        changed = await self._changed(c, user_id, fields, raised)
        if pins and await self._stores.own_settings.pinned(user_id) > PINNED:
            changed = await self._changed(c, user_id, {"pinned_at": None}, {})
            await self._own_devices.told(c, user_id, changed.own_rev)
            raise LimitReached(PINNED_LIMIT, f"At most {PINNED} conversations can be pinned; unpin one.")
        if wanted.cleared:
            await self._receipts.see(conversation, user_id, head)
        await self._own_devices.told(c, user_id, changed.own_rev)

    async def _changed(
        self, conversation_id: int, user_id: int, fields: dict[str, Any], raised: dict[str, int]
    ) -> Member:
        changed = await self._stores.own_settings.change(conversation_id, user_id, fields, raised)
        if changed is None:
            raise NotFound(NO_CONVERSATION)
        return changed


def unread_count(conversation: Conversation, member: Member, inbox: Inbox) -> int:
    """What this member is shown as unread: nothing below their floor, and all that they call so."""
    return unread_above(window(conversation, member, 0)[0], member, inbox)


def unread_above(floor: int, member: Member, inbox: Inbox) -> int:
    """The same where the floor is known."""
    head = inbox.heads.get(member.conversation_id, 0)
    unread = min(inbox.unread(member.conversation_id), max(0, head - floor))
    return max(unread, head - max(member.unread_seq, floor + 1) + 1) if member.unread_seq else unread


def counts(member: Member, now: datetime) -> bool:
    """Whether what is unread there is a part of this person's total."""
    is_muted = member.muted_until is not None and now < member.muted_until
    return not member.archived and not is_muted


def is_hidden(member: Member | None, head: int) -> bool:
    """None: they never set anything there."""
    return member is not None and head <= member.hidden_seq


def _plain(wanted: SettingsChange, now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value
        for name in ("notify", "all_mentions", "archived")
        if (value := getattr(wanted, name)) is not None
    }
    if wanted.muted_until is not None:
        until = _in_utc(wanted.muted_until)
        fields["muted_until"] = until if until > now else None
    return fields


def _placed(conversation: Conversation, member: Member, wanted: SettingsChange, head: int) -> dict[str, Any]:
    """What depends on how far the conversation has come."""
    fields: dict[str, Any] = {}
    if wanted.cleared is False:
        raise Invalid.field("cleared", "can only be true: what was cleared does not come back")
    if wanted.hidden is not None:
        fields["hidden_seq"] = head if wanted.hidden else NOT_HIDDEN
    if wanted.cleared:
        fields["unread_seq"] = 0
    elif wanted.unread_from_id is not None:
        owner, seq = split_message_id(wanted.unread_from_id)
        floor, last = window(conversation, member, head)
        if owner != conversation.id or not floor < seq <= last:
            raise Invalid.field("unread_from_id", "is not a message of this conversation")
        fields["unread_seq"] = seq
    return fields


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Invalid.field("muted_until", "is no time that can be kept") from None
