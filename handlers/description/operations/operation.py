"""How a call is described: what its handler cannot say by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`shape` is a type, or several in a tuple for either of them; None for what is no JSON. No `media`: no body."""

    shape: Any
    text: str
    headers: tuple[str, ...] = ()
    media: str = "application/json"


@dataclass(frozen=True)
class Example:
    """A request that works, and its answer. The tests send them all to a fresh server, in the order of a story."""

    title: str
    answer: Any
    status: int = 200
    body: dict[str, Any] | None = None
    query: dict[str, Any] | None = None
    path: int | str | None = None
    within: int | str | None = None  # the id before that one

    @property
    def ids(self) -> list[int | str]:
        """As they stand in the path."""
        return [id for id in (self.within, self.path) if id is not None]


@dataclass(frozen=True)
class Operation:
    """Method and path stand in routes.py, who may call in the handler. `codes` are those that follow from neither."""

    id: str
    group: str
    summary: str
    answers: dict[int, Answer]
    text: str = ""
    query: Any = None
    body: Any = None
    lines: bool = False  # the body is JSON Lines
    form: bool = False  # the body may be multipart/form-data, with a file
    headers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    path: tuple[str, str] | None = None  # name and meaning of the id in the path
    within: tuple[str, str] | None = None  # the same of an id before that one
    examples: tuple[Example, ...] = ()
    by_host: bool = False  # signed by the host application, not by a person's session
    told_inside: bool = (
        False  # a refusal of the token, or for now, stands in the answer itself: no 401, 429, 503
    )
    shielded: bool = True  # may be refused to protect the rest: 429, 503

    @property
    def path_ids(self) -> list[tuple[str, str]]:
        return [named for named in (self.within, self.path) if named is not None]
