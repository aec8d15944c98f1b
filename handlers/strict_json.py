"""JSON as strict as what is stored and answered must be. Each refusal names the field."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

from chatserver.errors import Invalid

MAX_DEPTH = 20
MAX_INTEGER = 1 << 53


def decode_object(body: bytes) -> dict[str, Any]:
    """Raises Invalid for anything but one JSON object that can be stored and given back unchanged."""
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))  # some programs put a byte order mark first
    except UnicodeDecodeError:
        raise Invalid.field("body", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Invalid.field("body", f"is not valid JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise Invalid.field("body", f"is nested deeper than {MAX_DEPTH}") from None
    if not isinstance(value, dict):
        raise Invalid.field("body", "must be a JSON object")
    for name, part in value.items():
        check_text(name, "body")
        _check(name, part, 1)
    return value


def check_text(text: str, field: str) -> None:
    """Raises Invalid for what cannot be UTF-8 or would be cut off by others at the NUL."""
    if "\0" in text:
        raise Invalid.field(field, "must not contain NUL")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid.field(field, "contains half of a surrogate pair") from None


def _check(field: str, value: Any, depth: int) -> None:
    if isinstance(value, str):
        check_text(value, field)
    elif isinstance(value, int):
        if not -MAX_INTEGER < value < MAX_INTEGER:
            raise Invalid.field(field, "must be below 2^53")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Invalid.field(field, "must be a finite number below 2^53")
    elif isinstance(value, list | dict):
        if depth >= MAX_DEPTH:
            raise Invalid.field(field, f"is nested deeper than {MAX_DEPTH}")
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        for part in parts:
            _check(field, part, depth + 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise Invalid.field(twice.encode("utf-8", "replace").decode(), "is given twice")
    return found


def _integer(digits: str) -> int | float:
    # Python refuses thousands of digits with an error that names no field; none of these fits anyway.
    return int(digits) if len(digits) < 20 else math.inf


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)
