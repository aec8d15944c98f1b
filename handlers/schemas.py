"""What each call takes. Strict, and kind to old clients: "5" counts as 5 and "true" as true where that is meant.

The descriptions, and what stands in `extra_json_schema`, are for the OpenAPI document: the services check those.
"""

from __future__ import annotations

import re
import types
import typing
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from chatserver.errors import Invalid
from chatserver.services.accounts import FULL_NAME_CHARS, PASSWORD_CHARS, USERNAME

Id = Annotated[int, Meta(ge=1, lt=1 << 53)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64)]
Count = Annotated[int, Meta(ge=1, lt=1 << 53)]
Receiver = Annotated[Id | None, Meta(description="The person it is for.")]
OldReceiver = Annotated[
    Id | None, Meta(description="The old name of `receiver_id`.", extra_json_schema={"deprecated": True})
]
FullName = Annotated[
    str | None,
    Meta(
        description=f"The name shown: 1 to {FULL_NAME_CHARS} visible characters.",
        extra_json_schema={"minLength": 1},
    ),
]


class Register(Struct):
    username: Annotated[
        str,
        Meta(
            description="2 to 32 letters a-z, digits, dots, dashes and underscores; unique whatever its case.",
            extra_json_schema={"pattern": f"^{USERNAME.pattern}$"},
        ),
    ]
    password: Annotated[
        str,
        Meta(
            description="Length is what makes it good.",
            extra_json_schema={
                "minLength": PASSWORD_CHARS[0],
                "maxLength": PASSWORD_CHARS[1],
                "format": "password",
            },
        ),
    ]
    full_name: FullName = None


class Login(Struct):
    username: Annotated[str, Meta(description="In any spelling of its case.")]
    password: Annotated[str, Meta(extra_json_schema={"format": "password"})]


class HostSignIn(Struct):
    token: Annotated[
        str,
        Meta(description="A JWT by the host application: HS256, with `sub`, `exp`, `aud`, perhaps `name`."),
    ]


class Guest(Struct):
    full_name: FullName = None


class Profile(Struct):
    """What is left out, or null, stays as it is."""

    full_name: FullName = None
    avatar: Annotated[
        str | None,
        Meta(
            description="An http or https address of at most 500 characters; empty removes the picture.",
            extra_json_schema={"pattern": "^(https?://[^\\s\"'<>\\\\]{1,490})?$"},
        ),
    ] = None


class Search(Struct):
    search: Annotated[str, Meta(description="The beginning of a username or of a full name.")] = ""


class Send(Struct):
    """A receiver, and a text or a file."""

    receiver_id: Receiver = None
    receiver: OldReceiver = None
    message: Annotated[
        str,
        Meta(
            description="The text, stored and returned exactly. Once trimmed 1 to 4,000 characters, unless the "
            "server says otherwise (`limits.message_chars`); it may be empty beside an attachment."
        ),
    ] = ""
    attachment: Annotated[
        str | None,
        Meta(
            description="A small file as a base64 `data:` URL. Larger ones go as a file in multipart/form-data.",
            extra_json_schema={"pattern": "^(data:[^;,]*(;[^;,]*)*;base64,.*)?$"},
        ),
    ] = None
    client_id: Annotated[
        ClientId | None,
        Meta(description="Your own key for this message: a repeat with the same key gives the first result."),
    ] = None


class Edit(Struct):
    message: Annotated[
        str,
        Meta(description="The new text, under the rules of a new one; it may be empty beside an attachment."),
    ]


class MarkRead(Struct):
    """Exactly one of these."""

    message_ids: Annotated[
        Annotated[list[Id], Meta(min_length=1, max_length=1000)] | None,
        Meta(description="Read up to the highest known of them; unknown ids are ignored."),
    ] = None
    conversation_id: Annotated[Id | None, Meta(description="Everything in this conversation.")] = None
    sender_id: Annotated[Id | None, Meta(description="Everything in the conversation with them.")] = None


class Typing(Struct):
    receiver_id: Receiver = None
    receiver: OldReceiver = None
    is_typing: Annotated[bool, Meta(description="False when they stop before sending.")] = True


class History(Struct):
    limit: Annotated[Count, Meta(description="How many; above 200 counts as 200.")] = 50
    offset: Annotated[
        int,
        Meta(
            ge=0, lt=1 << 53, description="Skip the newest ones. For old clients: `before_id` does not shift."
        ),
    ] = 0
    before_id: Annotated[Id | None, Meta(description="Only messages older than this one.")] = None
    after_id: Annotated[Id | None, Meta(description="Only messages newer than this one, the nearest.")] = None
    around_id: Annotated[Id | None, Meta(description="This message and its neighbours on both sides.")] = None


class Poll(Struct):
    cursor: Annotated[
        str | None,
        Meta(description="The place to go on from, as the last answer, the snapshot or a 410 gave it."),
    ] = None
    wait: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(
            description="How many seconds to hold the poll when there is nothing; at most 50. Left out: 5.5.",
        ),
    ] = None
    limit: Annotated[Count, Meta(description="How many stored events at most; above 200 counts as 200.")] = (
        100
    )
    client: Annotated[
        ClientId | None,
        Meta(description="A name for this tab or device: a newer poll of the same name ends the older one."),
    ] = None
    token: Annotated[str | None, Meta(description="The token, for clients that cannot send a header.")] = None


T = TypeVar("T", bound=Struct)

_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,15}", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,9})?", re.ASCII)
_FLAGS = {"true": True, "false": False, "1": True, "0": False, 1: True, 0: False}
_PROBLEM = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.+?)`")


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


def _invalid(text: str) -> Invalid:
    if missing := _MISSING.match(text):
        return Invalid.field(missing[1], "is required")
    found = _PROBLEM.fullmatch(text)
    assert found is not None
    field = re.split(r"[.\[]", found["path"] or "body")[0]
    return Invalid.field(field, found["problem"][0].lower() + found["problem"][1:])


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
        _kinds_of[schema] = {name: _plain(hint) for name, hint in hints.items()}
    return _kinds_of[schema]


def _plain(hint: Any) -> type:
    """The type behind Optional and the like."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return _plain(next(part for part in typing.get_args(hint) if part is not types.NoneType))
    if typing.get_origin(hint) is Annotated:
        return _plain(typing.get_args(hint)[0])
    plain: type = typing.get_origin(hint) or hint
    return plain
