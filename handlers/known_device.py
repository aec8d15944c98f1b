"""What a browser shows when it signs in, to be told from whoever guesses its owner's password elsewhere.

It proves nothing and opens nothing: a known browser only has its own count of wrong passwords. One cookie for each
account that signed in here, sent to the calls under auth/ alone; signing out leaves it, for that is what it is for.
"""

from __future__ import annotations

from typing import Any

from chatserver.guard.attempts import account_key
from handlers import cookies


def shown(handler: Any, username: str) -> str | None:
    """None of whoever would not keep one, "" of a browser that has none yet."""
    if not cookies.is_own_page(handler):
        return None
    return str(handler.get_cookie(_name(username), ""))


def keep(handler: Any, username: str, device: str | None) -> None:
    """For as long as a session may be unused."""
    if device is not None:
        days = handler.runtime.settings.session_days
        secure = handler.request.protocol == "https"
        handler.set_cookie(
            _name(username),
            device,
            max_age=days * 86400,
            path=handler.request.path.rstrip("/").rpartition("/")[0] + "/",
            httponly=True,
            samesite="Strict",
            secure=secure,
        )


def _name(username: str) -> str:
    return f"chat_device_{account_key(username)[:16]}"
