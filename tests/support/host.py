"""The application around the chat, as the tests play it."""

from __future__ import annotations

import time
from typing import Any

import jwt

from tests.support.client import Answer, Client, Device, unique

SECRET = "a key of the host that is long enough for HS256"
SHOP = "https://shop.example.org"
# Of nodes that share a host, which they may tell of things at an address of this machine.
NODE_SETTINGS = {
    "CHATSERVER_HOST_SECRET": SECRET,
    "CHATSERVER_SERVER_SECRET": "one secret for all machines, long enough",
    "CHATSERVER_REGISTRATION": "open",
    "CHATSERVER_OUTBOUND_ALLOW": "127.0.0.1",
}
LIFETIME_SECS = 4 * 3600  # Some tokens are made when the tests are collected, and used by the last of them.


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """No two are the same, also of one second: with one whose session was ended nobody signs in again."""
    fixed = {"sub": "42", "aud": "chatserver", "jti": unique("jti")}
    given = {**fixed, "exp": int(time.time()) + LIFETIME_SECS, **claims}
    return jwt.encode({k: v for k, v in given.items() if v is not None}, secret, algorithm=algorithm)


async def sign_in(client: Client, token: str) -> Answer:
    return await client.call("POST", "auth/host/", json_body={"token": token})


def device(client: Client, answer: Answer) -> Device:
    assert answer.status in (200, 201), answer
    return Device(client, answer["token"], answer["user"], answer["session"])


def claims_of_host(scope: str, **claims: Any) -> str:
    """A token for what the host does by itself."""
    return signed(sub=None, scope=scope, **claims)


async def by_host(client: Client, key: str, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    """A call of the host's own server, with a key or a token that it signed."""
    headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
    return await client.call(method, f"host/{path}", json_body=body, headers=headers, **more)
