"""The OpenAPI document, made of the URL table, the Structs and operations beside it; docs.py serves it."""

from __future__ import annotations

import re
from typing import Any

from apispec import APISpec

from chatserver import wire
from chatserver.model import EXTERNAL_CHARS, SUB_CHARS
from handlers import rate_fields
from handlers.base import METHODS, ApiHandler, BaseHandler
from handlers.description import openapi_text, shapes, webhook_shapes
from handlers.description.openapi_schemas import Schema, form_of, parameters_of, schemas_of
from handlers.description.operations import GROUPS, OPERATIONS
from handlers.description.operations.operation import Answer, Operation
from handlers.description.operations.problems import EXPLANATIONS
from handlers.problems import STATUS, title_of
from handlers.routes import API, API_ROUTES, ID, OTHER_ROUTES, SUB
from handlers.schemas import ID_FORMAT

Json = dict[str, Any]
REQUEST_ID = "5b1f0c9d2a7e4f36"
# Codes whose problems have a field of their own.
PROBLEMS = {
    "cursor_expired": shapes.CursorProblem,
    "limit_reached": shapes.LimitProblem,
    "revision_conflict": shapes.RevisionProblem,
    "refused_by_host": webhook_shapes.HostProblem,
    "silenced": shapes.SilencedProblem,
}
MORE_OF_PROBLEM: dict[str, Json] = {
    "cursor_expired": {"cursor": "2f9a61c0:2"},
    "limit_reached": {"limit": "conversations"},
    "revision_conflict": {"stored": None},
    "refused_by_host": {"host_code": "no_phone_numbers"},
    "silenced": {"until": "2026-05-04T09:30:00.000Z"},
}

OF_HOST = {"sub": SUB_CHARS, "external_id": EXTERNAL_CHARS}  # its own ids, with how long they may be


def build() -> Json:
    """Takes some tens of milliseconds: call it once."""
    spec = APISpec(
        title="Chat server",
        version=f"1.{wire.FEATURE_LEVEL}",
        openapi_version="3.1.0",
        info={
            "description": openapi_text.INTRODUCTION,
            "summary": "Chat by long polling, with nothing lost.",
        },
        servers=[{"url": "/"}],
        tags=[{"name": name, "description": text} for name, text in GROUPS.items()],
    )
    refs = _add_schemas(spec)
    for name, header in openapi_text.HEADERS.items():
        spec.components.header(name, header)
    for name, scheme in openapi_text.SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for path, handler in described_routes():
        spec.path(path=path, operations=_operations(spec, handler, refs))
    document: Json = spec.to_dict()
    return document


def described_routes() -> list[tuple[str, type[BaseHandler]]]:
    """Each path as the document writes it: with its slash, and with names for ids."""
    found = [(f"{API}{path}/", handler) for path, handler in API_ROUTES]
    found += OTHER_ROUTES
    return [(_named(path, handler), handler) for path, handler in found]


def methods(handler: type[BaseHandler]) -> list[str]:
    return [method for method in METHODS if (handler, method) in OPERATIONS]


def _named(path: str, handler: type) -> str:
    """With the names of its ids."""
    of_handler = (operation.path_ids for (owner, _), operation in OPERATIONS.items() if owner is handler)
    for name, _ in next(of_handler, []):
        path = path.replace(SUB if name in OF_HOST else ID, f"{{{name}}}", 1)
    return path


def _add_schemas(spec: APISpec) -> dict[Any, Schema]:
    """What is sent and answered, by its type."""
    types: list[Any] = [operation.body for operation in OPERATIONS.values() if operation.body]
    for operation in OPERATIONS.values():
        for answer in operation.answers.values():
            types += _alternatives(answer)
    types += [shapes.Problem, *PROBLEMS.values()]
    types = list(dict.fromkeys(types))
    refs, components = schemas_of(types)
    for name, schema in components.items():
        spec.components.schema(name, schema)
    return dict(zip(types, refs, strict=True))


def _alternatives(answer: Answer) -> tuple[Any, ...]:
    if isinstance(answer.shape, tuple):
        return answer.shape
    return (answer.shape,) if answer.shape is not None else ()


def _operations(spec: APISpec, handler: type[BaseHandler], refs: dict[Any, Schema]) -> Json:
    return {
        method.lower(): _operation(spec, handler, method, OPERATIONS[handler, method], refs)
        for method in methods(handler)
    }


def _operation(
    spec: APISpec, handler: type[BaseHandler], method: str, operation: Operation, refs: dict[Any, Schema]
) -> Json:
    made: Json = {
        "operationId": operation.id,
        "tags": [operation.group],
        "summary": operation.summary,
        "security": [{"host": []}] if operation.by_host else _security(handler),
    }
    if operation.text:
        made["description"] = operation.text
    if parameters := _parameters(operation):
        made["parameters"] = parameters
    if operation.body:
        made["requestBody"] = _body(spec, operation, refs[operation.body])
    if operation.lines:
        made["requestBody"] = {
            "required": True,
            "content": {"application/jsonl": {"schema": {"type": "string"}}},
        }
    responses = {
        str(status): _answer(handler, operation, status, answer, refs)
        for status, answer in operation.answers.items()
    }
    for status, codes in codes_of(handler, method, operation).items():
        if str(status) not in responses:
            responses[str(status)] = _problem_ref(spec, status, codes)
    made["responses"] = dict(sorted(responses.items()))
    return made


