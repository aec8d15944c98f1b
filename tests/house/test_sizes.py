"""What a reader can hold in mind: files as long as their subject, functions on one screen, few ways through each."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.house.product import sources

MOST_LINES = 250  # of a file: one whose single subject needs more stands in the list
LONG_FILES = {
    "chatserver/runtime.py": "all that a node consists of, opened and closed in one order",
    "chatserver/sending/feed.py": "from all that happens to the tasks that tell of it, in one place",
    "chatserver/services/__init__.py": "who knows whom among the services, in one place",
    "chatserver/services/hooks.py": "a question to the host from its setting to what its answer means",
    "handlers/description/openapi.py": "from one call to its part of the document",
    "chatserver/tasks/endpoint.py": "how one endpoint is told: healthy, failing, poisoned, gone",
    "chatserver/settings.py": "every setting, its default and its meaning on one page",
    "chatserver/services/events.py": "register, look, wait, answer: the one order of a poll, with an end and without",
    "chatserver/services/entries.py": "from each kind of inbox entry to its event",
    "chatserver/storage/embedded.py": "one child process from its start to its end",
    "chatserver/services/accounts.py": "an account from its making to its deletion, by whoever asks",
    "chatserver/services/sessions.py": "the life of a session: begun, trusted, used, ended",
    "handlers/base.py": "all that every call has in common",
    "handlers/description/shapes.py": "what every call answers, one after the other",
    "handlers/description/operations/chats.py": "the words of every call about messages, one after the other",
    "handlers/description/operations/host_story.py": "one story, with the people and things in it",
    "chatserver/wire.py": "how each thing looks from outside, one after the other",
    "chatserver/services/imports.py": "an import from the first look at its lines to the last conversation shown",
    "chatserver/services/groups.py": "a group from its beginning to its end",
    "chatserver/services/memberships.py": "every way in and out, and the one end that all of them have",
    "chatserver/services/conversations.py": "finding a conversation, and who may look, by every way of naming it",
    "chatserver/storage/groups.py": "every conditional update of a group and its members, side by side",
    "chatserver/storage/messages.py": "all that is ever asked of the log",
    "chatserver/services/messages.py": "a message from its sending to all the ways of being shown",
    "chatserver/model.py": "all nouns of the product on one page",
    "chatserver/ports.py": "all that the core asks of the outside world on one page",
    "handlers/schemas.py": "what every call takes, one after the other",
    "chatserver/storage/records.py": "each noun from its document and back, one after the other",
    "chatserver/storage/inboxes.py": "all that is ever done to the one document of a person",
}
FUNCTION_LINES = 40
MOST_BRANCHES = 10
LONG_FUNCTIONS = {
    "chatserver/runtime.py:open_runtime": "each release stands beside its acquisition, in one order",
    "handlers/server.py:get": "all that the server says of itself, in one answer",
    "chatserver/services/__init__.py:build_services": "one line for each service: who knows whom, in one place",
    "chatserver/storage/indexes.py:create_indexes": "a list of all indexes, each with the query that needs it",
    "chatserver/storage/__init__.py:__init__": "one line for each store",
}
MOST_ANCESTORS = 3  # of ours: BaseHandler, ApiHandler, and one for calls that are alike

Function = ast.FunctionDef | ast.AsyncFunctionDef
BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.match_case)


def long_file(path: str, source: str) -> list[str]:
    lines = len(source.splitlines())
    if lines <= MOST_LINES or path in LONG_FILES:
        return []
    return [
        f"{path} has {lines} lines, more than {MOST_LINES}: find the second noun in it, or say why it has none"
    ]


def functions(source: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def branches(function: Function) -> int:
    """Places where the way through it divides; those of functions inside it are theirs."""
    count, inside = 0, list(ast.iter_child_nodes(function))
    while inside:
        node = inside.pop()
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            count += isinstance(node, BRANCHING)
            inside += ast.iter_child_nodes(node)
    return count


def lines(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def long_functions(path: str, source: str) -> list[str]:
    return [
        f"{path}:{function.lineno} {function.name} has {lines(function)} lines and {branches(function)} branches"
        for function in functions(source)
        if (lines(function) > FUNCTION_LINES or branches(function) > MOST_BRANCHES)
        and f"{path}:{function.name}" not in LONG_FUNCTIONS
    ]


def deep_classes(files: dict[str, str]) -> list[str]:
    """Classes with more ancestors among our own than MOST_ANCESTORS, told apart by name."""
    bases: dict[str, list[str]] = {}
    for source in files.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]

    def depth(name: str) -> int:
        return max((1 + depth(base) for base in bases[name] if base in bases and base != name), default=0)

    return [f"{name} has {depth(name)} ancestors" for name in bases if depth(name) > MOST_ANCESTORS]


@pytest.mark.parametrize("faults", [long_file, long_functions])
def test_files_and_functions_are_no_longer_than_a_reader_can_hold(
    faults: Callable[[str, str], list[str]],
) -> None:
    found = [fault for path, source in sources().items() for fault in faults(path, source)]
    assert not found, "\n".join(found)


def test_no_class_stands_on_a_tower_of_others() -> None:
    assert not deep_classes(sources())


def test_every_exception_is_still_needed() -> None:
    files = [path for path in LONG_FILES if len(sources().get(path, "").splitlines()) <= MOST_LINES]
    needed = {
        f"{path}:{function.name}"
        for path, source in sources().items()
        for function in functions(source)
        if lines(function) > FUNCTION_LINES or branches(function) > MOST_BRANCHES
    }
    assert not files and not LONG_FUNCTIONS.keys() - needed


def test_what_is_too_long_or_too_deep_is_noticed() -> None:
    assert long_file("chatserver/a.py", "x = 1\n" * MOST_LINES) == []
    assert long_file("chatserver/a.py", "x = 1\n" * (MOST_LINES + 1)) != []
    body = "    x = 1\n" * (FUNCTION_LINES - 1)
    assert long_functions("chatserver/a.py", f"def a():\n{body}") == []
    assert long_functions("chatserver/a.py", f"def a():\n{body}    y = 2\n") != []
    assert long_functions("chatserver/a.py", "def a():\n" + "    if x: y()\n" * (MOST_BRANCHES + 1)) != []
    tower = "class A: pass\nclass B(A): pass\nclass C(B): pass\nclass D(C): pass\nclass E(D): pass\n"
    assert deep_classes({"chatserver/a.py": tower}) == ["E has 4 ancestors"]
