"""One meaning for each word. RabbitMQ's words are used in bus/ alone; words that say nothing, nowhere."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath

import pytest

from tests.house.product import sources

OF_RABBITMQ = {"queue", "channel", "topic", "subscription"}
OF_NOTHING = {"manager", "helper", "util"}


def words(name: str) -> set[str]:
    """`MessageQueues` and `message_queues` are both made of message and queue."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {part.lower().removesuffix("s") for part in parts}


def faults(path: str, source: str) -> list[str]:
    in_bus = path.startswith("chatserver/bus/")
    forbidden = OF_NOTHING if in_bus else OF_RABBITMQ | OF_NOTHING
    names = [(1, part) for part in PurePosixPath(path).with_suffix("").parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.append((node.lineno, node.name))
    return [
        f"{path}:{line} calls something of ours {name}: `{word}` is not a word of this house"
        for line, name in names
        for word in sorted(words(name) & forbidden)
    ]


def test_every_class_function_and_module_bears_a_word_of_the_house() -> None:
    found = [fault for path, source in sources().items() for fault in faults(path, source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("chatserver/polls/hub.py", "class SessionManager: pass"),
        ("chatserver/polls/hub.py", "class HTTPHelper: pass"),
        ("chatserver/polls/hub.py", "def drain_queues(): pass"),
        ("chatserver/polls/hub.py", "class A:\n    async def open_channel(self): pass"),
        ("chatserver/utils.py", ""),
        ("chatserver/topics/one.py", ""),
        ("chatserver/bus/local.py", "def helper(): pass"),
    ],
)
def test_a_forbidden_word_is_noticed(path: str, source: str) -> None:
    assert len(faults(path, source)) == 1


def test_words_of_rabbitmq_are_at_home_in_the_bus_and_longer_words_are_not_confused_with_them() -> None:
    assert faults("chatserver/bus/rabbit.py", "class Channel:\n    def ensure_queue(self): pass") == []
    assert faults("chatserver/polls/hub.py", "def utilise(): pass\nclass Enqueued: pass") == []


def test_no_two_classes_of_the_core_bear_the_same_name() -> None:
    """A store and its port do: one fulfils what the other asks for."""
    homes: dict[str, list[str]] = {}
    for path, source in sources().items():
        if path.startswith("chatserver/"):
            for node in ast.parse(source).body:
                if isinstance(node, ast.ClassDef):
                    homes.setdefault(node.name, []).append(path)
    twice = {
        name: paths
        for name, paths in homes.items()
        if len([path for path in paths if not path.startswith("chatserver/storage/")]) > 1
        or (len(paths) > 1 and "chatserver/ports.py" not in paths)
    }
    assert not twice
