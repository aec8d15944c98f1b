"""The shapes of the contract, once: which keys each thing has, always all of them."""

from __future__ import annotations

import re
from typing import Any

from tests.api.conftest import Pair

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\+00:00)")
MESSAGE = {
    "id", "sender", "sender_id", "sender_name", "sender_username", "sender_avatar", "receiver", "receiver_id",
    "receiver_name", "receiver_username", "receiver_avatar", "conversation", "conversation_id", "seq",
    "message", "attachment", "attachment_url", "attachment_type", "attachment_name", "attachment_size",
    "is_read", "read_at", "delivered_at", "timestamp", "created_at", "updated_at", "is_active", "client_id",
    "edited_at", "rev", "kind", "system", "deleted_by", "silent",
}  # fmt: skip
EVENT_OF_MESSAGE = {
    "id", "seq", "sender", "sender_id", "sender_name", "receiver_id", "message", "attachment", "attachment_url",
    "attachment_type", "attachment_name", "attachment_size", "timestamp", "is_read", "conversation_id", "client_id",
    "edited_at", "rev", "is_active", "kind", "system", "deleted_by", "silent",
}  # fmt: skip
CONVERSATION = {
    "conversation_id", "other_user", "user", "last_message", "last_message_at", "last_message_by_me",
    "unread_count", "is_online", "updated_at", "last_message_id",
}  # fmt: skip
PERSON = {"id", "username", "full_name", "avatar", "is_online"}


def assert_message(message: dict[str, Any], pair: Pair, by_ann: bool, text: str) -> None:
    sender, receiver = (pair.ann, pair.bob) if by_ann else (pair.bob, pair.ann)
    assert set(message) == MESSAGE
    assert type(message["id"]) is int and 0 < message["id"] < 2**53
    assert message["sender"] == message["sender_id"] == sender.id
    assert message["receiver"] == message["receiver_id"] == receiver.id
    assert message["sender_username"] == sender.username
    assert message["receiver_username"] == receiver.username
    assert message["sender_name"] == sender.user["full_name"]
    assert message["receiver_name"] == receiver.user["full_name"]
    assert message["conversation"] == message["conversation_id"] == pair.conversation_id
    assert message["message"] == text
    assert message["is_active"] is True
    assert type(message["is_read"]) is bool
    assert (message["edited_at"], message["rev"]) == (None, 0)
    for key in ("attachment", "attachment_url", "attachment_type", "sender_avatar", "receiver_avatar"):
        assert message[key] is None
    for key in ("timestamp", "created_at", "updated_at"):
        assert TIME.fullmatch(message[key]), message[key]
