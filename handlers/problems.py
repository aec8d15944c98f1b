"""Errors as RFC 9457 problems: one shape for all, with a stable code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from chatserver import errors
from handlers import rate_fields

# Python 3.13 gives these the newer names of RFC 9110; clients know them by the older.
_RENAMED = {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
}
STATUS: dict[str, int] = {
    "token_missing": 401,
    "token_invalid": 401,
    "forbidden": 403,
    "refused_by_host": 403,
    "not_member": 403,
    "contact_refused": 403,
    "silenced": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "importing": 409,
    "limit_reached": 409,
    "owner_must_transfer": 409,
    "revision_conflict": 409,
    "cursor_expired": 410,
    "cursor_invalid": 400,
    "validation_error": 400,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "range_not_satisfiable": 416,
    "idempotency_conflict": 422,
    "rate_limited": 429,
    "slow_mode": 429,
    "header_too_large": 431,
    "unavailable": 503,
    "internal_error": 500,
}
# What Tornado itself raises: bad requests it could not even parse, unknown methods, unknown paths.
CODES = {400: "validation_error", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
CODES |= {413: "payload_too_large", 415: "unsupported_media_type"}
DETAILS = {
    400: "The request could not be read.",
    404: "There is nothing here.",
    405: "This method is not offered here; see the Allow header.",
}


def problem(status: int, error: BaseException | None, request_id: str) -> tuple[int, dict[str, Any]]:
    """The status and the body for an exception; anything that is not ours is a 500 that tells nothing."""
    extra: dict[str, Any] = {}
    if isinstance(error, errors.ChatError):
        code, detail = error.code, error.detail
        status = STATUS[code]
        if isinstance(error, errors.CursorExpired):
            extra["cursor"] = error.cursor
        elif isinstance(error, errors.LimitReached):
            extra["limit"] = error.limit
        elif isinstance(error, errors.RevisionConflict):
            extra["stored"] = error.stored
        elif isinstance(error, errors.RefusedByHost):
            extra["host_code"] = error.host_code
        elif isinstance(error, errors.Silenced):
            extra["until"] = error.until
    else:
        code = CODES.get(status, "internal_error")
        status = STATUS[code] if code == "internal_error" else status
        detail = DETAILS.get(status, "Something went wrong here. It was logged under the request id.")
    fields = error.fields if isinstance(error, errors.Invalid) else {}
    return status, {
        "type": f"/docs#problem-{code}",
        "title": title_of(status),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [{"field": name, "detail": text} for name, text in fields.items()],
        "request_id": request_id,
        **extra,
    }


def title_of(status: int) -> str:
    """The name of a status, the same on every Python."""
    return _RENAMED.get(status) or HTTPStatus(status).phrase


def problem_fields(status: int, error: BaseException | None) -> list[tuple[str, str]]:
    """The header fields that tell a client how to go on after this problem."""
    fields = []
    if status == HTTPStatus.UNAUTHORIZED:
        fields.append(("WWW-Authenticate", "Bearer"))
    elif isinstance(error, errors.Unavailable | errors.RateLimited | errors.SlowMode):
        fields.append(("Retry-After", str(error.retry_after_secs)))
    if isinstance(error, errors.RangeNotSatisfiable):
        fields.append(("Content-Range", f"bytes */{error.size_bytes}"))
    if isinstance(error, errors.RateLimited):
        fields += rate_fields.refusal(error)
    return fields
