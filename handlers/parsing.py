"""Values as a schema wants them: strict, and kind to old clients. "5" counts as 5, "true" as true where that is meant."""

from __future__ import annotations

import re
import types
import typing
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Struct

from chatserver.errors import Invalid

T = TypeVar("T", bound=Struct)

_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,15}", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,9})?", re.ASCII)
_FLAGS = {"true": True, "false": False, "1": True, "0": False, 1: True, 0: False}
_MISSING = re.compile(r"Object missing required field `([^`]{1,64})`")


def parse(schema: type[T], values: dict[str, Any]) -> tuple[T, list[str]]:
    """The values as the schema wants them, and the names it does not know. Raises Invalid that names the field."""
    kinds = _kinds(schema)
    known = {
        name: _kind_value(kinds[name], value)
        for name, value in values.items()
        if name in kinds and value is not None
    }
    try:
        return msgspec.convert(known, schema), [name for name in values if name not in kinds]
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None


def moment_in(text: str, field: str) -> datetime:
    """A time as answers write them, with its zone. Raises Invalid."""
    try:
        at = datetime.fromisoformat(text[:40])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid.field(field, "must be a time with its zone, such as 2026-05-04T09:30:00.000Z")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Invalid.field(field, "is too far away") from None


def _invalid(text: str) -> Invalid:
    """The text is msgspec's own: "Expected `int`, got `str` - at `$.message_ids[0]`"."""
    if missing := _MISSING.match(text):
        return Invalid.field(missing[1], "is required")
    problem, _, path = text.partition(" - at `$")
    field = re.split(r"[.\[`]", path.removeprefix("."), maxsplit=1)[0]
    return Invalid.field(field or "body", problem[0].lower() + problem[1:])


def _kind_value(kind: type, value: Any) -> Any:
    if kind is bool and not isinstance(value, bool | float) and isinstance(value, str | int):
        return _FLAGS.get(value, value)
    if kind is int and isinstance(value, str) and _DECIMAL.fullmatch(value):
        return int(value)
    if kind is float and isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    if kind is list and isinstance(value, list):
        return [_kind_value(int, part) for part in value]
    return value


_kinds_of: dict[type[Struct], dict[str, type]] = {}


def _kinds(schema: type[Struct]) -> dict[str, type]:
    if schema not in _kinds_of:
        hints = typing.get_type_hints(schema)
        fields = msgspec.structs.fields(schema)
        _kinds_of[schema] = {field.encode_name: _plain(hints[field.name]) for field in fields}
    return _kinds_of[schema]


def _plain(hint: Any) -> type:
    """The type behind Optional and the like."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return _plain(next(part for part in typing.get_args(hint) if part is not types.NoneType))
    if typing.get_origin(hint) is Annotated:
        return _plain(typing.get_args(hint)[0])
    plain: type = typing.get_origin(hint) or hint
    if plain is list and _plain(typing.get_args(hint)[0]) is not int:
        return object  # a text among others may be digits, and stays one
    return plain
