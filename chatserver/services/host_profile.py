"""What the host says of one of its people: left out is unchanged, null is cleared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from chatserver.errors import ChatError, Invalid
from chatserver.model import SUB_CHARS, is_storable
from chatserver.names import check_picture, shown_name

DATA_BYTES = 4096
CONTACTS = 200  # that the claim may name
EVERYONE = "everyone"
_EMAIL = re.compile(r"[^\s@,;<>\"\\\x00-\x20]{1,64}@[^\s@,;<>\"\\\x00-\x20]{1,189}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_TZ = re.compile(r"[A-Za-z0-9_+/-]{1,64}", re.ASCII)
_ROLE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
PATTERNS = {
    "email": (_EMAIL, "must be an address of mail"),
    "locale": (_LOCALE, "must be a language tag, such as de or pt-BR"),
    "tz": (_TZ, "must be the name of a time zone, such as Europe/Berlin"),
    "role": (_ROLE, "must be 1 to 64 letters a-z, digits, dots, dashes and underscores"),
}
FIELDS = ("name", "avatar", *PATTERNS, "data", "may_contact")


def checked(said: Mapping[str, Any]) -> dict[str, Any]:
    """As it is stored, of those FIELDS that are said. Raises Invalid that names the field."""
    return {field: _checked(field, said[field]) for field in FIELDS if field in said}


def acceptable(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same where nobody is there to be told of what cannot be: that is left out."""
    found: dict[str, Any] = {}
    for field in FIELDS:
        if field in said:
            try:
                found[field] = _checked(field, said[field])
            except ChatError:
                continue
    return found


def name_from(sub: str) -> str:
    """What somebody is called of whom the host says no name: by its id, which others see anyway."""
    try:
        return shown_name(sub)
    except Invalid:
        return "User"


def _checked(field: str, value: Any) -> Any:
    if field == "name":
        return shown_name(value if isinstance(value, str) else "", "name")
    if value is None:
        return None
    if isinstance(value, str) and not is_storable(value):
        raise Invalid.field(field, "must contain no NUL and no half of a surrogate pair")
    if field == "avatar":
        check_picture(value if isinstance(value, str) else "")
        return value
    if field == "data":
        return _data(value)
    if field == "may_contact":
        return _contacts(value)
    pattern, problem = PATTERNS[field]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Invalid.field(field, problem)
    return value


def _data(value: Any) -> str:
    """As text: never looked into, whatever its keys are."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    is_too_long = len(text.encode("utf-8", "replace")) > DATA_BYTES
    if not isinstance(value, dict) or is_too_long or not is_storable(text):
        raise Invalid.field("data", f"must be an object of at most {DATA_BYTES} bytes")
    return text


def _contacts(value: Any) -> Any:
    """`everyone`, or subs and `role:NAME`s."""
    if value == EVERYONE:
        return value
    listed = isinstance(value, list) and len(value) <= CONTACTS
    if not listed or not all(
        isinstance(one, str) and 0 < len(one) <= SUB_CHARS and is_storable(one) for one in value
    ):
        problem = f"must be `{EVERYONE}`, or a list of at most {CONTACTS} subs and `role:NAME`s"
        raise Invalid.field("may_contact", problem)
    return list(dict.fromkeys(value))