def _security(handler: type[BaseHandler]) -> list[Json]:
    if not issubclass(handler, ApiHandler) or handler.public:
        return []
    names = ["bearer", "token", "cookie"]
    names += ["query_token"] if handler.query_token else []
    names += ["link"] if handler.by_link else []
    return [{name: []} for name in names]


def _parameters(operation: Operation) -> list[Json]:
    example = operation.examples[0] if operation.examples else None
    found: list[Json] = []
    for name, text in operation.path_ids:
        schema: Json = {"type": "integer", "minimum": 1, "exclusiveMaximum": 1 << 53, **ID_FORMAT}
        if name in OF_HOST:
            schema = {"type": "string", "minLength": 1, "maxLength": OF_HOST[name]}
        found.append({"name": name, "in": "path", "required": True, "description": text, "schema": schema})
    for parameter, id in zip(found, example.ids if example else (), strict=False):
        parameter["example"] = id
    found += parameters_of(operation.query) if operation.query else []
    for parameter in found:
        for given in (e.query or {} for e in operation.examples):
            if parameter["name"] in given:
                parameter["example"] = given[parameter["name"]]
    return found + [openapi_text.REQUEST_HEADERS[name] for name in operation.headers]


def _body(spec: APISpec, operation: Operation, ref: Schema) -> Json:
    named = {_key(e.title): {"summary": e.title, "value": e.body} for e in operation.examples if e.body}
    content: Json = {"application/json": {"schema": ref, "examples": named}}
    if operation.form:
        schema = spec.components.schemas[operation.body.__name__]
        content["multipart/form-data"] = {"schema": form_of(schema, "attachment")}
    return {"required": True, "content": content}


def _answer(
    handler: type[BaseHandler], operation: Operation, status: int, answer: Answer, refs: dict[Any, Schema]
) -> Json:
    limited = rate_fields.NAMES if issubclass(handler, ApiHandler) and handler.bucket else ()
    headers = ["X-Request-Id", *answer.headers, *limited]
    content: Json = {}
    if shapes := [refs[shape] for shape in _alternatives(answer)]:
        content["schema"] = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
        headers.insert(1, "X-Ignored-Parameters")
    examples = [e for e in operation.examples if e.status == status and e.answer is not None]
    if examples:
        content["examples"] = {_key(e.title): {"summary": e.title, "value": e.answer} for e in examples}
    told = {"description": answer.text, "headers": _header_refs(headers)}
    return {**told, "content": {answer.media: content}} if answer.media else told


def codes_of(handler: type[BaseHandler], method: str, operation: Operation) -> dict[int, list[str]]:
    """The problem codes a call may be answered with, by their status."""
    codes = {"internal_error", *operation.codes}
    if operation.by_host or (issubclass(handler, ApiHandler) and not handler.public):
        codes |= {"token_missing", "token_invalid", "forbidden"}
    if operation.query or operation.body:
        codes.add("validation_error")
    if operation.path:
        codes.add("not_found")
    if method != "GET":
        codes.add("payload_too_large")
    if operation.body:
        codes.add("unsupported_media_type")
    if operation.shielded:
        codes |= {"rate_limited", "unavailable"}
    if operation.told_inside:
        codes -= {"token_missing", "token_invalid", "rate_limited", "unavailable"}
    found: dict[int, list[str]] = {}
    for code in EXPLANATIONS:
        if code in codes:
            found.setdefault(STATUS[code], []).append(code)
    return found


def _problem_ref(spec: APISpec, status: int, codes: list[str]) -> Json:
    """One response component for each set of codes, however many calls have it."""
    name = "_or_".join(codes)
    if name not in spec.components.responses:
        shapes_of = [PROBLEMS[code].__name__ for code in codes if code in PROBLEMS] or ["Problem"]
        first, *others = ({"$ref": f"#/components/schemas/{shape}"} for shape in shapes_of)
        narrowed = {"status": {"const": status}, "code": {"enum": codes}}
        schema = {"allOf": [first, {"properties": narrowed}, *others]}
        headers = ["X-Request-Id", *openapi_text.HEADERS_OF_STATUS.get(status, ())]
        examples = {code: {"value": example_problem(code)} for code in codes}
        spec.components.response(
            name,
            {
                "description": "\n\n".join(f"`{code}`: {EXPLANATIONS[code][0]}" for code in codes),
                "headers": _header_refs(headers),
                "content": {"application/problem+json": {"schema": schema, "examples": examples}},
            },
        )
    return {"$ref": f"#/components/responses/{name}"}


def example_problem(code: str) -> Json:
    fields = [{"field": "receiver_id", "detail": "is required"}] if code == "validation_error" else []
    made: Json = {
        "type": f"/docs#problem-{code}",
        "title": title_of(STATUS[code]),
        "status": STATUS[code],
        "detail": "receiver_id: is required" if fields else EXPLANATIONS[code][0],
        "code": code,
        "errors": fields,
        "request_id": REQUEST_ID,
    }
    return made | MORE_OF_PROBLEM.get(code, {})


def _header_refs(names: list[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _key(title: str) -> str:
    return re.sub(r"[^a-z0-9]{1,64}", "_", title.lower()).strip("_")
