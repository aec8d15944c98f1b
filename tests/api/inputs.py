"""Bad input, generated: what each kind of field must refuse, and which fields each call has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.api.conftest import Pair

DEEP = "[" * 21 + "]" * 21
# Raw JSON, because most of it is nothing that a JSON library would write.
NUMBERS = [
    "9007199254740992",
    "-9007199254740992",
    "9223372036854775808",
    "1e400",
    "NaN",
    "Infinity",
    "-Infinity",
]
NUMBERS += ["9" * 5000]
OBJECTS = ['{"$gt": ""}', "{}", '{"a": 1}', DEEP]
TEXTS = [r'"\ud800"', r'"x\udc00y"', r'"\u0000"', r'"a\u0000b"']
NO_TEXT = ["5", "1.5", "true", "[]", '["x"]', *OBJECTS, *NUMBERS]
ID = [
    "true",
    "1.5",
    "0",
    "-1",
    '"abc"',
    '""',
    '" 1"',
    '"01"',
    '"1.0"',
    '"1e3"',
    '"0x1"',
    '"١"',
    '"-1"',
    "[]",
    "[1]",
]
ID += [*OBJECTS, *NUMBERS, *TEXTS, '"9007199254740992"', '"' + "9" * 400 + '"']
IDS = ["5", "true", '"5"', "[true]", "[1.5]", '["abc"]', "[null]", "[[1]]", '[{"$gt": ""}]', "[-1]", "[0]"]
IDS += [*(f"[{number}]" for number in NUMBERS), *OBJECTS, *(f"[{text}]" for text in TEXTS)]
FLAG = ["2", "-1", "1.0", '"yes"', '"TRUE"', '""', "[]", "[true]", *OBJECTS, *NUMBERS, *TEXTS]


def text(longest: int | None = None, *, empty: bool = False) -> list[str]:
    values = [*NO_TEXT, *TEXTS]
    values += [f'"{"x" * (longest + 1)}"'] if longest else []
    return values + (['""', '"   "'] if empty else [])


@dataclass(frozen=True)
class Call:
    """A call with a body: its fields with what they refuse, and what makes it right otherwise."""

    method: str
    path: str
    good: Callable[[Pair], dict[str, Any]]
    fields: dict[str, list[str]]
    required: tuple[str, ...] = ()
    signed_in: bool = True
    instead: tuple[str, ...] = field(default=())  # left out while another field of the same meaning is tried


def message(pair: Pair) -> dict[str, Any]:
    return {"receiver_id": pair.bob.id, "message": "must not arrive"}


CREDENTIALS = {"username": "somebody", "password": "a good password"}
CALLS = [
    Call(
        "POST",
        "chats/",
        message,
        {
            "receiver_id": ID,
            "receiver": ID,
            "message": [*text(4000, empty=True), r'" \n\t "'],
            "client_id": [*text(64), '""'],
            "attachment": [*text(), '"C:/a.txt"', '"data:text/plain,x"', '"data:text/plain;base64,???"'],
        },
        required=("receiver_id", "message"),
        instead=("receiver_id",),
    ),
    Call(
        "POST",
        "chats/mark-read/",
        lambda pair: {},
        {"message_ids": IDS, "conversation_id": ID, "sender_id": ID},
    ),
    Call(
        "POST",
        "chats/typing/",
        lambda pair: {"receiver_id": pair.bob.id, "is_typing": True},
        {"receiver_id": ID, "is_typing": FLAG},
        required=("receiver_id",),
    ),
    Call(
        "POST",
        "auth/register/",
        lambda pair: {"username": f"new{pair.ann.username[3:]}"[:32], "password": "a good password"},
        {
            "username": [
                *text(32, empty=True),
                '"a"',
                '"a b c"',
                '"näme"',
                '"../name"',
                '"-name"',
                '"<b>name"',
            ],
            "password": [*text(256, empty=True), '"short"'],
            "full_name": [*text(100, empty=True), r'"\u200b\u202e"'],
        },
        required=("username", "password"),
        signed_in=False,
    ),
    Call(
        "POST",
        "auth/login/",
        lambda pair: CREDENTIALS,
        {"username": text(), "password": text()},
        required=("username", "password"),
        signed_in=False,
    ),
    Call(
        "PATCH",
        "chats/message/%d/",
        lambda pair: {"message": "edited"},
        {"message": [*text(4000, empty=True), r'" \n\t "']},
        required=("message",),
    ),
    Call("DELETE", "users/me/", lambda pair: {}, {"password": text()}),
    Call(
        "PATCH",
        "users/me/",
        lambda pair: {},
        {
            "full_name": text(100, empty=True),
            "avatar": [*text(), '"javascript:alert(1)"', '"//evil"', '"data:text/html,x"', '"x y"'],
        },
    ),
]
FIELDS = [(call, name) for call in CALLS for name in call.fields]

COUNTS = [
    "abc",
    "-1",
    "1.5",
    "",
    "9007199254740992",
    "9" * 400,
    "NaN",
    "true",
    "1%20",
    "%D9%A3",
    "%00",
    "%ff",
    "0x1",
]
QUERY_IDS = [*COUNTS, "0", "$gt"]
LONG = quote("x" * 65)
QUERIES = {
    "poll/events/": {
        "wait": ["abc", "-1", "NaN", "Infinity", "1e400", "9" * 400, "%00", "%ff", ""],
        "limit": [*COUNTS, "0"],
        "client": ["", LONG, "%00", "%ff", "%ed%a0%80"],
        "cursor": ["%00", "%ff", "", "nonsense"],
    },
    "sse/events/": {
        "client": ["", LONG, "%00", "%ff", "%ed%a0%80"],
        "cursor": ["%00", "%ff", "", "nonsense"],
    },
    "chats/conversation/%d/": {
        "limit": [*COUNTS, "0"],
        "offset": COUNTS,
        "before_id": QUERY_IDS,
        "after_id": QUERY_IDS,
        "around_id": QUERY_IDS,
    },
    "chats/search/?q=a": {"limit": [*COUNTS, "0"], "user_id": QUERY_IDS, "before_id": QUERY_IDS},
    "chats/search/": {
        "q": ["", "%20", "%22", "-", "...", LONG * 4, "a%20b%20c%20d%20e%20f%20g%20h%20i%20j%20k"]
    },
    "users/me/export/": {"after_id": QUERY_IDS},
    "users/": {"search": ["%00", "%ff", "a%00b", "%ed%a0%80"]},
}
QUERY_FIELDS = [(path, name) for path, fields in QUERIES.items() for name in fields]

# Bodies that are wrong before any field is looked at.
BODIES: dict[str, bytes] = {
    "nothing at all": b"",
    "broken JSON": b'{"receiver_id": 1, "message": ',
    "two documents": b"{} {}",
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "a number": b"1",
    "single quotes": b"{'message': 'x'}",
    "a comment": b'{"message": "x" /* y */}',
    "a trailing comma": b'{"message": "x",}',
    "invalid UTF-8": b'{"message": "\xff\xfe"}',
    "an overlong form": b'{"message": "\xc0\xaf"}',
    "UTF-16": '{"message": "x"}'.encode("utf-16"),
    "a bare control sign": b'{"message": "a\x01b"}',
    "deep arrays": b"[" * 20_000 + b"]" * 20_000,
    "deep objects": b'{"a":' * 8_000 + b"1" + b"}" * 8_000,
}
TYPES = [
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "text/html; charset=utf-8",
    "json",
    "a/b",
]
