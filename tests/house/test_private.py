"""Tests see the product as its other parts do: by what is public. What is private may change, and no test with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.product import ROOT

OWN = ("self", "cls")
# Who names an attribute in a text reaches it as well as who writes it out.
BY_NAME = ("setattr", "getattr", "delattr", "hasattr")

# What stays, by file and name, and why.
EXCEPTIONS = {
    (
        "tests/api/test_openapi.py",
        "_unimplemented_method",
    ): "Tornado's own word for a method that a handler lacks",
    (
        "tests/unit/test_public_only.py",
        "_create_stream",
    ): "Tornado's last step before it connects: nothing may reach it, or only the address that was looked at",
    ("tests/support/growth.py", "_constants"): "re has no public way to take a pattern apart",
    ("tests/support/growth.py", "_parser"): "as above",
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def named(call: ast.Call) -> str:
    """The private attribute that a call such as `monkeypatch.setattr(chat.hub, "_held", …)` names, or nothing."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    if function not in BY_NAME:
        return ""
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return next((last for text in texts if is_private(last := text.rpartition(".")[2])), "")


def reached(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every private attribute of something else, and of every private name that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in OWN):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and (name := named(node)):
            yield node.lineno, name
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names if is_private(alias.name))


def found() -> list[tuple[str, int, str]]:
    files = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "tests").rglob("*.py")}
    files = {name: path for name, path in files.items() if "node_modules" not in name}
    return [
        (name, *one) for name, path in sorted(files.items()) for one in reached(ast.parse(path.read_text()))
    ]


def test_no_test_reaches_into_what_is_private() -> None:
    beyond = [one for one in found() if (one[0], one[2]) not in EXCEPTIONS]

    assert not beyond, "\n".join(f"{file}:{line} reaches into {name}" for file, line, name in beyond)


def test_every_exception_is_still_needed() -> None:
    assert EXCEPTIONS.keys() - {(file, name) for file, _, name in found()} == set()


@pytest.mark.parametrize(
    "source",
    [
        "chat.hub._held",
        "chat.services.sessions._trusted.clear()",
        "sweeper._clock = clock",
        "monkeypatch.setattr(sessions, '_most', 3)",
        "monkeypatch.setattr('chatserver.bus.linked._dial', None)",
        "getattr(chat, '_hub', None)",
        "from chatserver.runtime import _open",
    ],
)
def test_a_reach_is_noticed(source: str) -> None:
    assert len(list(reached(ast.parse(source)))) == 1


@pytest.mark.parametrize("source", ["self._made", "cls._made", "chat.__class__", "{'_id': 1}", "_own(chat)"])
def test_what_is_ones_own_or_the_languages_is_not(source: str) -> None:
    assert list(reached(ast.parse(source))) == []
