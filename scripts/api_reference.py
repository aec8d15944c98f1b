"""Writes what is made from the OpenAPI document.

`make docs` writes docs/api.md; `make contract` the golden file and the types that the page is checked with.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from handlers.description import docs_rows, openapi
from handlers.description.operations.problems import EXPLANATIONS
from handlers.problems import STATUS
from scripts.api_types import api_types

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "api.md"
GOLDEN = ROOT / "tests" / "api" / "openapi.golden.json"
TYPES = ROOT / "tests" / "frontend" / "api.d.ts"


def golden(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def reference(document: dict[str, Any]) -> str:
    parts = [
        "<!-- Made by `make docs` from the OpenAPI document: change handlers/description instead. -->",
        f"# {document['info']['title']}: the API",
        "The same is at `/docs` of a running server, with forms to try each call, and at `/openapi.json` for tools.",
        document["info"]["description"].strip(),
        "**From a shell.** The examples are lines to copy once these are set:",
        "```sh\nCHAT=http://127.0.0.1:8888\nTOKEN=the-token-that-signing-in-gave\nKEY=what-chatserver-key-create-printed\n```",
    ]
    groups = docs_rows.operations(document)
    for tag in document["tags"]:
        parts += [f"## {tag['name']}", tag["description"]]
        for method, path, operation in groups[tag["name"]]:
            parts += _operation(document, method, path, operation)
    parts += ["## Problems", "| code | status | meaning | what to do |\n|---|---|---|---|\n" + _problems()]
    parts += [
        "## Shapes",
        "A field that is not marked optional is always there; null is said where it may be.",
    ]
    for name, schema in sorted(document["components"]["schemas"].items()):
        text = [schema["description"]] if "description" in schema else []
        sent = name in docs_rows.sent(document)
        parts += [f"### {name}", *text, _table(docs_rows.rows(schema), "field", sent)]
    return "\n\n".join(parts) + "\n"


def _operation(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> list[str]:
    parts = [f"### {operation['summary']}", f"`{method} {path}`"]
    if not operation["security"]:
        parts[-1] += " (no token needed)"
    if "description" in operation:
        parts.append(operation["description"])
    if given := operation.get("parameters"):
        parts.append(_table([docs_rows.parameter_row(p) for p in given], "parameter", True))
    if body := operation.get("requestBody"):
        (media, given), *others = body["content"].items()
        told = _kind(docs_rows.kind(given["schema"])) if media == "application/json" else media
        forms = ", or the same fields as multipart/form-data" if others else ""
        parts.append(f"Body: {told}{forms}.")
    examples = docs_rows.body_examples(operation)
    line = docs_rows.curl(method, path, operation, examples[0][1] if examples else None)
    parts.append(f"```sh\n{line}\n```")
    rows = []
    for response in docs_rows.responses(document, operation):
        if response.codes:
            text = ", ".join(f"`{code}`" for code in response.codes)
        else:
            text = f"{_kind(response.kind)}: {response.text}"
        rows.append(f"| {response.status} | {text} |")
    return [*parts, "| status | answer |\n|---|---|\n" + "\n".join(rows)]


def _kind(parts: list[docs_rows.Part]) -> str:
    return "".join(f"[{word}](#{word.lower()})" if is_shape else word for word, is_shape in parts)


def _table(rows: list[docs_rows.Row], head: str, sent: bool) -> str:
    lines = [f"| {head} | type | |", "|---|---|---|"]
    for row in rows:
        marks = ["required"] if sent and row.required else []
        marks += ["optional"] if not sent and not row.required else []
        marks += ["old"] if row.deprecated else []
        notes = " ".join(filter(None, (row.text, f"({row.limits})" if row.limits else "")))
        told = f"*{', '.join(marks)}* {notes}" if marks else notes
        lines.append(f"| `{row.name}` | {_kind(row.kind)} | {told.replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


def _problems() -> str:
    return "\n".join(
        f"| `{code}` | {STATUS[code]} | {meaning} | {remedy} |"
        for code, (meaning, remedy) in EXPLANATIONS.items()
    )


def main() -> None:
    document = openapi.build()
    if sys.argv[1:] == ["golden"]:
        GOLDEN.write_text(golden(document), "utf-8")
        TYPES.write_text(api_types(document), "utf-8")
    else:
        REFERENCE.write_text(reference(document), "utf-8")


if __name__ == "__main__":
    main()
