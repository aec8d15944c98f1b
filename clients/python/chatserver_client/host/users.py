"""Your people, by your own ids of them (`sub`). Scopes `users:read` and `users:write`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack

from chatserver_client.core import Answer, Call, json_of, segment
from chatserver_client.shapes import (
    Done,
    HostPerson,
    HostProfile,
    HostUnreads,
    HostUser,
    PasswordChanged,
    PutResults,
    SignedIn,
    SwitchedUser,
    UnreadIn,
)


def put(sub: str, **profile: Unpack[HostProfile]) -> Call[HostUser]:
    """Makes the person or changes them. They need not have signed in."""
    part, query = segment(sub=sub)
    return Call("PUT", f"host/users/{part}/", query=query, body=profile)


def put_many(people: Sequence[HostPerson]) -> Call[PutResults]:
    """At most 100, each as by itself: look at the `code` of each result, which is null where all is well."""
    return Call("POST", "host/users/", body={"users": people}, timeout_secs=30.0)


def get(sub: str) -> Call[HostUser]:
    part, query = segment(sub=sub)
    return Call("GET", f"host/users/{part}/", query=query)


def deactivate(sub: str) -> Call[SwitchedUser]:
    """They can neither sign in nor be written to; what was written stays."""
    part, query = segment(sub=sub)
    return Call("POST", f"host/users/{part}/deactivate/", query=query)


def activate(sub: str) -> Call[SwitchedUser]:
    part, query = segment(sub=sub)
    return Call("POST", f"host/users/{part}/activate/", query=query)


def delete(sub: str) -> Call[Done]:
    """Forgets them; what they wrote stays with those they wrote to, from nobody."""
    part, query = segment(sub=sub)
    return Call("DELETE", f"host/users/{part}/", query=query)


def begin_session(sub: str, device: str | None = None) -> Call[SignedIn]:
    """A session without a JWT. It is not repeated by itself, because each one that is begun is another."""
    part, query = segment(sub=sub)
    body = {"device": device} if device else {}
    return Call("POST", f"host/users/{part}/sessions/", query=query, body=body, repeatable=False)


def end_sessions(sub: str, before: datetime | None = None) -> Call[PasswordChanged]:
    """Signs them out everywhere, or where they signed in before a time. Raises ValueError for one without a zone."""
    part, query = segment(sub=sub)
    if before is not None:
        if before.tzinfo is None:
            raise ValueError("before must have a time zone")
        query = {**query, "before": before.isoformat()}
    return Call("DELETE", f"host/users/{part}/sessions/", query=query)


@dataclass(frozen=True)
class Unread:
    """Keep `etag`, and give it with the next question."""

    etag: str
    total_unread: int
    conversations: list[UnreadIn]


def unread(sub: str, etag: str | None = None) -> Call[Unread | None]:
    """For the number in your pages; None while nothing has changed since `etag` was given."""
    part, query = segment(sub=sub)
    headers = {"If-None-Match": etag} if etag else {}
    return Call("GET", f"host/users/{part}/unread/", query=query, headers=headers, read=_unread)


def _unread(answer: Answer) -> Unread | None:
    if answer.status == 304:
        return None
    told: dict[str, Any] = json_of(answer)
    return Unread(answer.headers.get("etag", ""), told["total_unread"], told["conversations"])


def unread_of(subs: Sequence[str]) -> Call[HostUnreads]:
    """Of at most 100 people at once."""
    return Call("POST", "host/unread/", body={"subs": list(subs)})
