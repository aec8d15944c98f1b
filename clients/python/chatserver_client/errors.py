"""What a call can end with besides its answer."""

from __future__ import annotations

from typing import Any


class ChatError(Exception):
    """All of them."""


class Unreachable(ChatError):
    """No answer came: nobody listens, the connection broke, or its time was over. What was asked may have been done."""


class Refused(ChatError):
    """The server said no, or not now. `code` is stable, `detail` is a sentence for people.

    `code` is empty where something on the way answered and not the chat. `retry_after` is in seconds.
    """

    def __init__(self, status: int, problem: dict[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.code: str = problem.get("code", "")
        self.detail: str = problem.get("detail", "")
        self.errors: list[dict[str, str]] = problem.get("errors", [])
        self.request_id: str = problem.get("request_id", "")
        self.problem = problem
        self.retry_after = retry_after
        fields = "; ".join(f"{one.get('field')}: {one.get('detail')}" for one in self.errors)
        said = f"{status} {self.code or 'unexpected answer'}: {self.detail} {fields}"
        super().__init__(said.strip())
