"""The session in a cookie of a hot request, by the rules of handlers/cookies.py, which refuses whoever breaks them."""

from __future__ import annotations

import re
from collections.abc import Callable

from handlers import cookies

Fields = dict[bytes, bytes]  # header fields, by their names in small letters
Scheme = Callable[[str], str]  # by which a client came, from what X-Forwarded-Proto says
_TOKEN = re.compile(rb"[A-Za-z0-9_.~-]{1,256}")


def session_token(fields: Fields, is_poll: bool, scheme: Scheme | None) -> str | None:
    """None when there is none, or anything about it is for the ordinary way to look at or to refuse."""
    cookie = fields.get(b"cookie", b"")
    if scheme is None or b"chat_session" not in cookie or not cookie.isascii():
        return None
    came_by = scheme(_text(fields, b"x-forwarded-proto") or "")
    own_origin = f"{came_by}://{_text(fields, b'host')}"
    site, origin = _text(fields, b"sec-fetch-site"), _text(fields, b"origin")
    if cookies.is_own(is_poll, site, origin, own_origin) is False:
        return None
    if not is_poll and not fields.get(b"x-requested-with"):
        return None
    return _named(cookie, cookies.name(came_by).encode())


def _named(cookie: bytes, wanted: bytes) -> str | None:
    """Twice the same name is nothing plain."""
    pairs = (part.partition(b"=") for part in cookie.split(b";"))
    values = [value.strip() for name, _, value in pairs if name.strip() == wanted]
    if len(values) != 1 or not _TOKEN.fullmatch(values[0]):
        return None
    return values[0].decode()


def _text(fields: Fields, name: bytes) -> str | None:
    value = fields.get(name)
    return None if value is None else value.decode("latin-1")
