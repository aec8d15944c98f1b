"""Events that your server is told of, or asks for. Scope `webhooks`. `chatserver_client.webhooks` checks what comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatserver_client.core import Call
from chatserver_client.shapes import Counted, Done, HostEvents, MadeWebhook, Webhooks


def create(
    url: str | None, events: Sequence[str], *, detail: str = "full", order: bool = False
) -> Call[MadeWebhook]:
    """Keep the `secret` of the answer, which is shown this once. Without `url` you ask for the events (`pull`).

    It is not repeated by itself: whether it was made where no answer came, `list_all` tells.
    """
    where: dict[str, Any] = {"kind": "pull"} if url is None else {"url": url}
    body = {**where, "events": list(events), "detail": detail, "order": order}
    return Call("POST", "host/webhooks/", body=body, repeatable=False)


def list_all() -> Call[Webhooks]:
    return Call("GET", "host/webhooks/")


def delete(webhook_id: int) -> Call[Done]:
    return Call("DELETE", f"host/webhooks/{webhook_id}/")


def rotate_secret(webhook_id: int, overlap_secs: int = 86400) -> Call[MadeWebhook]:
    """Both secrets sign for so long. Repeating it would make a third one."""
    path = f"host/webhooks/{webhook_id}/secret/rotate/"
    return Call("POST", path, body={"overlap_secs": overlap_secs}, repeatable=False)


def pull(webhook_id: int, *, wait: int = 25, limit: int = 100) -> Call[HostEvents]:
    """Held until there is something. What is given comes again after 60 s unless it is acknowledged."""
    path, query = f"host/webhooks/{webhook_id}/events/", {"wait": wait, "limit": limit}
    return Call("GET", path, query=query, timeout_secs=wait * 1.1 + 10.0)


def acknowledge(webhook_id: int, ids: Sequence[str]) -> Call[Counted]:
    return Call("POST", f"host/webhooks/{webhook_id}/ack/", body={"ids": list(ids)})
