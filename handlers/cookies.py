"""Sessions in a cookie, for pages that want the token out of their scripts' reach. A token in a header wins over it.

The browser sends a cookie along whoever made it ask, so such a call must come from our own origin: by SameSite, by what
the browser itself says of it, and where something is changed by a header that no form can send.
"""

from __future__ import annotations

from typing import Any

from chatserver.errors import Forbidden

SECURE_NAME = "__Host-chat_session"  # browsers take this name only with Secure, and from no other host
PLAIN_NAME = "chat_session"  # over plain http, where they refuse the other
SAFE = ("GET", "HEAD", "OPTIONS")


def token(handler: Any) -> str | None:
    """The token in the cookie of this request, if it has one. Raises Forbidden when another site made it."""
    if "Cookie" not in handler.request.headers:
        return None
    found: str | None = handler.get_cookie(_name(handler))
    if found is not None:
        check_origin(handler)
    return found


def give(handler: Any, token: str) -> None:
    days = handler.runtime.settings.session_days
    handler.set_cookie(_name(handler), token, max_age=days * 86400, **_attributes(handler))


def take_back(handler: Any) -> None:
    """Of a session that is over, if the browser still sends it."""
    if _name(handler) in handler.request.headers.get("Cookie", ""):
        handler.clear_cookie(_name(handler), **_attributes(handler))


def check_origin(handler: Any) -> None:
    """Raises Forbidden for what another site made the browser do."""
    headers = handler.request.headers
    if is_own_page(handler) is False:
        raise Forbidden("A cookie is good for calls from the server's own pages only; others send a token.")
    if handler.request.method not in SAFE and not headers.get("X-Requested-With"):
        raise Forbidden("With a cookie, send the header X-Requested-With too (any value).")


def is_own_page(handler: Any) -> bool | None:
    """Whether a page of this server, or the person themselves, made the browser ask. None when it says nothing of it."""
    request = handler.request
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return is_own(request.method in SAFE, site, origin, f"{request.protocol}://{request.host}")


def is_own(safe: bool, site: str | None, origin: str | None, own_origin: str) -> bool | None:
    """The same of a request that Tornado does not read. `site` and `origin` are what the browser says of the asker."""
    if site is not None:
        return site == "same-origin" or (site == "none" and safe)
    return None if origin is None else origin == own_origin


def name(scheme: str) -> str:
    return SECURE_NAME if scheme == "https" else PLAIN_NAME


def _name(handler: Any) -> str:
    return name(handler.request.protocol)


def _attributes(handler: Any) -> dict[str, Any]:
    secure = handler.request.protocol == "https"
    return {"path": "/", "httponly": True, "samesite": "Strict", "secure": secure}
