"""The words of the OpenAPI document that belong to no single call."""

from __future__ import annotations

from typing import Any

from handlers import rate_fields

INTRODUCTION = """\
Chat over plain HTTP requests: send with a POST, receive with a held poll. Sent and answered means stored.

**In a hurry?** Make an account (`auth/register/`), sign in (`auth/login/`), send the token as \
`Authorization: Bearer …`, load the `snapshot/`, then call `poll/events/` in a loop with the cursor of each \
last answer. Send with a `client_id` and repeat until you get an answer.

**The same everywhere**

- Every address works with and without its last slash, and never answers with a redirect.
- JSON in UTF-8, snake_case. Ids are whole numbers below 2^53. Times are RFC 3339 in UTC with milliseconds; a \
`timestamp` at the top of a poll's answer is seconds since 1970.
- Whatever goes wrong is `application/problem+json` (RFC 9457) with a stable `code`: see Problems. A known address \
with another method is a 405 `method_not_allowed`, an unknown one a 404 `not_found`.
- HEAD is offered wherever GET is and answers the same, without the body; it holds no poll.
- The address and all header fields of a request may have 32 KiB together; beyond it is a 431 `header_too_large`.
- Input is checked strictly: wrong types, duplicate keys, NUL, lone surrogates and nesting over 20 are a 400 that \
names the field. Old clients are met half-way: an id may be a decimal string, a boolean also `1`, `0`, `"true"` or \
`"false"`, and null is the same as left out.
- Fields and parameters that a call does not know are ignored, and named in `X-Ignored-Parameters`.
- Answers may get further fields, and polls further kinds of events: ignore what you do not know.
- `X-Request-Id` is on every answer. Send your own (1 to 64 letters, digits and `_.:-`) to find it again in the log.
- Someone who is not a member of a conversation learns nothing of it: it is a 404, as if it did not exist.
- Other sites may call from a browser when the setting `cors_origins` names them, with whatever header fields of their \
own they send along.
- Where the application around this chat has tokens of its own (`sign_in.host_tokens` of the server call), these are \
good wherever one of ours is.
"""

SECURITY: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "`Authorization: Bearer` and the token that signing in gave; or one of the application around "
        "this chat, where it has tokens of its own: a JWT as for `auth/host/`, or whatever its setting `token_url` "
        "knows.",
    },
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Authorization: Token` and the same token, as the original clients send it.",
    },
    "host": {
        "type": "http",
        "scheme": "bearer",
        "description": "For servers of the application around the chat: a key (`ck_…`) that the operator made with "
        "`chatserver key create`, or a JWT as for `auth/host/`, with a `scope` instead of a user: HS256, `aud` is "
        "`chatserver`, `exp` at most 24 hours ahead, `scope` has the scopes separated by spaces.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-chat_session",
        "description": "From `auth/login/` with `cookie`; called `chat_session` over plain http. Only for pages of the "
        "server's own origin, whose POST, PUT, PATCH and DELETE carry `X-Requested-With` with any value.",
    },
    "link": {
        "type": "apiKey",
        "in": "query",
        "name": "link",
        "description": "Part of every `attachment_url`: opens that one file for an hour, whoever has it. Bare links need "
        "nothing else.",
    },
    "query_token": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "For clients that cannot send a header. Addresses are easily seen by others: give a "
        "poll ticket here, not the token.",
    },
}


def _header(text: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"description": text, "required": required, "schema": schema}


TEXT = {"type": "string"}
NUMBER = {"type": "integer", "minimum": 0}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": _header("What the log knows this request by.", {"type": "string"}, required=True),
    "X-Ignored-Parameters": _header(
        "Names of fields and parameters that this call does not know, separated by commas.",
        {"type": "string"},
    ),
    "Idempotency-Replayed": _header("This answers a repeat.", {"const": "true"}, required=True),
    "Link": _header('Where there are more: the address of the next part, `<address>; rel="next"`.', TEXT),
    "Retry-After": _header(
        "Seconds to wait before the next try.", {"type": "integer", "minimum": 0}, required=True
    ),
    "RateLimit-Policy": _header("The limit that this call counts towards: `q` calls in `w` seconds.", TEXT),
    "RateLimit": _header("How many of them remain (`r`); after `t` seconds all of them.", TEXT),
    "X-RateLimit-Limit": _header("As `q`.", NUMBER),
    "X-RateLimit-Remaining": _header("As `r`.", NUMBER),
    "X-RateLimit-Reset": _header("As `t`.", NUMBER),
    "ETag": _header("Names the content, for `If-Range` and `If-None-Match`.", TEXT, required=True),
    "Accept-Ranges": _header("Parts may be asked for.", {"const": "bytes"}, required=True),
    "Content-Range": _header(
        "Which bytes of how many: `bytes 0-99/1234`, `bytes */1234`.", TEXT, required=True
    ),
    "WWW-Authenticate": _header("How to sign in.", {"const": "Bearer"}, required=True),
}
HEADERS_OF_STATUS = {
    401: ("WWW-Authenticate",),
    416: ("Content-Range",),
    429: ("Retry-After", *rate_fields.NAMES),
    503: ("Retry-After",),
}


def _asked(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Another way to give `client_id`; when both are given they must be the same.",
        "schema": {"type": "string", "pattern": "^[ -~]{1,64}$"},
    },
    "Range": _asked(
        "Range", "One part of the file, as `bytes=100-`; of several at once the whole file is given."
    ),
    "If-Range": _asked("If-Range", "The `ETag` that the part must be of; else the whole file is given."),
    "Last-Event-ID": _asked("Last-Event-ID", "The last `id` that came: the place to go on from."),
    "If-None-Match": _asked("If-None-Match", "An `ETag` you have: what is still this is a 304."),
    "If-None-Match: *": _asked(
        "If-None-Match", "With `*` only somebody new is made; who is there stays as they are."
    ),
}
