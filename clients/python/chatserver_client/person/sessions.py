from __future__ import annotations

from chatserver_client.core import Call
from chatserver_client.shapes import Done, SignedIn, Snapshot


def sign_in(jwt: str) -> Call[SignedIn]:
    """A session for whom `tokens.mint` names. A JWT may also stand for the session itself, in every call."""
    return Call("POST", "auth/host/", body={"token": jwt}, repeatable=False)


def sign_out() -> Call[Done]:
    return Call("POST", "auth/logout/")


def snapshot() -> Call[Snapshot]:
    """What a client starts from; `Poll(snapshot["cursor"])` misses nothing that comes after."""
    return Call("GET", "snapshot/")
