"""Everything but the network: what is asked, what an answer means, when to try again.

`Core.steps` is a generator. It yields a `Request`, to be sent the `Answer` (or the `Unreachable`) that came of it, and a
`Pause`, to be gone on with after so many seconds; it returns what the call was made for. `Chat` and `AsyncChat` drive it.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

from chatserver_client.errors import Refused, Unreachable

API = "/api/v1/communication/"
ANSWER_BYTES = 64 << 20
NOT_NOW = (429, 502, 503, 504)

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """`target` is what stands in the first line: path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    timeout_secs: float


@dataclass(frozen=True)
class Answer:
    """The names of `headers` are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Pause:
    secs: float


def json_of(answer: Answer) -> Any:
    """Raises Refused for anything but a success with JSON."""
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    try:
        return json.loads(answer.body)
    except ValueError:  # something on the way answers in the chat's place
        raise refusal(answer) from None


def refusal(answer: Answer) -> Refused:
    problem: Any = None
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        with contextlib.suppress(ValueError):
            problem = json.loads(answer.body)
    if not isinstance(problem, dict):
        problem = {"detail": answer.body[:200].decode(errors="replace")}
    return Refused(answer.status, problem, retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """In seconds, whether they or a date were given."""
    given = headers.get("retry-after", "")
    if given.isascii() and given.isdigit():
        return float(given[:9])
    try:
        then = parsedate_to_datetime(given)
    except ValueError:
        return None
    if then.tzinfo is None:  # a date that says it knows no zone is in UTC too
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True)
class Call(Generic[T]):
    """One thing to ask for, and how to read its answer. `repeatable`: it may be sent again if no answer came.

    `path` begins behind the API's base, or with a slash for what stands outside it.
    """

    method: str
    path: str
    query: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    patient: bool = False  # is tried for ever
    timeout_secs: float = 10.0
    read: Callable[[Answer], T] = cast("Callable[[Answer], T]", json_of)  # noqa: RUF009


def segment(**named: str) -> tuple[str, dict[str, str]]:
    """An id of yours as a part of a path, and the query that carries it where a path on its way may be changed.

    Proxies decode `%2F`, and take `.` and `..` for directories; there `-` stands in the path.
    """
    ((name, id),) = named.items()
    if "/" in id or "\\" in id or id in (".", "..", "-", ""):
        return "-", {name: id}
    return quote(id, safe=""), {}


@dataclass(frozen=True)
class Patience:
    """How long a call is tried in all, and the pauses between: each twice the one before, less up to half by chance."""

    total_secs: float = 30.0
    first_pause_secs: float = 0.25
    most_pause_secs: float = 10.0


PATIENCE = Patience()


class Core:
    def __init__(
        self,
        url: str,
        token: str | Callable[[], str],
        patience: Patience,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is the server's address, with a path where a proxy puts the chat below one. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("url must be the address of a chat server, as https://chat.example.org")
        self.is_tls = parts.scheme == "https"
        self.host = parts.hostname
        self.port = parts.port or (443 if self.is_tls else 80)
        self._host_field = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self._patience = patience
        self._now = now

    def request(self, call: Call[T]) -> Request:
        token = self._token() if callable(self._token) else self._token
        headers = {"Host": self._host_field, "Accept": "application/json", **call.headers}
        body = b""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if call.body is not None:
            body = json.dumps(call.body, ensure_ascii=False, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        if call.method != "GET":
            headers["Content-Length"] = str(len(body))
        query = urlencode({name: _text(value) for name, value in call.query.items() if value is not None})
        path = call.path if call.path.startswith("/") else API + call.path
        target = f"{self._prefix}{path}" + (f"?{query}" if query else "")
        return Request(call.method, target, headers, body, call.timeout_secs)

    def steps(self, call: Call[T]) -> Generator[Request | Pause, Answer | Unreachable | None, T]:
        """Raises Refused, Unreachable."""
        patience = self._patience
        end = float("inf") if call.patient else self._now() + patience.total_secs
        pause = patience.first_pause_secs
        while True:
            came = yield self.request(call)
            if isinstance(came, Answer) and came.status not in NOT_NOW:
                return call.read(came)
            assert came is not None
            error = came if isinstance(came, Unreachable) else refusal(came)
            was_not_done = isinstance(error, Refused) and error.status == 429
            wait = pause * random.uniform(0.5, 1.0)
            if isinstance(error, Refused):
                wait = max(wait, error.retry_after or 0.0)
            if not (call.repeatable or was_not_done) or self._now() + wait > end:
                raise error
            yield Pause(wait)
            pause = min(2 * pause, patience.most_pause_secs)


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
