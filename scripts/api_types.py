"""The shapes of the OpenAPI document as TypeScript types, with which the page's scripts are checked."""

from __future__ import annotations

import json
from typing import Any

HEAD = "// Made by `make contract` from the OpenAPI document: change the Structs in handlers/ instead.\n"
PLAIN = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}

Schema = dict[str, Any]


def api_types(document: Schema) -> str:
    shapes = document["components"]["schemas"].items()
    types = (f"{_note(shape)}export type {name} = {_type(shape)};\n" for name, shape in shapes)
    return "\n".join([HEAD, *types])


def _type(schema: Schema) -> str:
    """What each field may hold; which fields a body needs together is left to the document."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return " | ".join(_of_kind(kind, schema) for kind in kinds)
    return " | ".join(_type(each) for each in schema.get("anyOf", [])) or "unknown"


def _of_kind(kind: str, schema: Schema) -> str:
    if kind == "array":
        return f"Array<{_type(schema.get('items', {}))}>"
    if kind != "object":
        return PLAIN[kind]
    if "properties" not in schema:
        return f"Record<string, {_type(schema.get('additionalProperties', {}))}>"
    fields = (_field(name, field, schema) for name, field in schema["properties"].items())
    return "{\n" + "".join(fields) + "}"


def _field(name: str, field: Schema, schema: Schema) -> str:
    mark = "" if name in schema.get("required", []) else "?"
    return f"{_note(field, '  ')}  {name}{mark}: {_type(field)};\n"


def _note(schema: Schema, indent: str = "") -> str:
    return f"{indent}/** {schema['description']} */\n" if "description" in schema else ""
