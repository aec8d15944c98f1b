"""Recognising a plain request for a hot call. Strict: one that is only nearly so is Tornado's to read or to refuse."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from handlers.hot.cookie_session import Fields, Scheme, session_token

END_OF_HEAD = rb"\r?\n\r?\n"
_HEAD = re.compile(
    rb"(?:POST (?P<send>/api/v1/communication/chats/?)"
    rb"|GET /api/v1/communication/poll/events/?(?:\?(?P<query>[\x21-\x7e]{0,1024}))?)"
    rb" HTTP/1\.1\r\n(?P<fields>(?:[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}:[\t\x20-\x7e\x80-\xff]{0,8192}\r\n){1,256})\r\n"
)
_HOST = re.compile(rb"[A-Za-z0-9.:\[\]_-]{1,255}")
_TOKEN = re.compile(rb"(?:token|bearer) ([\x21-\x7e]{1,2048})", re.IGNORECASE)
_JSON = re.compile(rb"application/json(?:; ?charset=utf-8)?", re.IGNORECASE)
_LENGTH = re.compile(rb"[1-9][0-9]{0,7}")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
# Fields that change what a request means, or how it is to be answered.
_STRANGE = {
    b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"idempotency-key",
    b"trailer", b"te",
}  # fmt: skip
_KNOWN = {
    b"host", b"authorization", b"content-type", b"content-length", b"x-request-id", b"connection", b"x-forwarded-proto",
    b"cookie", b"origin", b"sec-fetch-site", b"x-requested-with",
}  # fmt: skip


@dataclass(slots=True)
class HotRequest:
    """`query` is None for a send, else that of a poll; `body_bytes` is how long the body is that follows.

    `last`: the client wants no other answer on this connection. `host` and `forwarded_proto` are those header fields.
    `by_cookie`: the token came in a cookie.
    """

    token: str
    query: bytes | None
    body_bytes: int
    request_id: bytes
    last: bool
    host: str = ""
    forwarded_proto: str = ""
    by_cookie: bool = False


def recognise(head: bytes, *, origins: bool = False, scheme: Scheme | None = None) -> HotRequest | None:
    """None for anything but a plain send or poll. With `origins` a request from another site's page is no plain one.

    `scheme` is asked where there is no token but in a cookie; without it such a request is no plain one.
    """
    found = _HEAD.fullmatch(head)
    if found is None:
        return None
    fields = _fields(found["fields"], origins)
    if fields is None:
        return None
    get = fields.get
    by_cookie = b"authorization" not in fields
    token = session_token(fields, found["send"] is None, scheme) if by_cookie else _given_token(fields)
    keep = get(b"connection", b"keep-alive").lower()
    host = get(b"host", b"")
    if token is None or not _HOST.fullmatch(host) or keep not in (b"keep-alive", b"close"):
        return None
    query, length = None, b"0"
    if found["send"] is None:
        query = found["query"] or b""
        if b"content-length" in fields:
            return None
    else:
        length = get(b"content-length", b"")
        if not _LENGTH.fullmatch(length) or not _JSON.fullmatch(get(b"content-type", b"application/json")):
            return None
    request_id = get(b"x-request-id", b"")
    if not _REQUEST_ID.fullmatch(request_id):
        request_id = b"%016x" % random.getrandbits(64)
    told = get(b"x-forwarded-proto", b"").decode("latin-1")
    last = keep == b"close"
    return HotRequest(token, query, int(length), request_id, last, host.decode(), told, by_cookie)


def _fields(lines: bytes, origins: bool) -> Fields | None:
    """Those that we know; None when one of them is strange."""
    fields: Fields = {}
    for line in lines.splitlines():
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in _STRANGE or (origins and name == b"origin"):
            return None
        if name in _KNOWN:
            if name in fields:
                return None
            fields[name] = value.strip(b" \t")
    return fields


def _given_token(fields: Fields) -> str | None:
    found = _TOKEN.fullmatch(fields[b"authorization"])
    return found[1].decode() if found is not None else None
