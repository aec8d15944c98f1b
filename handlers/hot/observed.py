"""Hot calls in the figures of tornado-prometheus, under the names of the handlers that would have answered them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tornado_prometheus import classify_status_code, request_time_seconds, requests_total


@lru_cache(maxsize=16)
def _series(handler: str, method: str, status: int) -> tuple[Any, Any]:
    total = requests_total.labels(handler, method, classify_status_code(status))
    return request_time_seconds.labels(handler, method), total


def observe(handler: str, method: str, status: int, secs: float) -> None:
    seconds, total = _series(handler, method, status)
    seconds.observe(secs)
    total.inc()
