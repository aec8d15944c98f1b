"""Messages that your server writes, and those of others that it changes. Scopes `messages:write`, `moderation`."""

from __future__ import annotations

from typing import Any

from chatserver_client.core import Call
from chatserver_client.shapes import HostMessage


def post(
    message: str,
    client_id: str,
    *,
    conversation: str | None = None,
    receiver_sub: str | None = None,
    sub: str | None = None,
    bot: str | None = None,
    silent: bool = False,
) -> Call[HostMessage]:
    """Into a conversation (your own id of it) or to a person; as one of your people, as a bot, or as neither: the system.

    `client_id` is yours, so that the message is stored once even when your program dies between. A `silent` one is
    unread as any other and rings nowhere. Raises ValueError.
    """
    to: dict[str, Any] = {"conversation": conversation, "receiver_sub": receiver_sub}
    to = {name: id for name, id in to.items() if id is not None}
    if len(to) != 1 or (sub is not None and bot is not None):
        raise ValueError("give exactly one of conversation and receiver_sub, and at most one of sub and bot")
    writer = {"sub": sub} if sub is not None else {"bot": bot} if bot is not None else "system"
    body = {**to, "as": writer, "message": message, "client_id": client_id, "silent": silent}
    return Call("POST", "host/messages/", body=body)


def edit(message_id: int, message: str, reason: str | None = None) -> Call[HostMessage]:
    """As a moderator; the audit has the reason."""
    return Call("PATCH", f"host/messages/{message_id}/", body={"message": message, "reason": reason})


def delete(message_id: int, reason: str | None = None) -> Call[HostMessage]:
    """As a moderator; what is left of it."""
    return Call("DELETE", f"host/messages/{message_id}/", body={"reason": reason})
