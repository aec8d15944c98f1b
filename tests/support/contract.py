"""Every answer held against the OpenAPI document, as `handlers.description.openapi` builds it and /openapi.json gives it.

A client of the tests calls `check` with each answer it gets. In the tests the shapes are closed: a field that the
document does not know fails, though clients are told to ignore such fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from handlers.description import openapi

URI = "urn:contract"
# Answers to what no operation describes, told in the introduction of the document.
ANYWHERE = {404: "not_found", 405: "method_not_allowed"}


@cache
def document() -> dict[str, Any]:
    return openapi.build()


def check(method: str, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raises AssertionError when the document does not promise exactly this answer."""
    path = urlsplit(url).path
    where = f"{method} {path} → {status}"
    operation = find(
        "GET" if method == "HEAD" else method, path
    )  # of which it is the answer without its body
    if method == "OPTIONS":
        return
    if operation is None or (status in ANYWHERE and str(status) not in operation["responses"]):
        assert status in (*ANYWHERE, 400, 413, 503) or not path.startswith("/api/"), (
            f"{where}: not documented"
        )
        if path.startswith("/api/") and body:
            _check_json({"$ref": "#/components/schemas/Problem"}, body, where)
        return
    assert str(status) in operation["responses"], f"{where}: {operation['operationId']} has no such status"
    response = _resolved(operation["responses"][str(status)])
    for name, header in response.get("headers", {}).items():
        header = _resolved(header)
        assert name in headers or not header.get("required"), f"{where}: lacks the header {name}"
    media = headers.get("Content-Type", "").split(";")[0]
    documented = response["content"]
    assert media in documented or "*/*" in documented, f"{where}: {media} is none of {list(documented)}"
    if "schema" in documented.get(media, {}) and method != "HEAD":
        _check_json(documented[media]["schema"], body, where)


def find(method: str, path: str) -> dict[str, Any] | None:
    """The operation that the document has for a request, with or without the last slash."""
    for pattern, methods in _patterns():
        if pattern.fullmatch(path.rstrip("/")):
            found: dict[str, Any] | None = methods.get(method.lower())
            return found
    return None


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(_PLACE.sub(_in_path, re.escape(path.rstrip("/")))), methods)
        for path, methods in document()["paths"].items()
    ]


_PLACE = re.compile(r"\\\{(\w+)\\\}")


def _in_path(place: re.Match[str]) -> str:
    return "[^/]{1,2400}" if place[1] in ("sub", "external_id") else "[1-9][0-9]{0,15}"


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = document()
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _check_json(schema: dict[str, Any], body: bytes, where: str) -> None:
    value = json.loads(body)
    errors = sorted(validator(schema).iter_errors(value), key=lambda error: len(error.absolute_path))
    told = [f"at {error.json_path}: {error.message[:500]}" for error in errors[:5]]
    assert not errors, f"{where}: not as documented\n" + "\n".join(told)


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(_absolute(schema), registry=_registry())


@cache
def _registry() -> Registry:
    closed = {"components": {"schemas": _closed(document()["components"]["schemas"])}}
    return Registry().with_resource(URI, DRAFT202012.create_resource(_absolute(closed)))


def _closed(schemas: dict[str, Any]) -> dict[str, Any]:
    """Shapes that others build upon stay open."""
    return {
        name: {**schema, "additionalProperties": False}
        if schema.get("type") == "object" and "properties" in schema and not name.endswith("Problem")
        else schema
        for name, schema in schemas.items()
    }


def _absolute(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            key: URI + value if key == "$ref" and isinstance(value, str) else _absolute(value)
            for key, value in part.items()
        }
    return [_absolute(value) for value in part] if isinstance(part, list) else part
