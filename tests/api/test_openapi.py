"""The OpenAPI document: valid, complete, announced, and true of the server that gives it."""

from __future__ import annotations

import ast
import difflib
import inspect
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers.assets import Assets
from handlers.base import METHODS, ApiHandler, BaseHandler
from handlers.description import openapi
from handlers.description.operations import OPERATIONS
from handlers.description.operations.problems import EXPLANATIONS
from handlers.problems import STATUS
from handlers.routes import routes
from scripts.api_reference import GOLDEN, REFERENCE, ROOT, TYPES, golden, reference
from scripts.api_types import api_types
from tests.support import contract
from tests.support.client import Client

# Served, and no part of the API: the page and its files, and the 404 of the API.
NO_API = [r"/api/.*", "/", r"/embed\.js", "/embed/?", r"/(sw\.js)", r"/(favicon\.svg)", "/static/"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return contract.document()


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_exactly_what_is_served_is_documented(document: dict[str, Any]) -> None:
    served: set[tuple[type, str]] = set()
    for pattern, handler, *_ in routes(None, Assets(ROOT / "static")):  # type: ignore[arg-type]
        if pattern in NO_API or pattern.startswith("/static/"):
            continue
        assert issubclass(handler, BaseHandler)
        unimplemented = BaseHandler._unimplemented_method
        served |= {(handler, m) for m in METHODS if getattr(handler, m.lower()) is not unimplemented}
    assert served == set(OPERATIONS)
    described = [methods for methods in document["paths"].values()]
    assert sum(len(methods) for methods in described) == len(OPERATIONS)
    ids = [operation["operationId"] for methods in described for operation in methods.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("handler", sorted({handler for handler, _ in OPERATIONS}, key=lambda h: h.__name__))
def test_what_a_handler_parses_is_what_its_calls_document(handler: type) -> None:
    """By reading its source for `self.json(X)`, `self.query(X)` and `self._parsed(X, …)`."""
    own = [
        c for c in handler.__mro__ if c.__module__.startswith("handlers.") and c.__module__ != "handlers.base"
    ]
    source = "\n".join(textwrap.dedent(inspect.getsource(c)) for c in own)
    parsed = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                ast.Attribute(attr="json" | "object" | "query" | "_parsed"), [ast.Name(id=name), *_]
            ):
                parsed.add(name)
    documented = {
        schema.__name__
        for (owner, _), operation in OPERATIONS.items()
        for schema in (operation.query, operation.body)
        if owner is handler and schema is not None
    }
    assert parsed == documented


def test_every_problem_code_is_explained_and_every_explanation_is_of_a_code() -> None:
    assert set(EXPLANATIONS) == set(STATUS)


def test_shapes_are_named_by_one_word_each(document: dict[str, Any]) -> None:
    """Two of the same name would be told apart by the modules that they stand in."""
    assert [name for name in document["components"]["schemas"] if "." in name] == []


def test_every_refusal_says_which_codes_it_may_have(document: dict[str, Any]) -> None:
    for name, response in document["components"]["responses"].items():
        (content,) = response["content"].values()
        codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"]
        assert name == "_or_".join(codes)
        assert {STATUS[code] for code in codes} == {
            content["schema"]["allOf"][1]["properties"]["status"]["const"]
        }
        for example in content["examples"].values():
            assert list(contract.validator(content["schema"]).iter_errors(example["value"])) == []


def test_every_signed_in_call_may_be_refused_for_its_token_and_every_api_call_for_load() -> None:
    for (handler, method), operation in OPERATIONS.items():
        codes = openapi.codes_of(handler, method, operation)
        assert 500 in codes
        if issubclass(handler, ApiHandler) and not handler.public:
            assert operation.told_inside or codes[401] == ["token_missing", "token_invalid"]
        assert ({429, 503} <= set(codes)) == (operation.shielded and not operation.told_inside)


def test_every_example_is_as_its_schema_says(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            contents = [operation["requestBody"]] if "requestBody" in operation else []
            contents += [r for r in operation["responses"].values() if "content" in r]
            for content in (part for owner in contents for part in owner["content"].values()):
                for example in content.get("examples", {}).values():
                    errors = list(contract.validator(content["schema"]).iter_errors(example["value"]))
                    assert errors == [], operation["operationId"]


def named_schemas(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field and parameter anywhere in the document, with what it is made of when it is a list."""
    if isinstance(part, list):
        for each in part:
            yield from named_schemas(each)
    elif isinstance(part, dict):
        fields = dict(part["properties"]) if isinstance(part.get("properties"), dict) else {}
        if "in" in part and "schema" in part:
            fields[part["name"]] = part["schema"]
        for name, schema in fields.items():
            yield name, schema.get("items", schema)
        for each in part.values():
            yield from named_schemas(each)


def is_integer(schema: dict[str, Any]) -> bool:
    return "integer" in (kinds if isinstance(kinds := schema.get("type"), list) else [kinds])


def test_every_id_says_that_it_may_need_64_bits(document: dict[str, Any]) -> None:
    ids = [
        (name, schema)
        for name, schema in named_schemas(document)
        if is_integer(schema) and re.fullmatch(r"(.*_)?ids?|sender|receiver|conversation|online_users", name)
    ]
    assert len(ids) > 60
    assert [name for name, schema in ids if schema.get("format") != "int64"] == []


def difference(kept: Path, now: str, command: str, meant: str) -> str:
    before = kept.read_text("utf-8") if kept.exists() else ""
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), "kept", "now", lineterm="", n=2)
    told = "\n".join(list(lines)[:80])
    return f"{meant}\n\n    {command}\n\n{told}" if told else ""


def test_the_contract_did_not_change_unannounced(document: dict[str, Any]) -> None:
    changed = difference(
        GOLDEN,
        golden(document),
        "make contract",
        "The contract changed. If that is meant: say it in CHANGELOG.md, raise FEATURE_LEVEL in "
        "chatserver/wire.py when a client may want to know of it, and renew the golden file:",
    )
    assert not changed, changed


def test_the_page_is_checked_with_the_types_that_the_document_gives(document: dict[str, Any]) -> None:
    changed = difference(
        TYPES, api_types(document), "make contract", "tests/frontend/api.d.ts is made from the document:"
    )
    assert not changed, changed


def test_the_written_reference_is_current(document: dict[str, Any]) -> None:
    changed = difference(
        REFERENCE, reference(document), "make docs", "docs/api.md is made from the document:"
    )
    assert not changed, changed


def test_a_server_that_nobody_asks_for_its_description_does_not_load_what_makes_it() -> None:
    parts = ("apispec", "handlers.description.openapi", "handlers.description.shapes")
    asked = f"import run, sys; print([name for name in {parts} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.gen_test
async def test_the_server_gives_this_document(client: Client, document: dict[str, Any]) -> None:
    answer = await client.call("GET", "/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json == json.loads(json.dumps(document))


def test_an_answer_that_is_not_as_documented_is_noticed() -> None:
    headers = {"X-Request-Id": "x", "Content-Type": "application/json"}
    url = "http://chat/api/v1/communication/chats/online-users/"
    contract.check("GET", url, 200, headers, b'{"online_users": [1]}')
    for status, body in (
        (200, b'{"online_users": ["1"]}'),
        (200, b'{"online_users": [1], "more": 1}'),
        (200, b"{}"),
        (201, b'{"online_users": [1]}'),
    ):
        with pytest.raises(AssertionError):
            contract.check("GET", url, status, headers, body)
    with pytest.raises(AssertionError):
        contract.check("GET", url, 200, {}, b'{"online_users": [1]}')
    with pytest.raises(AssertionError):
        contract.check("GET", "http://chat/api/v1/communication/nowhere/", 200, headers, b"{}")
