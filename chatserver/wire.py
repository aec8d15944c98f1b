"""Model → public JSON. The one place that knows how things look from outside; always complete, null never missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from chatserver.model import (
    ApiKey,
    Attachment,
    Audited,
    Conversation,
    Draft,
    Inbox,
    Invite,
    Member,
    Message,
    Notification,
    Session,
    System,
    Task,
    User,
    message_id,
    split_message_id,
)

Json = dict[str, Any]

FEATURE_LEVEL = 8  # grows by one with every change a client may want to know of

SMALL_MEMBERS = 100  # up to so many, members are told of every message unless they say otherwise

ATTACHMENT_PATH = "/api/v1/communication/chats/attachment/"
CONVERSATIONS_PATH = "/api/v1/communication/conversations/"


def picture_address(conversation_id: int, key: str) -> str:
    """Of a picture that is kept here: without the server's own address, by which not everybody comes.

    Its key is in no log, as no link to a file is (logs.py).
    """
    return f"{CONVERSATIONS_PATH}{conversation_id}/picture/?link={key}"


def moment(at: datetime | None) -> str | None:
    """RFC 3339, UTC, milliseconds."""
    if at is None:
        return None
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def user(user: User) -> Json:
    return {"id": user.id, "username": user.username, "full_name": user.full_name, "avatar": user.avatar}


def person(user: User, is_online: bool) -> Json:
    return {
        "id": user.id,
        "username": user.username,
        "full_name": user.full_name,
        "avatar": user.avatar,
        "is_online": is_online,
        "sub": user.sub,
    }


def session(session: Session, current_id: int) -> Json:
    return {
        "id": session.id,
        "name": session.name,
        "created_at": moment(session.created_at),
        "last_used_at": moment(session.last_used_at),
        "current": session.id == current_id,
    }


def job(job: Task) -> Json:
    """A job of the host, as it is told of it."""
    about = job.about
    return {
        "id": job.place,
        "kind": job.event,
        "state": job_state(job),
        "phase": about.get("phase"),
        "done": about["done"],
        "total": about["total"],
        "parts": about.get("parts", 0),
        "error_count": about["error_count"],
        "errors": about["errors"],
        "detail": job.error,
        "created_at": moment(job.at),
        "client_id": about.get("client_id"),
    }


def job_state(job: Task) -> str:
    about = job.about
    if about.get("cancelled"):
        return "cancelled" if job.state == "dead" else "cancelling"
    if job.state == "waiting" and about.get("open"):
        return "open"
    return {"done": "done", "dead": "failed"}.get(job.state, "running" if "phase" in about else "waiting")


def api_key(key: ApiKey) -> Json:
    """Never the key itself: only a hash of it is kept."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_used_at),
        "former_until": moment(key.former_until),
        "networks": list(key.networks),
    }


def audited(one: Audited) -> Json:
    return {
        "id": one.id,
        "at": moment(one.at),
        "by": one.by,
        "action": one.action,
        "target": one.target,
        "reason": one.reason,
    }


def client_id(message: Message) -> str | None:
    return message.client_id if isinstance(message.client_id, str) else None


def _message(message: Message, sender_name: str, receiver_id: int | None, file_url: str | None) -> Json:
    """What both a call and an event show of it."""
    return {
        "id": message.id,
        "seq": message.seq,
        "conversation_id": message.conversation_id,
        "sender": message.sender_id,
        "sender_id": message.sender_id,
        "sender_name": sender_name,
        "receiver_id": receiver_id,
        "message": message.text,
        "attachment": file_url,
        "attachment_url": file_url,
        "attachment_type": message.attachment.type if message.attachment else None,
        "attachment_name": message.attachment.name if message.attachment else None,
        "attachment_size": message.attachment.size_bytes if message.attachment else None,
        "timestamp": moment(message.created_at),
        "client_id": client_id(message),
        "edited_at": moment(message.edited_at),
        "rev": message.rev,
        "is_active": message.deleted_at is None,
        "kind": "message" if message.system is None else "system",
        "system": message.system and system(message.system),
        "deleted_by": message.deleted_by or None,
        "silent": message.silent,
    }


def message(
    message: Message, sender: User, receiver: User | None, receiving: Member, file_url: str | None
) -> Json:
    """`receiving` tells how far the receiver got, whom only a direct conversation has; else how far the reader did."""
    created_at = moment(message.created_at)
    return _message(message, sender.full_name, receiver.id if receiver else None, file_url) | {
        "sender_username": sender.username,
        "sender_avatar": sender.avatar,
        "receiver": receiver and receiver.id,
        "receiver_name": receiver and receiver.full_name,
        "receiver_username": receiver and receiver.username,
        "receiver_avatar": receiver and receiver.avatar,
        "conversation": message.conversation_id,
        "is_read": (receiving.read_seq if receiver else receiving.own_read_seq) >= message.seq,
        "read_at": reached_at(receiving.read_seq, receiving.read_marks, message.seq),
        "delivered_at": reached_at(receiving.delivered_seq, receiving.delivered_marks, message.seq),
        "created_at": created_at,
        "updated_at": moment(message.changed_at) or created_at,
    }


def message_event(message: Message, sender_name: str, receiver_id: int | None, file_url: str | None) -> Json:
    """Of a new message and of a changed one: as it is now, but for who has read it."""
    return _message(message, sender_name, receiver_id, file_url) | {"is_read": False}


def system(system: System) -> Json:
    return {
        "type": system.type,
        "actor_id": system.actor_id or None,
        "user_ids": list(system.user_ids),
        "value": system.value,
    }


