from __future__ import annotations

import uuid

from chatserver_client.core import Call
from chatserver_client.shapes import ConversationMessages, Done, MarkedRead, Message


def send(
    message: str,
    *,
    sub: str | None = None,
    user_id: int | None = None,
    conversation_id: int | None = None,
    client_id: str | None = None,
) -> Call[Message]:
    """To one of the three: your own id of somebody, the chat's, a conversation. Raises ValueError.

    It is stored once however often it is repeated; with a `client_id` of yours through a crash of your program too.
    """
    body = _to(sub=sub, user_id=user_id, conversation_id=conversation_id)
    return Call(
        "POST", "chats/", body={**body, "message": message, "client_id": client_id or str(uuid.uuid4())}
    )


def typing(
    is_typing: bool = True,
    *,
    sub: str | None = None,
    user_id: int | None = None,
    conversation_id: int | None = None,
) -> Call[Done]:
    """Raises ValueError."""
    body = _to(sub=sub, user_id=user_id, conversation_id=conversation_id)
    return Call("POST", "chats/typing/", body={**body, "is_typing": is_typing})


def _to(sub: str | None, user_id: int | None, conversation_id: int | None) -> dict[str, str | int]:
    named = {"receiver_sub": sub, "receiver_id": user_id, "conversation_id": conversation_id}
    given = {name: id for name, id in named.items() if id is not None}
    if len(given) != 1:
        raise ValueError("give exactly one of sub, user_id and conversation_id")
    return given


def history(
    conversation_id: int,
    *,
    before_id: int | None = None,
    after_id: int | None = None,
    around_id: int | None = None,
    limit: int = 50,
) -> Call[ConversationMessages]:
    """Newest first."""
    query = {"before_id": before_id, "after_id": after_id, "around_id": around_id, "limit": limit}
    return Call("GET", f"conversations/{conversation_id}/messages/", query=query)


def edit(message_id: int, message: str) -> Call[Message]:
    return Call("PATCH", f"chats/message/{message_id}/", body={"message": message})


def delete(message_id: int) -> Call[Message]:
    return Call("DELETE", f"chats/message/{message_id}/")


def read(conversation_id: int, message_id: int, *, private: bool = False) -> Call[MarkedRead]:
    """Up to this one; `private` where others are not to know."""
    body = {"message_id": message_id, "private": private}
    return Call("POST", f"conversations/{conversation_id}/read/", body=body)
