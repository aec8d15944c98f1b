"""A file that fits on a few screens is read; a longer one is searched."""

from __future__ import annotations

from tests.house.product import sources

MOST_LINES = 250
EXCEPTIONS: dict[str, str] = {  # path: why it may be longer
    "chatserver/ports.py": "all that the services ask of the outside, seen at one glance",
    "chatserver/model.py": "all nouns of the product, which have no behaviour to be told apart by",
}


def faults(path: str, source: str) -> list[str]:
    lines = len(source.splitlines())
    if lines <= MOST_LINES or path in EXCEPTIONS:
        return []
    return [f"{path} has {lines} lines, more than {MOST_LINES}: find the second noun in it"]


def test_no_file_is_longer_than_its_limit() -> None:
    found = [fault for path, source in sources().items() for fault in faults(path, source)]
    assert not found, "\n".join(found)


def test_every_exception_is_still_needed() -> None:
    needless = [path for path in EXCEPTIONS if len(sources().get(path, "").splitlines()) <= MOST_LINES]
    assert not needless


def test_a_long_file_is_noticed() -> None:
    assert faults("chatserver/a.py", "x = 1\n" * MOST_LINES) == []
    assert faults("chatserver/a.py", "x = 1\n" * (MOST_LINES + 1)) != []
