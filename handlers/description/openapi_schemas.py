"""Structs as JSON Schema 2020-12, as plain as they can be written."""

from __future__ import annotations

from typing import Any

import msgspec

from handlers import schemas

Schema = dict[str, Any]


def _given(name: str, **rule: Any) -> Schema:
    """An id, unless the rule says what else."""
    return {"required": [name], "properties": {name: rule or {"type": "integer", **schemas.ID_FORMAT}}}


_RECEIVER = {
    "anyOf": [_given("receiver_id"), _given("receiver"), _given("receiver_sub", type="string", minLength=1)]
}
_CONTENT = {
    "anyOf": [
        _given("message", type="string", pattern="\\S"),
        _given("attachment", type="string", minLength=1),
    ]
}
# What the handlers ask for and one field's type cannot say.
RULES: dict[type, Schema] = {
    schemas.Send: {"allOf": [{"anyOf": [*_RECEIVER["anyOf"], _given("conversation_id")]}, _CONTENT]},
    schemas.Typing: _RECEIVER,
    schemas.Notify: {"oneOf": [_given("receiver_id"), _given("receiver_sub", type="string")]},
    schemas.MarkRead: {
        "oneOf": [_given("message_ids", type="array"), _given("conversation_id"), _given("sender_id")]
    },
}


def schemas_of(types: list[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """A schema for each type, and the components they refer to."""
    found, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    shown = {name: plain(schema) for name, schema in components.items()}
    for type, rule in RULES.items():
        if type in types:
            shown[type.__name__].update(rule)
    return [plain(schema) for schema in found], shown


def parameters_of(query: type) -> list[Schema]:
    """The fields of a Struct as query parameters; the token is a credential and told as such."""
    _, components = msgspec.json.schema_components([query])
    schema = plain(components[query.__name__])
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), **_parameter(part)}
        for name, part in schema["properties"].items()
        if name != "token"
    ]


def _parameter(schema: Schema) -> Schema:
    """A query has no null: what may be null may be left out."""
    if isinstance(schema.get("type"), list):
        schema = {**schema, "type": next(kind for kind in schema["type"] if kind != "null")}
    return {"description": schema.pop("description", ""), "schema": schema}


def form_of(schema: Schema, file: str) -> Schema:
    """The same fields in multipart/form-data, one of them a file."""
    part = {"description": "The file.", "type": "string", "contentMediaType": "application/octet-stream"}
    return {**schema, "properties": {**schema["properties"], file: part}}


def plain(schema: Any) -> Any:
    """Without titles that repeat the name and defaults that say nothing; `T or null` as one list of types."""
    if isinstance(schema, list):
        return [plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _part(key, part) for key, part in schema.items() if key != "title"}
    if made.get("default", ...) is None or made.get("required") == []:
        made = {
            key: part
            for key, part in made.items()
            if (key, part) not in (("default", None), ("required", []))
        }
    if "enum" in made and len(made["enum"]) == 1:
        (made["const"],) = made.pop("enum")
    match made.get("anyOf"):
        case [{"type": str(kind), **rest}, {"type": "null"}]:
            outer = {key: part for key, part in made.items() if key != "anyOf"}
            made = {"type": [kind, "null"], **rest, **outer}
    return made


def _part(key: str, part: Any) -> Any:
    if key == "properties":  # a field may well be called `title`
        return {name: plain(schema) for name, schema in part.items()}
    return plain(part)
