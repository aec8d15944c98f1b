from __future__ import annotations

import uuid

from chatserver_client.core import Call
from chatserver_client.shapes import HostNotification


def notify(
    sub: str, title: str, message: str, *, notification_type: str | None = None, client_id: str | None = None
) -> Call[HostNotification]:
    """Tells one person something, once however often it is repeated with the same `client_id`. Scope `notifications`."""
    body = {
        "receiver_sub": sub,
        "title": title,
        "message": message,
        "client_id": client_id or str(uuid.uuid4()),
    }
    if notification_type is not None:
        body["notification_type"] = notification_type
    return Call("POST", "host/notifications/", body=body)