def reached_at(reached: int, marks: tuple[Any, ...], seq: int) -> str | None:
    """When the watermark passed `seq`: the first mark at or after it, so old messages show a later one's time."""
    if reached < seq:
        return None
    return next((moment(mark.at) for mark in marks if mark.seq >= seq), None)


def member(conversation: Conversation, member: Member, user: Json, added_by: Json | None) -> Json:
    """As other members see them."""
    return {
        "user": user,
        "role": "owner" if member.user_id == conversation.owner_id else member.role,
        "state": member.state,
        "joined_at": moment(member.joined_at),
        "added_by": added_by,
        "silenced_until": moment(member.silenced_until),
        "rev": member.rev,
    }


def conversation(
    conversation: Conversation, preview: Sequence[Json], last_message: Json | None, my: Json
) -> Json:
    """As one of its members sees it: `preview` are a few others, `my` what is this member's own. Never all members."""
    return {
        "id": conversation.id,
        "kind": conversation.kind,
        "preset": conversation.preset,
        "name": conversation.name,
        "avatar": conversation.avatar,
        "about": conversation.about,
        "member_count": conversation.member_count,
        "preview": preview,
        "policy": asdict(conversation.policy),
        "state": conversation.state,
        "slow_secs": conversation.slow_secs,
        "owner_id": conversation.owner_id or None,
        "pinned_ids": [message_id(conversation.id, seq) for seq in conversation.pinned_seqs],
        "last_message": last_message,
        "external_id": conversation.external_id,
        "data": conversation.data,
        "rev": conversation.rev,
        "my": my,
    }


def from_outside(conversation: Conversation) -> Json:
    """As somebody sees it who is no member, and may become one."""
    return {
        "preset": conversation.preset,
        "name": conversation.name,
        "avatar": conversation.avatar,
        "about": conversation.about,
        "member_count": conversation.member_count,
    }


def invite(invite: Invite, made_by: Json | None) -> Json:
    return {
        "id": invite.id,
        "code": invite.code,
        "made_by": made_by,
        "created_at": moment(invite.created_at),
        "expires_at": moment(invite.expires_at),
        "uses": invite.uses,
        "used": len(invite.used_by),
    }


def my_conversation(
    conversation: Conversation,
    member: Member,
    inbox: Inbox,
    can: Sequence[str],
    unread: int,
    added_by: Json | None,
    request_count: int,
) -> Json:
    """What is one member's own about it. What they have read themselves is in the inbox, further than others may see."""
    is_owner = member.user_id == conversation.owner_id
    seq = member.unread_seq
    read = max(member.read_seq, inbox.reads.get(conversation.id, 0))
    return {
        "role": "owner" if is_owner else member.role,
        "can": can,
        "unread_count": unread,
        "mention_count": 0,
        "notify": member.notify or ("all" if conversation.member_count <= SMALL_MEMBERS else "mentions"),
        "muted_until": moment(member.muted_until),
        "all_mentions": member.all_mentions,
        "pinned": member.pinned_at is not None,
        "archived": member.archived,
        "hidden": inbox.heads.get(conversation.id, 0) <= member.hidden_seq,
        "unread_from_id": message_id(conversation.id, seq) if seq else None,
        "draft": draft(conversation.id, member.draft),
        "read_id": message_id(conversation.id, read) if read else None,
        "joined_at": moment(member.joined_at),
        "added_by": added_by,
        "request_count": request_count,
        "rev": member.own_rev,
    }


def draft(conversation_id: int, draft: Draft | None) -> Json | None:
    """None where none is kept."""
    if draft is None or draft.is_empty:
        return None
    return kept_draft(conversation_id, draft)


def kept_draft(conversation_id: int, draft: Draft) -> Json:
    return {
        "text": draft.text,
        "reply_to_id": message_id(conversation_id, draft.reply_seq) if draft.reply_seq else None,
        "rev": draft.rev,
        "updated_at": moment(draft.at),
    }


def read_receipt(conversation_id: int, seq: int, reader: User, at: datetime | None) -> Json:
    return {
        "message_id": message_id(conversation_id, seq),
        "reader_id": reader.id,
        "reader_name": reader.full_name,
        "read_at": moment(at),
        "conversation_id": conversation_id,
    }


def notification(notification: Notification) -> Json:
    return {
        "id": notification.id,
        "title": notification.title,
        "message": notification.message,
        "notification_type": notification.notification_type,
        "timestamp": moment(notification.created_at),
    }


def host_notification(given: Notification) -> Json:
    """As the host sees it, which gave the key and knows for whom it is."""
    return {**notification(given), "receiver_id": given.user_id, "client_id": given.client_id}


def message_hint(message: Message) -> Json:
    """A message as a bell carries it to other nodes, so that they need not read it."""
    file = message.attachment
    return {
        "id": message.id,
        "sender_id": message.sender_id,
        "session_id": message.session_id,
        "client_id": message.client_id,
        "text": message.text,
        "attachment": file and [file.id, file.name, file.type, file.size_bytes, file.sha256],
        "created_at": moment(message.created_at),
        **({"system": asdict(message.system)} if message.system is not None else {}),
        **({"silent": True} if message.silent else {}),
    }


def hinted_message(hint: Json) -> Message:
    """Raises KeyError, TypeError or ValueError for what no node of ours sent."""
    conversation_id, seq = split_message_id(hint["id"])
    told = hint.get("system")
    return Message(
        hint["id"],
        conversation_id,
        seq,
        hint["sender_id"],
        hint["session_id"],
        hint["client_id"],
        hint["text"],
        Attachment(*hint["attachment"]) if hint["attachment"] else None,
        datetime.fromisoformat(hint["created_at"]),
        system=System(told["type"], told["actor_id"], tuple(told["user_ids"]), told["value"])
        if told
        else None,
        silent=hint.get("silent") is True,
    )
