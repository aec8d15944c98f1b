"""The OpenAPI document put into words and rows, for the page and for docs/api.md."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any

from handlers.description.openapi_schemas import Schema

Part = tuple[str, bool]  # a word, and whether it is the name of a shape


@dataclass(frozen=True)
class Row:
    """One field or parameter. `limits` and `text` are for people."""

    name: str
    kind: list[Part]
    required: bool
    deprecated: bool
    limits: str
    text: str


@dataclass(frozen=True)
class Response:
    status: str
    text: str
    kind: list[Part]
    codes: list[str]  # problem codes; none for an answer
    examples: list[tuple[str, Any]]


def kind(schema: Schema) -> list[Part]:
    """What a value is, in few words: `integer or null`, `list of Message`."""
    if ref := schema.get("$ref"):
        return [(ref.rsplit("/", 1)[1], True)]
    for key in ("anyOf", "oneOf"):
        if key in schema and "type" not in schema:
            return _joined([kind(part) for part in schema[key]])
    if "const" in schema:
        return [(json.dumps(schema["const"]), False)]
    if "enum" in schema:
        return [(" or ".join(json.dumps(value) for value in schema["enum"]), False)]
    named = schema.get("type", "anything")
    if named == "array":
        return [("list of ", False), *kind(schema.get("items", {}))]
    if named == "object" and "additionalProperties" in schema and "properties" not in schema:
        return [("object of ", False), *kind(schema["additionalProperties"] or {})]
    if isinstance(named, list):
        return _joined([kind({**schema, "type": name}) for name in named])
    if "contentMediaType" in schema:
        return [("file", False)]
    is_time = (named, schema.get("format")) == ("string", "date-time")
    return [("time" if is_time else str(named), False)]


def _joined(parts: list[list[Part]]) -> list[Part]:
    made: list[Part] = []
    for part in parts:
        made += [(" or ", False), *part] if made else part
    return made


def limits(schema: Schema) -> str:
    """The bounds of a value that are worth a reader's time."""
    found = []
    low, high = schema.get("minLength"), schema.get("maxLength")
    if high is not None:
        found.append(f"{low or 0} to {high} characters")
    low, high = schema.get("minItems"), schema.get("maxItems")
    if high is not None:
        found.append(f"{low or 0} to {high} of them")
    if schema.get("default") not in (None, ""):
        found.append(f"default {json.dumps(schema['default'])}")
    return ", ".join(found)


def rows(schema: Schema) -> list[Row]:
    required = schema.get("required", ())
    return [
        Row(
            name,
            kind(part),
            name in required,
            bool(part.get("deprecated")),
            limits(part),
            part.get("description", ""),
        )
        for name, part in schema.get("properties", {}).items()
    ]


def parameter_row(parameter: Schema) -> Row:
    schema = parameter["schema"]
    return Row(
        parameter["name"],
        kind(schema),
        parameter["required"],
        bool(schema.get("deprecated")),
        limits(schema),
        parameter["description"],
    )


def responses(document: Schema, operation: Schema) -> list[Response]:
    """Answers first, then what can go wrong."""
    found = []
    for status, given in operation["responses"].items():
        response = given
        if "$ref" in given:
            response = document["components"]["responses"][given["$ref"].rsplit("/", 1)[1]]
        media, content = next(iter(response.get("content", {"no body": {}}).items()))
        schema = content.get("schema")
        codes = list(content.get("examples", ())) if media == "application/problem+json" else []
        examples = [(e.get("summary", ""), e["value"]) for e in content.get("examples", {}).values()]
        shown = kind(schema) if schema and not codes else [] if codes else [(media, False)]
        found.append(Response(status, response["description"], shown, codes, examples))
    return found


def resolved(document: Schema, schema: Schema) -> Schema:
    if ref := schema.get("$ref"):
        found: Schema = document["components"]["schemas"][ref.rsplit("/", 1)[1]]
        return found
    return schema


def sent(document: Schema) -> set[str]:
    """The names of shapes that are request bodies."""
    return {
        json_body["schema"]["$ref"].rsplit("/", 1)[1]
        for methods in document["paths"].values()
        for operation in methods.values()
        if (json_body := operation.get("requestBody", {}).get("content", {}).get("application/json"))
    }


def curl(method: str, path: str, operation: Schema, example: Any) -> str:
    """A line for a shell in which $CHAT is the server, $TOKEN a person's token and $KEY a key of the host."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example", 1)))
    query = [
        f"{p['name']}={p['example']}"
        for p in operation.get("parameters", ())
        if p["in"] == "query" and "example" in p
    ]
    words = ["curl"] if method == "GET" else ["curl", "-X", method]
    if example is not None:
        words = ["curl"] if method == "POST" else words
    line = " ".join([*words, f'"$CHAT{path}{"?" + "&".join(query) if query else ""}"'])
    if operation["security"]:
        name = "KEY" if {"host": []} in operation["security"] else "TOKEN"
        line += f' \\\n  -H "Authorization: Bearer ${name}"'
    if example is not None:
        line += " \\\n  -H 'Content-Type: application/json' \\\n  -d " + shlex.quote(json.dumps(example))
    return line


def body_examples(operation: Schema) -> list[tuple[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return [(example["summary"], example["value"]) for example in content.get("examples", {}).values()]


def operations(document: Schema) -> dict[str, list[tuple[str, str, Schema]]]:
    """(method, path, operation) by group, in the order of the groups."""
    found: dict[str, list[tuple[str, str, Schema]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append((method.upper(), path, operation))
    return found
