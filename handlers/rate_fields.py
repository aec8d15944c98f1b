"""How limits are told to clients: the RateLimit fields of the IETF draft (-10), and the X- ones everybody knows."""

from __future__ import annotations

from functools import lru_cache

from chatserver.errors import RateLimited
from chatserver.guard.rates import RateLimits
from chatserver.model import Actor

NAMES = (
    "RateLimit-Policy",
    "RateLimit",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)


def headers(limits: RateLimits, actor: Actor, bucket: str) -> tuple[tuple[str, str], ...]:
    """After a call was counted. Nothing when there is no such limit."""
    found = limits.buckets.get(bucket)
    if found is None:
        return ()
    return fields(bucket, found.amount, found.window_secs, found.remaining(actor.user_id), found.window_secs)


def header_bytes(limits: RateLimits, actor: Actor, bucket: str) -> bytes:
    """The same as lines of an HTTP answer, for those that are not written by a handler."""
    found = limits.buckets.get(bucket)
    if found is None:
        return b""
    left = found.remaining(actor.user_id)
    return _template(bucket, found.amount, found.window_secs) % (left, left)


def refusal(error: RateLimited) -> tuple[tuple[str, str], ...]:
    wait = error.retry_after_secs
    return fields(error.policy, error.amount, error.window_secs, 0, wait)


def fields(
    name: str, amount: int, window_secs: float, remaining: int, reset_secs: float
) -> tuple[tuple[str, str], ...]:
    left, reset = str(remaining), f"{reset_secs:.0f}"
    values = (
        f'"{name}";q={amount};w={window_secs:.0f}',
        f'"{name}";r={left};t={reset}',
        str(amount),
        left,
        reset,
    )
    return tuple(zip(NAMES, values, strict=True))


@lru_cache
def _template(name: str, amount: int, window_secs: float) -> bytes:
    """With a place for the remaining calls in the RateLimit and in the X-RateLimit-Remaining field."""
    known = dict(fields(name, amount, window_secs, 0, window_secs))
    known["RateLimit"] = known["RateLimit"].replace("r=0", "r=%d")
    known["X-RateLimit-Remaining"] = "%d"
    return "".join(f"{field}: {value}\r\n" for field, value in known.items()).encode()
