"""Atheris at the edge validator: coverage-guided bytes into the JSON decoder, every schema and the cursor.

Run by `make abuse`: python -m tests.abuse.full.fuzz_edge SEEDS -max_total_time=600. A finding ends it badly.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["handlers.strict_json", "handlers.parsing", "chatserver.cursor"]):
    from chatserver.cursor import parse_cursor
    from handlers import schemas
    from handlers.parsing import parse
    from handlers.strict_json import decode_object

import bson
import msgspec

from chatserver.errors import CursorInvalid, Invalid

SCHEMAS = [
    kind for kind in vars(schemas).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
]


def try_bytes(data: bytes) -> None:
    """Whatever is accepted can be stored, given back, and read by any JSON parser."""
    which, body = data[:1], data[1:]
    try:
        values = decode_object(body)
    except Invalid:
        values = None
    if values is not None:
        again = json.dumps(values, allow_nan=False).encode("utf-8")
        assert json.loads(again) == values
        bson.encode({"value": values}, check_keys=False) if storable(values) else None
        schema = SCHEMAS[which[0] % len(SCHEMAS)] if which else SCHEMAS[0]
        try:
            parsed, ignored = parse(schema, values)
        except Invalid:
            pass
        else:
            msgspec.json.encode(parsed)
            json.dumps(ignored).encode("utf-8")
    try:
        cursor = parse_cursor(body.decode("utf-8", "replace"))
    except CursorInvalid:
        return
    assert parse_cursor(str(cursor)) == cursor


def storable(values: Any) -> bool:
    """Names of fields are ours in what is stored, so an empty or odd one need not fit."""
    return all(isinstance(name, str) and name and "\0" not in name for name in values)


if __name__ == "__main__":
    atheris.Setup(sys.argv, try_bytes)
    atheris.Fuzz()
