"""What `chatserver doctor` looks at: each check says what it found, and the cure where one is needed."""

from __future__ import annotations

from dataclasses import dataclass

from chatserver.errors import StartupError

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`fail`: the server cannot start or not keep its promises; `warn`: it can, but look at this."""

    check: str
    state: str
    text: str
    cure: str = ""


def failed(check: str, error: StartupError) -> Finding:
    """Such a sentence says what is wrong, then the cure."""
    sentence = str(error)
    middle = "; " if "; " in sentence else ". "
    text, _, cure = sentence.partition(middle)
    return Finding(check, FAIL, text, cure)
