"""What the page at /docs shows, made from the document. All of it is there without scripts; they only try calls."""

from __future__ import annotations

import json
import re
from typing import Any

from tornado.escape import xhtml_escape

from handlers.description import docs_rows
from handlers.description.openapi_schemas import Schema
from handlers.description.operations.problems import EXPLANATIONS
from handlers.problems import STATUS

_INLINE = re.compile(r"`(?P<code>[^`]{1,500})`|\*\*(?P<strong>.{1,500}?)\*\*")
_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.){0,65536}+")(?=\s{0,8}:)|(?P<text>"(?:[^"\\]|\\.){0,65536}+"?)'
    r"|(?P<word>\btrue\b|\bfalse\b|\bnull\b)|(?P<number>-?\d[\d.eE+-]{0,64})"
)


def page(document: Schema) -> dict[str, Any]:
    """The names that templates/docs.html uses."""
    groups = docs_rows.operations(document)
    return {
        "info": document["info"],
        "groups": [
            (tag, [_operation(document, *found) for found in groups[tag["name"]]]) for tag in document["tags"]
        ],
        "problems": [(code, STATUS[code], *EXPLANATIONS[code]) for code in EXPLANATIONS],
        "shapes": sorted(document["components"]["schemas"].items()),
        "rows": docs_rows.rows,
        "kind": docs_rows.kind,
        "kind_html": kind_html,
        "bodies": docs_rows.sent(document),
        "html": html,
        "inline": inline,
        "json_html": json_html,
        "slug": slug,
    }


def _operation(document: Schema, method: str, path: str, operation: Schema) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    examples = docs_rows.body_examples(operation)
    shape = (
        docs_rows.resolved(document, body["application/json"]["schema"]) if "application/json" in body else {}
    )
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "text": operation.get("description", ""),
        "public": not operation["security"],
        "query_token": {"query_token": []} in operation["security"],
        "deprecated": operation.get("deprecated", False),
        "parameters": [
            (given["in"], given.get("example"), docs_rows.parameter_row(given))
            for given in operation.get("parameters", ())
        ],
        "body": body.get("application/json", {}).get("schema"),
        "body_text": shape.get("description", ""),
        "body_rows": docs_rows.rows(shape),
        "form": "multipart/form-data" in body,
        "examples": [(title, json.dumps(value, indent=2, ensure_ascii=False)) for title, value in examples],
        "answers": _answers(document, operation),
        "curl": docs_rows.curl(method, path, operation, examples[0][1] if examples else None),
        "responses": docs_rows.responses(document, operation),
    }


def _answers(document: Schema, operation: Schema) -> list[tuple[str, str, Any]]:
    """Titles, statuses and values of the examples, in the order in which they are told."""
    order = [title for title, _ in docs_rows.body_examples(operation)]
    found = [
        (title, response.status, value)
        for response in docs_rows.responses(document, operation)
        if not response.codes
        for title, value in response.examples
    ]
    return sorted(found, key=lambda answer: order.index(answer[0]) if answer[0] in order else 0)


def kind_html(parts: list[docs_rows.Part]) -> str:
    return "".join(
        f'<a href="#shape-{word}">{word}</a>' if is_shape else xhtml_escape(word) for word, is_shape in parts
    )


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]{1,64}", "-", name.lower()).strip("-")


def html(text: str) -> str:
    """The Markdown that our texts use: paragraphs, lists, code, emphasis."""
    made = []
    for block in text.strip().split("\n\n"):
        lines = block.splitlines()
        if all(line.startswith("- ") for line in lines):
            made.append("<ul>" + "".join(f"<li>{inline(line[2:])}</li>" for line in lines) + "</ul>")
        else:
            made.append(f"<p>{inline(' '.join(lines))}</p>")
    return "".join(made)


def inline(text: str) -> str:
    def marked(found: re.Match[str]) -> str:
        return f"<code>{found['code']}</code>" if found["code"] else f"<strong>{found['strong']}</strong>"

    return _INLINE.sub(marked, xhtml_escape(text))


def json_html(value: Any) -> str:
    """JSON with a class for each sort of token. Everything of it is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    made, at = [], 0
    for found in _TOKEN.finditer(text):
        made.append(xhtml_escape(text[at : found.start()]))
        made.append(f'<span class="json-{found.lastgroup}">{xhtml_escape(found[0])}</span>')
        at = found.end()
    return "".join([*made, xhtml_escape(text[at:])])
