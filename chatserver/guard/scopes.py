"""What the application around the chat may do by itself: each key of its, and each token that it signs, names some."""

from __future__ import annotations

from collections.abc import Iterable

from chatserver.errors import Forbidden, Invalid

NOTIFICATIONS = "notifications"
WEBHOOKS = "webhooks"
KEYS = "keys"
USERS_READ, USERS_WRITE = "users:read", "users:write"
CONVERSATIONS_READ, CONVERSATIONS_WRITE = "conversations:read", "conversations:write"
MESSAGES_READ, MESSAGES_WRITE = "messages:read", "messages:write"
MODERATION = "moderation"
IMPORT, EXPORT, ERASE = "import", "export", "erase"
JOB_SCOPES = {"import": IMPORT, "export": EXPORT, "erase": ERASE}  # what each kind of job takes

SCOPES = {
    USERS_READ: "look up people by your own ids, and what they have not read",
    USERS_WRITE: "make, change, switch off and delete people, begin and end their sessions",
    CONVERSATIONS_READ: "look up conversations and their members",
    CONVERSATIONS_WRITE: "make and change conversations, and who is in them",
    MESSAGES_READ: "read what is written in any conversation",
    MESSAGES_WRITE: "write as a person, a bot or the system",
    MODERATION: "change and delete what others wrote, ban, answer reports, read the audit",
    IMPORT: "bring in what was written elsewhere",
    EXPORT: "take out everything",
    ERASE: "delete what people wrote for ever",
    NOTIFICATIONS: "tell people something",
    WEBHOOKS: "say where events are told, and which hooks are asked",
    KEYS: "make, rotate and revoke keys that may do no more than the one that asks",
}


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order of the list above. Raises Invalid for one that there is not, and for none at all."""
    asked = set(scopes)
    if unknown := sorted(asked - SCOPES.keys()):
        raise Invalid.field("scopes", f"{unknown[0][:40]} is none of {', '.join(SCOPES)}")
    if not asked:
        raise Invalid.field("scopes", f"must be some of {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in asked)


def require(scope: str, held: Iterable[str]) -> None:
    """Raises Forbidden that names what is missing. Of several, written `a or b`, one will do."""
    if not any(one in held for one in scope.split(" or ")):
        raise Forbidden(f"This call takes the scope {scope}, which what you sent does not have.")
